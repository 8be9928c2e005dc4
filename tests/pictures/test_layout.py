"""Sizes follow from contents, and pixels stay what they are."""

import numpy as np
import pytest
import torch
from PIL import Image

from latentwalk.images import to_bytes
from latentwalk.pictures.layout import COMFORTABLE, beside, enlarge, framed, padded, stack, table
from latentwalk.pictures.text import PAPER


def block(width: int, height: int, colour: tuple[int, int, int] = (1, 2, 3)) -> Image.Image:
    return Image.new("RGB", (width, height), colour)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("scale", [1, 2, 7])
def test_a_pixel_becomes_a_square(noise, channels: int, scale: int) -> None:
    images = noise(2, channels)
    for picture, pixels in zip(enlarge(images, scale), to_bytes(images), strict=True):
        assert np.array_equal(np.asarray(picture), pixels.repeat(scale, 0).repeat(scale, 1))


@pytest.mark.parametrize("side", [8, 32, 64, 128, 256, 1024])
def test_without_a_scale_a_face_is_comfortable_to_see(side: int) -> None:
    (picture,) = enlarge(torch.zeros(1, 3, side, side))
    assert picture.width >= COMFORTABLE
    assert picture.width < 2 * COMFORTABLE or picture.width == side


def test_a_bundled_face_is_three_times_as_large() -> None:
    assert enlarge(torch.zeros(1, 3, 64, 64))[0].size == (192, 192)


@pytest.mark.parametrize(
    ("shape", "scale", "message"),
    [
        ((0, 3, 4, 4), 2, "at least one image to show, got none"),
        ((1, 3, 4, 4), 0, "scale of at least 1, got 0"),
    ],
)
def test_what_cannot_be_shown_is_refused(shape: tuple[int, ...], scale: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        enlarge(torch.zeros(shape), scale)


def test_sizes_add_up() -> None:
    small, large = block(5, 4), block(9, 7)
    assert beside([small, large, small], 2).size == (5 + 9 + 5 + 2 * 2, 7)
    assert stack([small, large, small], 3).size == (9, 4 + 7 + 4 + 2 * 3)
    assert table([small] * 5, 2, 1).size == (2 * 5 + 1, 3 * 4 + 2 * 1)
    assert padded(small, 8, 2).size == (8, 4)
    assert framed(small, 3).size == (11, 10)


def test_what_is_half_way_up_has_as_much_paper_above_as_below() -> None:
    for picture in (padded(block(5, 4), 5, 10, middle=True), beside([block(5, 4), block(1, 10)], middle=True)):
        column = np.asarray(picture)[:, 0]
        assert [tuple(pixel) == PAPER for pixel in column] == [True] * 3 + [False] * 4 + [True] * 3


def test_a_frame_has_its_colour_and_covers_nothing() -> None:
    pixels = np.asarray(framed(block(5, 4), 2, (200, 0, 0)))
    assert (pixels[2:-2, 2:-2] == (1, 2, 3)).all()
    assert (pixels == (200, 0, 0)).all(2).sum() == 9 * 8 - 5 * 4


def test_a_table_needs_a_column() -> None:
    with pytest.raises(ValueError, match="at least 1 column, got 0"):
        table([block(1, 1)], 0)
