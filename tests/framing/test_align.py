"""Photographs come into the frame of the generator, by planted faces; and what cannot be aligned says so."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

import latentwalk.framing.align as aligning
from latentwalk.framing.align import align, centre_frame, frame_of
from latentwalk.framing.face import NoFace
from latentwalk.framing.learned import learn_frame
from latentwalk.framing.template import MIRRORED
from latentwalk.images import to_bytes
from latentwalk.numerics.similarity import angle_of, inverse, move, scale_of, similarity
from planted_faces import MEAN, SIDE, WIDE, SpotDetector, blank_generator, faces_generator, spots


@pytest.fixture(scope="module")
def generator():
    return faces_generator()


@pytest.fixture(scope="module")
def detector() -> SpotDetector:
    return SpotDetector()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("templates")


def planted(scale: float, angle: float, size: tuple[int, int] = (300, 240)) -> tuple[Image.Image, np.ndarray]:
    """A photograph with a face in its middle, and the way from the generator's pixels to its own."""
    out = similarity(scale, angle, (16, 16), (size[0] / 2, size[1] / 2))
    return Image.fromarray(spots(move(out, MEAN), size, WIDE * scale)), out


@pytest.mark.parametrize("angle", [-120.0, -30.0, 0.0, 30.0, 90.0, 180.0])
@pytest.mark.parametrize("scale", [2.0, 5.0])
def test_the_planted_frame_is_found(generator, detector, folder, scale: float, angle: float) -> None:
    photo, out = planted(scale, angle)
    found = align(photo, generator, folder=folder, detector=detector)
    corners = np.array([[0, 0], [SIDE, 0], [SIDE, SIDE], [0, SIDE]], dtype=np.float64)
    assert np.linalg.norm(move(found.transform, move(out, corners)) - corners, axis=1).max() < 0.5
    assert np.allclose(move(found.transform, found.corners), corners)
    assert found.landmarks is not None and np.abs(found.landmarks - move(out, MEAN)).max() < 0.5 * scale
    assert (found.face, found.faces, found.note) == (1, 1, "")
    drawn = torch.from_numpy(spots(MEAN, (SIDE, SIDE))).permute(2, 0, 1) / 127.5 - 1
    assert (found.crop - drawn).square().mean() < 0.01 < (drawn - drawn.mean()).square().mean()


def test_a_mirrored_photograph_stays_mirrored(generator, detector, folder) -> None:
    photo, _ = planted(5, 10)
    pixels = np.array(photo)
    pixels[100:, 190:] = 200  # something on one side only
    one = align(Image.fromarray(pixels), generator, folder=folder, detector=detector)
    other = align(ImageOps.mirror(Image.fromarray(pixels)), generator, folder=folder, detector=detector)
    assert np.linalg.det(one.transform[:, :2]) > 0 and np.linalg.det(other.transform[:, :2]) > 0
    assert one.template is not None and one.landmarks is not None and other.landmarks is not None
    back = np.column_stack([300 - other.landmarks[:, 0], other.landmarks[:, 1]])[MIRRORED]
    assert np.abs(back - one.landmarks).max() < 0.5


def test_what_lies_outside_the_photograph_is_masked(generator, detector, folder) -> None:
    whole, _ = planted(6, 0)
    photo = whole.crop((0, 0, 300, 120 + 6 * 9))  # the chin is cut off
    found = align(photo, generator, folder=folder, detector=detector)
    assert found.mask is not None and found.mask.shape == (1, SIDE, SIDE)
    assert set(found.mask.unique().tolist()) == {0.0, 1.0}
    assert found.mask[0, :23].all() and not found.mask[0, 27:].any()
    assert "of the frame lies outside the photograph" in found.note
    full = align(whole, generator, folder=folder, detector=detector)
    assert full.mask is None
    assert (full.crop - found.crop)[:, :23].abs().max() < 0.1


def test_landmarks_of_a_person_need_no_detector(generator, detector, folder) -> None:
    photo, out = planted(4, 25)
    align(photo, generator, folder=folder, detector=detector)  # the template is kept now
    found = align(photo, generator, landmarks=move(out, MEAN).tolist(), folder=folder)
    assert np.abs(move(found.transform, move(out, MEAN)) - MEAN).max() < 0.3


def test_a_crop_is_middle_width_and_angle(generator) -> None:
    photo, out = planted(4, 25)
    middle = move(out, np.array([16.0, 16.0]))
    found = align(photo, generator, crop=(*middle, 4 * SIDE, 25))
    assert np.allclose(found.transform, inverse(out))
    assert found.landmarks is None and found.template is None and found.face == 0
    assert scale_of(found.transform) == pytest.approx(1 / 4) and angle_of(found.transform) == pytest.approx(-25)


def test_none_is_the_centre(generator) -> None:
    levels = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE + 10, 3), dtype=np.uint8)
    found = align(Image.fromarray(levels), generator, "none")
    assert np.array_equal(to_bytes(found.crop[None])[0], levels[:, 5:-5])
    assert found.mask is None


@pytest.mark.parametrize(("picture", "size"), [((100, 60), (64, 64)), ((60, 100), (64, 32)), ((300, 90), (32, 64))])
def test_the_centre_is_as_large_as_it_can_be(picture: tuple[int, int], size: tuple[int, int]) -> None:
    back = inverse(centre_frame(picture, size))
    left, right = move(back, np.array([[0.0, 0.0], list(map(float, size))]))
    assert np.allclose(left + right, picture), "in the middle"
    assert (left >= -1e-9).all() and np.isclose(left, 0).any()
    assert np.allclose(frame_of((50, 30, 10, 0), (64, 64))[:, :2], np.eye(2) * 6.4)


def test_a_tensor_of_the_generators_shape_is_in_its_frame(generator) -> None:
    images = generator.render(generator.sample([3]))
    for tensor in (images, images[0]):
        found = align(tensor, generator)
        assert torch.equal(found.crop, images[0]) and np.array_equal(found.transform, np.eye(2, 3))
    with pytest.raises(ValueError, match=r"numbers in \[-1, 1\]"):
        align(torch.full((3, SIDE, SIDE), 9.0), generator)


def test_other_domains_are_taken_by_the_centre(detector, monkeypatch) -> None:
    monkeypatch.setattr(aligning, "learn_frame", partial(learn_frame, samples=40))
    photo, _ = planted(4, 0)
    found = align(photo, blank_generator(), detector=detector)
    assert np.allclose(found.transform, centre_frame(photo.size, (SIDE, SIDE)))
    assert found.note == (
        "the generator draws no faces (found in 0 of 100 samples), and its samples do not show where their frame is: "
        "the centre was taken"
    )
    with pytest.raises(ValueError, match="draws no faces"):
        align(photo, blank_generator(), "face", detector=detector)


class Crowd(SpotDetector):
    """Three faces, of which the second of the list is the largest."""

    def search(self, picture: Image.Image):
        (face,) = self.look(picture)
        far = [type(face)(face.points * s, (0.0, 0.0, s * 9, s * 9), 0.9) for s in (0.5, 0.25)]
        return [face, *far]

    def look(self, picture: Image.Image):
        found = super().look(picture)
        return found if picture.size == (300, 240) else []  # closer looks see nothing: the first one stands


def test_of_several_faces_one_is_chosen_and_the_others_are_mentioned(generator, detector, folder) -> None:
    photo, _out = planted(4, 0)
    align(photo, generator, folder=folder, detector=detector)
    first = align(photo, generator, folder=folder, detector=Crowd())
    third = align(photo, generator, face=3, folder=folder, detector=Crowd())
    assert first.landmarks is not None and third.landmarks is not None
    assert (first.face, first.faces, third.face) == (1, 3, 3)
    assert np.allclose(third.landmarks, first.landmarks / 4, atol=1)
    assert "3 faces: the largest was taken" in first.note and "3 faces: number 3 was taken" in third.note
    with pytest.raises(NoFace, match="face 4 was asked for, but 3 found") as caught:
        align(photo, generator, face=4, folder=folder, detector=Crowd())
    assert caught.value.picture.size == photo.size and len(caught.value.faces) == 3


def test_a_photograph_without_a_face_says_what_to_do(generator, detector, folder, tmp_path) -> None:
    Image.new("RGB", (200, 100)).save(tmp_path / "sea.png")
    with pytest.raises(NoFace, match=r"sea\.png: no face found in 200 x 100 pixels .*--align none") as caught:
        align(tmp_path / "sea.png", generator, folder=folder, detector=detector)
    assert "\n" not in str(caught.value)
    assert caught.value.picture.size == (200, 100) and caught.value.faces == ()


MEANINGLESS = {
    "another way": ({"how": "nose"}, "align is one of auto, face, learned, none, got 'nose'"),
    "two ways": ({"crop": (1, 1, 5, 0), "face": 1}, "expected one way to align, got crop and face"),
    "none and a face": ({"how": "none", "face": 1}, "expected one way to align, got face and none"),
    "three numbers": ({"crop": (1, 2, 3)}, "a crop is x, y of its middle"),
    "no width": ({"crop": (1, 2, 0, 0)}, "a crop is x, y of its middle"),
    "nowhere": ({"crop": (float("nan"), 2, 9, 0)}, "a crop is x, y of its middle"),
    "beside it": ({"crop": (5000, 2, 9, 0)}, "outside the picture of 300 x 240"),
    "endless": ({"crop": (150, 120, 1e7, 0)}, "too far"),
    "four points": ({"landmarks": [(1, 2)] * 4}, "landmarks are 5 points x, y: left eye"),
    "one point": ({"landmarks": [(1, 2)] * 5}, "at least 2 different points"),
    "swapped": ({"landmarks": [(90, 0), (0, 0), (45, 40), (10, 80), (80, 80)]}, "no landmarks of a face"),
    "face zero": ({"face": 0}, "counted from 1"),
}


@pytest.mark.parametrize("kind", MEANINGLESS)
def test_settings_without_meaning_are_refused(generator, detector, folder, kind: str) -> None:
    settings, said = MEANINGLESS[kind]
    with pytest.raises(ValueError, match=said):
        align(planted(4, 0)[0], generator, folder=folder, detector=detector, **settings)


def test_grey_generators_get_grey_crops() -> None:
    photo = planted(4, 0)[0]
    grey, colour = (align(photo, blank_generator(channels), "none").crop for channels in (1, 3))
    assert grey.shape == (1, SIDE, SIDE)
    weights = torch.tensor([0.299, 0.587, 0.114])[:, None, None]  # ITU-R 601-2
    assert torch.allclose(grey, (weights * colour).sum(0, keepdim=True), atol=0.01)


def test_a_mask_comes_into_the_frame_with_its_photograph(generator, detector, folder, tmp_path) -> None:
    photo, _ = planted(5, 90)
    covered = np.full((240, 300), 255, dtype=np.uint8)
    covered[:120] = 0  # the upper half of the photograph is the left or right half of the turned face
    Image.fromarray(covered).save(tmp_path / "mask.png")
    found = align(photo, generator, mask=tmp_path / "mask.png", folder=folder, detector=detector)
    assert found.mask is not None and found.note == ""
    upper = move(inverse(found.transform), np.array([[4.5, 16.0], [27.5, 16.0]]))[:, 1] < 120
    assert [found.mask[0, 16, 4] == 0, found.mask[0, 16, 27] == 0] == upper.tolist()
    assert 0.45 < found.mask.mean() < 0.55
    images = generator.render(generator.sample([3]))
    assert align(images, generator).mask is None
    own = align(images, generator, mask=torch.ones(1, SIDE, SIDE) * torch.linspace(-1, 1, SIDE).sign())
    assert own.mask is not None and torch.equal(own.crop, images[0])
    assert not own.mask[..., :16].any() and own.mask[..., 16:].all()
    for mask in (Image.new("L", (240, 300)), tmp_path / "mask.png"):
        with pytest.raises(ValueError, match=r"the mask .* has .* pixels, the photograph .*: expected one size"):
            align(photo.crop((0, 0, 200, 200)), generator, "none", mask=mask)
