"""Grids and pairs."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from latentwalk.images import to_bytes
from latentwalk.pictures.grid import FRAME, PAIR_GAP, before_after, grid, pleasant_columns, save_image
from latentwalk.pictures.layout import GAP, MARGIN
from latentwalk.pictures.text import RED

SCALE = 30
WIDTH, HEIGHT = 5 * SCALE, 6 * SCALE


def shows(picture: Image.Image, left: int, top: int, pixels: np.ndarray) -> bool:
    """Whether the image with these pixels is at this place, enlarged."""
    seen = np.asarray(picture)[top : top + HEIGHT, left : left + WIDTH]
    return np.array_equal(seen, pixels.repeat(SCALE, 0).repeat(SCALE, 1))


def red(picture: Image.Image) -> int:
    """Pixels in the colour of what was not reached."""
    return int((np.asarray(picture) == RED).all(2).sum())


def test_a_grid_reads_row_by_row(noise) -> None:
    images = noise(5)
    picture = grid(images, columns=2, scale=SCALE)
    assert picture.size == (2 * WIDTH + GAP + 2 * MARGIN, 3 * HEIGHT + 2 * GAP + 2 * MARGIN)
    for i, pixels in enumerate(to_bytes(images)):
        assert shows(picture, MARGIN + (i % 2) * (WIDTH + GAP), MARGIN + (i // 2) * (HEIGHT + GAP), pixels)


def test_captions_make_a_grid_higher_not_wider(noise) -> None:
    bare, captioned = grid(noise(4), 2, scale=SCALE), grid(noise(4), 2, ["a", "b", "c", "d"], scale=SCALE)
    assert captioned.width == bare.width
    assert captioned.height > bare.height


@pytest.mark.parametrize("count", range(1, 65))
def test_a_grid_is_neither_a_tower_nor_a_belt(count: int) -> None:
    columns = pleasant_columns(count)
    rows = -(-count // columns)
    assert rows <= columns
    assert columns <= 3 * rows


@pytest.mark.parametrize(
    ("count", "columns"), [(1, 1), (2, 2), (3, 3), (4, 2), (8, 4), (9, 3), (10, 5), (12, 4), (16, 4)]
)
def test_familiar_numbers_fill_their_rows(count: int, columns: int) -> None:
    assert pleasant_columns(count) == columns


def test_pairs_stand_together_and_apart_from_other_pairs(noise) -> None:
    before, after = noise(3, seed=0), noise(3, seed=1)
    picture = before_after(before, after, columns=2, scale=SCALE)
    pair = 2 * (WIDTH + 2 * FRAME) + GAP - FRAME
    assert picture.size == (2 * pair + PAIR_GAP + 2 * MARGIN, 2 * (HEIGHT + 2 * FRAME) + PAIR_GAP + 2 * MARGIN)
    for i, (left, right) in enumerate(zip(to_bytes(before), to_bytes(after), strict=True)):
        x = MARGIN + FRAME + (i % 2) * (pair + PAIR_GAP)
        y = MARGIN + FRAME + (i // 2) * (HEIGHT + 2 * FRAME + PAIR_GAP)
        assert shows(picture, x, y, left)
        assert shows(picture, x + WIDTH + FRAME + GAP, y, right)


def test_a_code_that_did_not_arrive_is_framed_and_says_so(noise) -> None:
    before, after = noise(2, seed=0), noise(2, seed=1)
    captions = [("seed 0", "0.99"), ("seed 1", "0.42")]
    unmarked = before_after(before, after, captions, scale=SCALE)
    arrived = before_after(before, after, captions, ["", ""], scale=SCALE)
    marked = before_after(before, after, captions, ["", "not reached"], scale=SCALE)
    frame = (WIDTH + 2 * FRAME) * (HEIGHT + 2 * FRAME) - WIDTH * HEIGHT
    assert arrived.tobytes() == unmarked.tobytes()
    assert red(arrived) == 0
    assert red(marked) > frame, "more than the frame is red: the words too"
    assert marked.height > arrived.height, "the words stand below the caption, not instead of it"
    assert np.asarray(marked)[MARGIN, -MARGIN - 1].tolist() == list(RED)


def test_an_arrived_pair_looks_the_same_whoever_else_did_not_arrive(noise) -> None:
    before, after = noise(2, seed=0), noise(2, seed=1)
    first = np.asarray(before_after(before, after, marks=["", ""], scale=SCALE))
    second = np.asarray(before_after(before, after, marks=["", "not reached"], scale=SCALE))
    half = first.shape[1] // 2
    assert np.array_equal(first[:-MARGIN, :half], second[: len(first) - MARGIN, :half])


@pytest.mark.usefixtures("unchecked")
def test_what_does_not_match_is_refused(noise) -> None:
    with pytest.raises(ValueError, match="at least one image"):
        grid(noise(0))
    with pytest.raises(ValueError, match="at least 1 column, got 0"):
        grid(noise(2), columns=0)
    with pytest.raises(ValueError, match="one caption per picture, got 1 for 2"):
        grid(noise(2), captions=["alone"])
    with pytest.raises(ValueError, match=r"images of one shape, got \[2, 3, 6, 5\] before, \[3, 3, 6, 5\] after"):
        before_after(noise(2), noise(3))
    with pytest.raises(ValueError, match="one pair of captions per pair, got 1 for 2"):
        before_after(noise(2), noise(2), [("a", "b")])
    with pytest.raises(ValueError, match="one mark per pair, got 3 for 2"):
        before_after(noise(2), noise(2), marks=["", "", "not reached"])
    with pytest.raises(ValueError, match="at least 1 column, got -1"):
        before_after(noise(2), noise(2), columns=-1)


def test_one_image_is_saved_pixel_by_pixel_and_several_as_a_grid(noise, tmp_path: Path) -> None:
    images = noise(3)
    for given in (images[1], images[1:2], to_bytes(images)[1]):
        given = Image.fromarray(given) if isinstance(given, np.ndarray) else given
        save_image(given, tmp_path / "one.png")
        assert np.array_equal(np.asarray(Image.open(tmp_path / "one.png")), to_bytes(images)[1])
    save_image(images, tmp_path / "all.png", columns=3, captions=["a", "b", "c"], scale=SCALE)
    expected = grid(images, 3, ["a", "b", "c"], SCALE)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "all.png")), np.asarray(expected))
    with pytest.raises(ValueError, match="expected a name that ends in"):
        save_image(images, tmp_path / "all.gif")
