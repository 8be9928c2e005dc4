"""Rows of frames."""

import numpy as np
import pytest
import torch
from PIL import Image

from latentwalk.images import to_bytes
from latentwalk.pictures.layout import GAP, MARGIN
from latentwalk.pictures.strip import TITLE_WIDTH, spread, strip, strips, thin

SCALE = 30
WIDTH, HEIGHT = 5 * SCALE, 6 * SCALE


def frame(picture: Image.Image, left: int, top: int) -> np.ndarray:
    """One pixel out of each enlarged one of the frame at this place [6, 5, 3]; all of a square are alike."""
    pixels = np.asarray(picture)[top : top + HEIGHT, left : left + WIDTH]
    small = pixels[::SCALE, ::SCALE]
    assert np.array_equal(pixels, small.repeat(SCALE, 0).repeat(SCALE, 1))
    return small


def test_a_strip_shows_its_frames_from_left_to_right(noise) -> None:
    images = noise(3)
    picture = strip(images, scale=SCALE)
    assert picture.size == (3 * WIDTH + 2 * GAP + 2 * MARGIN, HEIGHT + 2 * MARGIN)
    for i, pixels in enumerate(to_bytes(images)):
        assert np.array_equal(frame(picture, MARGIN + i * (WIDTH + GAP), MARGIN), pixels)


def test_captions_and_a_title_make_a_strip_higher_and_hide_no_frame(noise) -> None:
    images = noise(2)
    bare = strip(images, scale=SCALE)
    short = strip(images, ["a", "b"], scale=SCALE)
    long = strip(images, ["a", "b " * 60], scale=SCALE)
    titled = strip(images, ["a", "b"], title="a title", scale=SCALE)
    assert bare.height < short.height < long.height
    assert titled.height > short.height
    assert bare.width == short.width == long.width == titled.width
    above = titled.height - short.height
    assert np.array_equal(np.asarray(titled)[above + MARGIN :], np.asarray(short)[MARGIN:])
    assert np.array_equal(np.asarray(short)[: MARGIN + HEIGHT], np.asarray(bare)[: MARGIN + HEIGHT])


def test_another_caption_makes_another_picture(noise) -> None:
    first, second = (strip(noise(1), [text], scale=SCALE) for text in ("0.12", "0.13"))
    assert first.size == second.size
    assert first.tobytes() != second.tobytes()
    assert strip(noise(1), ["0.12"], scale=SCALE).tobytes() == first.tobytes()


def test_the_title_of_a_narrow_strip_is_whole(noise) -> None:
    assert strip(noise(1), title="eyeglasses", scale=1).width >= TITLE_WIDTH


def test_several_rows_stand_below_each_other_and_may_end_early(noise) -> None:
    rows = [noise(3, seed=0), noise(1, seed=1)]
    picture = strips(rows, scale=SCALE)
    assert picture.size == (3 * WIDTH + 2 * GAP + 2 * MARGIN, 2 * HEIGHT + 3 * MARGIN)
    for r, images in enumerate(rows):
        for i, pixels in enumerate(to_bytes(images)):
            place = MARGIN + i * (WIDTH + GAP), MARGIN + r * (HEIGHT + MARGIN)
            assert np.array_equal(frame(picture, *place), pixels)


def test_titles_stand_left_and_move_all_rows_alike(noise) -> None:
    rows = [noise(2, seed=0), noise(2, seed=1)]
    bare = strips(rows, scale=SCALE)
    titled = strips(rows, titles=["seed 0", "a much longer title that takes several lines"], scale=SCALE)
    shift = titled.width - bare.width
    assert MARGIN < shift <= TITLE_WIDTH + MARGIN
    assert titled.height == bare.height
    assert np.array_equal(np.asarray(titled)[:, shift + MARGIN :], np.asarray(bare)[:, MARGIN:])
    assert strips(rows, titles=["", " "], scale=SCALE).tobytes() == bare.tobytes()


def test_a_title_higher_than_its_row_is_whole(noise) -> None:
    low = strips([noise(2)], titles=["one two three four five six seven eight nine ten " * 2], scale=1)
    assert low.height > 60


@pytest.mark.parametrize("count", [0, 1, 2, 5, 6, 7, 30, 61])
@pytest.mark.parametrize("most", [2, 3, 6, 7])
def test_thinning_keeps_the_ends_and_an_even_step(count: int, most: int) -> None:
    kept = thin(count, most)
    assert len(kept) == min(count, most)
    assert kept == sorted(set(kept))
    if count > 1:
        assert (kept[0], kept[-1]) == (0, count - 1)
        steps = np.diff(kept)
        assert steps.max() - steps.min() <= 1


def test_one_frame_cannot_be_both_ends() -> None:
    assert thin(1, 1) == [0]
    with pytest.raises(ValueError, match="at least 2, got 1"):
        thin(5, 1)


def test_what_does_not_match_is_refused(noise) -> None:
    with pytest.raises(ValueError, match="one caption per picture, got 1 for 2"):
        strip(noise(2), ["alone"])
    with pytest.raises(ValueError, match="at least one image"):
        strip(noise(0))
    with pytest.raises(ValueError, match="at least one row of images, got none"):
        strips([])
    with pytest.raises(ValueError, match="at least one image"):
        strips([noise(2), noise(0)])
    with pytest.raises(ValueError, match="one list of captions per row, got 1 for 2"):
        strips([noise(2), noise(2)], [["a", "b"]])
    with pytest.raises(ValueError, match="one caption per picture, got 3 for 2"):
        strips([noise(2), noise(2)], [["a", "b"], ["a", "b", "c"]])
    with pytest.raises(ValueError, match="one title per row, got 1 for 2"):
        strips([noise(2), noise(2)], titles=["alone"])


def test_codes_that_hardly_differ_are_shown_once() -> None:
    """A walk that slows down: its last steps are one frame."""
    path = torch.tensor([0.0, 1, 2, 3, 4, 4.01, 4.02, 4.03])[:, None]
    assert spread(path, 7) == [0, 1, 2, 3, 7]
    assert spread(path[:1], 7) == [0]
    assert spread(torch.zeros(3, 2), 7) == [2]
    assert spread(torch.arange(100.0)[:, None], 4) == [0, 33, 66, 99]
