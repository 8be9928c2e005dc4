"""Pictures under similarities: there and back, means when they shrink, mirrors outside."""

import numpy as np
import pytest
from PIL import Image

from latentwalk.framing.warp import inside, warp
from latentwalk.numerics.similarity import inverse, similarity

X, Y = np.meshgrid(np.arange(90) + 0.5, np.arange(70) + 0.5)
SMOOTH = np.dstack([128 + 90 * np.sin(X / 9), 128 + 90 * np.cos(Y / 8), 128 + 90 * np.sin((X + Y) / 12)])
PICTURE = Image.fromarray(SMOOTH.round().astype(np.uint8))


def levels(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture).astype(np.float64)


def test_nothing_done_is_the_picture_itself() -> None:
    assert np.array_equal(levels(warp(PICTURE, np.eye(2, 3), PICTURE.size)), levels(PICTURE))


def test_a_shift_by_whole_pixels_moves_every_pixel() -> None:
    seen = warp(PICTURE, similarity(1, 0, (20, 10), (0, 0)), (30, 40))
    assert np.array_equal(levels(seen), levels(PICTURE)[10:50, 20:50])


@pytest.mark.parametrize("angle", [90, 180, 270])
def test_quarter_turns_are_exact_but_for_rounding(angle: int) -> None:
    turned = warp(PICTURE, similarity(1, angle, (35, 35), (35, 35)), (70, 70))
    assert np.abs(levels(turned) - np.rot90(levels(PICTURE)[:, :70], -angle // 90)).max() <= 1


def test_shrinking_by_a_whole_number_is_the_mean_of_what_is_covered() -> None:
    seen = warp(PICTURE, similarity(1 / 5, 0, (0, 0), (0, 0)), (18, 14))
    assert np.abs(levels(seen) - levels(PICTURE).reshape(14, 5, 18, 5, 3).mean((1, 3))).max() < 3


@pytest.mark.parametrize("scale", [0.011, 0.03, 0.13, 0.4, 0.7])
@pytest.mark.parametrize("angle", [0, 33])
def test_stripes_too_fine_to_show_are_their_mean(scale: float, angle: int) -> None:
    """Whoever only interpolates sees waves that are not there."""
    stripes = Image.fromarray((np.indices((900, 900)).sum(0) % 2 * 255).astype(np.uint8))
    seen = levels(warp(stripes, similarity(scale, angle, (450, 450), (5, 5)), (10, 10)))
    assert np.abs(seen - 127.5).max() < 25
    assert np.abs(seen.mean() - 127.5) < 1


@pytest.mark.parametrize(("scale", "angle"), [(1.0, 12.0), (2.5, -40.0), (4.0, 170.0)])
def test_there_and_back_is_the_picture_but_for_interpolation(scale: float, angle: float) -> None:
    there = similarity(scale, angle, (45, 35), (250, 250))
    back = warp(warp(PICTURE, there, (500, 500)), inverse(there), PICTURE.size)
    assert np.abs(levels(back) - levels(PICTURE))[5:-5, 5:-5].max() < 3


def test_numbers_of_any_sign_are_warped_too() -> None:
    signed = Image.fromarray((SMOOTH[:, :, 0] - 128).astype(np.float32))
    seen = np.asarray(warp(signed, similarity(1 / 3, 20, (45, 35), (10, 10)), (20, 20)))
    grey = levels(warp(PICTURE, similarity(1 / 3, 20, (45, 35), (10, 10)), (20, 20)))[:, :, 0]
    assert seen.dtype == np.float32 and np.abs(seen + 128 - grey).max() < 2


def test_outside_there_is_the_mirror_image_however_far() -> None:
    seen = levels(warp(PICTURE, similarity(1, 0, (0, 0), (100, 80)), (290, 230)))
    wide = np.pad(levels(PICTURE), ((80, 80), (100, 100), (0, 0)), mode="symmetric")
    assert np.array_equal(seen, wide)


def test_what_lies_inside_is_what_the_mirror_does_not_reach() -> None:
    shift = similarity(1, 0, (0, 0), (3, 2))
    within = inside((10, 8), shift, (20, 12))
    expected = np.zeros((12, 20), dtype=bool)
    expected[2:10, 3:13] = True
    assert np.array_equal(within, expected)
    assert inside((90, 70), similarity(1, 30, (45, 35), (10, 10)), (20, 20)).all()
    half = inside((10, 8), similarity(0.5, 0, (0, 0), (0, 0)), (6, 4))
    assert half[:, :5].all() and not half[:, 5].any()


def test_a_frame_beside_the_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="outside the picture of 90 x 70 pixels"):
        warp(PICTURE, similarity(1, 0, (500, 500), (0, 0)), (10, 10))


def test_the_cost_does_not_grow_with_the_frame() -> None:
    """A frame of a million pixels a side is seen through the whole picture, not through a million pixels."""
    with pytest.raises(ValueError, match="too far"):
        warp(PICTURE, similarity(1e-6, 0, (45, 35), (32, 32)), (64, 64))
