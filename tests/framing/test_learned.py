"""Framing learned from samples: laws of its parts, and cars planted before clouds."""

from functools import partial

import numpy as np
import pytest
import torch
from PIL import Image

import latentwalk.framing.align as aligning
from latentwalk.framing.align import align, centre_frame
from latentwalk.framing.gradients import BINS, CELL, histograms
from latentwalk.framing.learned import Learned, learn_frame
from latentwalk.framing.search import Place, find_place, pixels
from latentwalk.framing.template import Template
from latentwalk.framing.warp import warp
from latentwalk.framing.windows import motions_of, random_motions, window_size, windows
from latentwalk.numerics.similarity import after, inverse, move, similarity
from planted_faces import blank_generator
from planted_objects import SIDE, cars_generator, cluttered, planted_car, waves_generator

FEW = 100
CORNERS = np.array([[0, 0], [SIDE, 0], [SIDE, SIDE], [0, SIDE]], dtype=np.float64)
CLOUDS = Image.fromarray((255 * cluttered((200, 150), 9)).astype(np.uint8))


@pytest.fixture(scope="module")
def learned() -> Learned:
    return learn_frame(cars_generator(), FEW)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aligning, "learn_frame", partial(learn_frame, samples=FEW))


def test_motions_are_similarities() -> None:
    random = torch.Generator().manual_seed(1)
    one, other = (random_motions(5, 1.5, 40, 0.3, random) for _ in range(2))
    for i in range(5):
        assert np.allclose(one.after(other).matrix(i), after(one.matrix(i), other.matrix(i)))
        assert np.allclose(one.back().matrix(i), inverse(one.matrix(i)))
    assert torch.allclose(motions_of(one.numbers()).turn, one.turn)
    assert np.allclose(motions_of(torch.zeros(1, 4)).matrix(0), np.eye(2, 3))


def test_windows_see_what_warped_pictures_show() -> None:
    motion = motions_of(torch.tensor([[3.0, -8.0, 5.0, -4.0]]))
    seen = windows(pixels(CLOUDS), motion, (64, 48))[0]
    out = after(similarity(1, 0, (0, 0), (100, 75)), after(motion.matrix(0), similarity(1, 0, (32, 24), (0, 0))))
    assert (seen - pixels(warp(CLOUDS, inverse(out), (64, 48)))[0]).abs().max() < 0.1
    assert torch.allclose(windows(seen[None], motions_of(torch.zeros(1, 4)), (64, 48))[0], seen, atol=1e-5)


@pytest.mark.parametrize(("size", "window"), [((64, 64), (64, 64)), ((1024, 512), (64, 32)), ((178, 218), (48, 64))])
def test_windows_are_as_much_of_a_frame_as_whole_cells_cover(size, window) -> None:
    assert window_size(size) == window


def test_histograms_tell_the_direction_of_edges_in_any_light() -> None:
    picture = 2 * torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(2)) - 1
    whole = histograms(picture)
    assert whole.shape == (1, BINS, 8, 8) and not histograms(torch.full((1, 1, 16, 16), 0.3)).any()
    assert (histograms(0.5 * picture + 0.1) - whole).abs().max() < 0.05
    ramp = torch.linspace(-1, 1, 64).expand(1, 1, 64, 64)
    for image, direction in ((ramp, 0), (ramp.mT, BINS / 2)):
        share = histograms(image.contiguous()).sum((0, 2, 3))
        near = {int(direction) % BINS, -int(-direction // 1) % BINS}
        assert share[sorted(near)].sum() > 0.99 * share.sum()


def test_fine_steps_see_the_same_cells() -> None:
    picture = pixels(CLOUDS.resize((96, 64)))
    fine, coarse = histograms(picture, CELL // 2), histograms(picture)
    assert torch.allclose(fine[:, :, 2:-2:2, 2:-2:2], coarse[:, :, 1:-1, 1:-1], atol=1e-5)


@pytest.mark.parametrize(("scale", "angle", "middle"), [(4.0, 28.0, (110.0, 140.0))])
def test_planted_objects_are_framed(learned: Learned, scale: float, angle: float, middle) -> None:
    photo, out = planted_car(int(scale), scale, angle, middle)
    place = find_place(photo, learned, (SIDE, SIDE))
    assert place.sure
    assert np.linalg.norm(move(place.transform, move(out, CORNERS)) - CORNERS, axis=1).max() < 2


def test_where_nothing_is_like_the_samples_nothing_is_sure(learned: Learned) -> None:
    assert not find_place(CLOUDS, learned, (SIDE, SIDE)).sure


def test_what_was_learned_is_kept(learned: Learned) -> None:
    said: list[str] = []
    again = learn_frame(cars_generator(), FEW, lambda text, done, total: said.append(f"{text} {total}"))
    assert said == [] and all(torch.equal(one, other) for one, other in zip(learned, again, strict=True))


def test_textures_have_no_frame() -> None:
    waves = waves_generator()
    assert not learn_frame(waves, FEW).framed
    with pytest.raises(ValueError, match="samples do not show where their frame is: give it with crop"):
        align(CLOUDS, waves, "learned")


def test_photographs_are_aligned_as_learned_without_any_detector(learned: Learned) -> None:
    generator = cars_generator()
    photo, out = planted_car(7, 3.5, -15, (180, 110))
    found = align(photo, generator, "learned")
    assert found.note == "framed as its samples are" and (found.face, found.landmarks) == (0, None)
    assert np.linalg.norm(move(found.transform, move(out, CORNERS)) - CORNERS, axis=1).max() < 2
    with pytest.raises(ValueError, match="expected one way to align, got face and learned"):
        align(photo, generator, "learned", face=1)


def test_where_it_is_doubtful_auto_takes_the_centre_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    doubtful = Place(similarity(0.5, 9, (50, 60), (16, 16)), odds=0.5, apart=1.0)
    monkeypatch.setattr(aligning, "find_place", lambda *_: doubtful)
    monkeypatch.setattr(
        aligning, "face_template", lambda *_, **__: Template(generator="", looked=9, found=0, points=[])
    )
    found = align(CLOUDS, cars_generator())
    assert np.allclose(found.transform, centre_frame(CLOUDS.size, (SIDE, SIDE)))
    assert found.note.startswith("the generator draws no faces") and found.note.endswith("the centre was taken")
    asked = align(CLOUDS, cars_generator(), "learned")
    assert np.array_equal(asked.transform, doubtful.transform) and "look at the framing" in asked.note


def test_grey_generators_are_learned_too() -> None:
    grey = blank_generator(1)
    found = learn_frame(grey, 40)
    assert not found.framed and found.proof.shape == (BINS * 64,)
