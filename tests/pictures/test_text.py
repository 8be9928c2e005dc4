"""Words: none is lost, none is cut off."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from latentwalk.pictures.text import LEAD, PAPER, caption, caption_size, font, label, line_height, text_width, wrap

TEXTS = [
    "seed 3: 0.998",
    "a long caption that needs several lines under a narrow picture",
    "Donaudampfschifffahrtsgesellschaft and more",
    "straße, Ångström, 0.12 → 0.99",
    "first line\nsecond line\n\nfourth",
    "x",
]


def letters(text: str) -> str:
    return "".join(text.split())


def ink(picture: Image.Image) -> np.ndarray:
    """Where there is anything but paper, cut out."""
    dark = (np.asarray(picture) != PAPER).any(2)
    rows, columns = np.flatnonzero(dark.any(1)), np.flatnonzero(dark.any(0))
    return dark[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("width", [1, 20, 90, 400])
def test_every_letter_is_in_a_line_and_no_line_is_too_wide(text: str, width: int) -> None:
    lines = wrap(text, width, 12)
    assert letters("".join(lines)) == letters(text)
    assert all(len(line) == 1 or text_width(line, 12) <= width for line in lines)


def test_words_stay_whole_where_they_fit_and_line_breaks_are_kept() -> None:
    text = "eyeglasses of seed 3"
    assert wrap(text, text_width("eyeglasses of", 12), 12) == ["eyeglasses of", "seed 3"]
    assert wrap("one\ntwo", 400, 12) == ["one", "two"]
    assert wrap("  \n ", 400, 12) == []


@pytest.mark.parametrize("text", ["Ågjpqy|", "WWW", "fff", "j", "0.12 → 0.99", "(Ç)"])
@pytest.mark.parametrize("size", [11, 14, 28])
def test_a_label_shows_whole_letters(text: str, size: int) -> None:
    sheet = Image.new("RGB", (600, 100), PAPER)
    ImageDraw.Draw(sheet).text((50, 50), text, (0, 0, 0), font(size), anchor="ls")
    assert np.array_equal(ink(label(text, size)), ink(sheet))


def test_a_label_is_as_wide_as_asked_and_as_high_as_its_lines() -> None:
    text, size, width = "several words on more than one line", 12, 80
    assert label(text, size, width).size == (width, len(wrap(text, width, size)) * line_height(size))
    assert label(text, size).size == (text_width(text, size), line_height(size))


def test_centred_lines_have_as_much_paper_left_as_right() -> None:
    columns = np.flatnonzero((np.asarray(label("HHH", 12, 200, centred=True)) != PAPER).any((0, 2)))
    assert abs(columns[0] - (199 - columns[-1])) <= 3


def test_a_caption_is_added_beneath_and_changes_nothing_above() -> None:
    picture = Image.new("RGB", (64, 40), (10, 20, 30))
    with_text = caption(picture, "a caption of two lines", 12)
    assert with_text.width == 64
    assert with_text.height == 40 + LEAD + len(wrap("a caption of two lines", 64, 12)) * line_height(12)
    assert np.array_equal(np.asarray(with_text)[:40], np.asarray(picture))
    assert caption(picture, "  ", 12) is picture


def test_digits_have_one_width() -> None:
    assert len({text_width(digit * 20, 14) for digit in "0123456789"}) == 1


def test_letters_are_readable_and_grow_with_the_picture() -> None:
    sizes = [caption_size(width) for width in (1, 64, 192, 256, 512, 1024)]
    assert sizes[0] >= 11
    assert sizes == sorted(sizes)
    assert sizes[-1] > 20
