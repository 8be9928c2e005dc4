"""Pictures go back to where they came from, and nothing else of the photograph moves."""

import numpy as np
import pytest
import torch
from PIL import Image

from latentwalk.framing.paste import paste
from latentwalk.framing.warp import warp
from latentwalk.numerics.similarity import move, similarity

X, Y = np.meshgrid(np.arange(120) + 0.5, np.arange(100) + 0.5)
SMOOTH = np.dstack([128 + 90 * np.sin(X / 11), 128 + 90 * np.cos(Y / 12), 128 + 60 * np.sin((X + Y) / 15)])
PHOTO = Image.fromarray(SMOOTH.round().astype(np.uint8))
GRAIN = Image.fromarray(np.random.default_rng(0).integers(0, 256, (100, 120, 3), dtype=np.uint8))
RED = torch.tensor([1.0, -1.0, -1.0])[:, None, None].expand(3, 32, 32)


def levels(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture).astype(np.float64)


def seen(photo: Image.Image, transform: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.array(warp(photo, transform, (32, 32)))).permute(2, 0, 1).float() / 127.5 - 1


def depth(transform: np.ndarray) -> np.ndarray:
    """Per pixel of the photograph, how far inside the frame it is, in pixels of the picture."""
    at = move(transform, np.stack([X, Y], axis=-1))
    return np.minimum(at, 32 - at).min(-1)


@pytest.mark.parametrize(("scale", "angle"), [(0.6, 0.0), (0.5, 25.0), (2.0, -70.0)])
def test_a_picture_fills_its_frame_and_nothing_else(scale: float, angle: float) -> None:
    transform = similarity(scale, angle, (60, 50), (16, 16))
    pasted = levels(paste(GRAIN, RED, transform))
    inside = depth(transform)
    assert np.array_equal(pasted[inside < 0], levels(GRAIN)[inside < 0])
    assert (pasted[inside > 0.12 * 32] == (255, 0, 0)).all()
    hard = levels(paste(GRAIN, RED, transform, feather=0))
    assert (hard[inside > 0] == (255, 0, 0)).all()


def test_the_edge_is_soft() -> None:
    grey = Image.new("RGB", (120, 100))
    rise = levels(paste(grey, RED, similarity(0.5, 0, (60, 50), (16, 16))))[50, 28:60, 0]
    assert (np.diff(rise) >= 0).all() and rise[0] < 10 and rise[-1] == 255
    assert np.diff(rise).max() < 70


@pytest.mark.parametrize("angle", [0.0, 18.0, 200.0])
def test_what_was_cut_out_and_put_back_is_the_photograph(angle: float) -> None:
    transform = similarity(0.5, angle, (60, 50), (16, 16))
    back = levels(paste(PHOTO, seen(PHOTO, transform), transform))
    assert np.abs(back - levels(PHOTO)).max() < 4, "but for interpolation"


def test_an_edit_that_changes_nothing_leaves_every_pixel() -> None:
    transform = similarity(0.4, 12, (60, 50), (16, 16))
    picture = torch.rand(3, 32, 32) * 2 - 1
    assert np.array_equal(levels(paste(GRAIN, picture, transform, before=picture)), levels(GRAIN))


def test_only_what_changed_is_added_and_grain_stays() -> None:
    transform = similarity(0.5, 0, (60, 50), (16, 16))
    flat = GRAIN.point(lambda level: 100 + level // 8)
    before = torch.rand(3, 32, 32) - 0.5
    pasted = levels(paste(flat, before + 0.4, transform, before=before))
    inside = depth(transform)
    assert np.allclose((pasted - levels(flat))[inside > 4], 0.4 * 127.5, atol=0.51)
    assert np.array_equal(pasted[inside < 0], levels(flat)[inside < 0])


def test_a_frame_that_reaches_beyond_the_photograph_is_cut() -> None:
    transform = similarity(0.5, 10, (5, 95), (16, 16))
    pasted = paste(GRAIN, RED, transform)
    assert pasted.size == GRAIN.size
    assert (levels(pasted)[95, 5] == (255, 0, 0)).all()


def test_grey_pictures_go_into_photographs_too() -> None:
    transform = similarity(0.5, 0, (60, 50), (16, 16))
    pasted = levels(paste(GRAIN, torch.zeros(1, 32, 32), transform, feather=0))
    assert (pasted[depth(transform) > 0] == 128).all()


def test_a_face_smaller_than_the_picture_is_shrunk_into_place() -> None:
    transform = similarity(8.0, 0, (60, 50), (128, 128))
    stripes = (torch.arange(256) % 2 * 2.0 - 1).expand(3, 256, 256)
    pasted = levels(paste(PHOTO, stripes, transform, feather=0))
    assert np.abs(pasted[40:60, 50:70] - 127.5).max() < 3, "stripes too fine to show are their mean"


@pytest.mark.usefixtures("unchecked")
def test_what_does_not_fit_is_refused() -> None:
    transform = similarity(0.5, 0, (60, 50), (16, 16))
    with pytest.raises(ValueError, match="pictures of one shape"):
        paste(PHOTO, RED, transform, before=RED[:, :16])
    with pytest.raises(ValueError, match=r"from 0 to 0\.5, got 0\.6"):
        paste(PHOTO, RED, transform, feather=0.6)
    with pytest.raises(ValueError, match="outside the photograph of 120 x 100"):
        paste(PHOTO, RED, similarity(1, 0, (900, 50), (16, 16)))
