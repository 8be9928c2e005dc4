"""Words on pictures: measured, broken into lines, and drawn with the font that the charts use too."""

import math
from functools import lru_cache
from pathlib import Path

import matplotlib
from PIL import Image, ImageDraw, ImageFont

Colour = tuple[int, int, int]

PAPER: Colour = (255, 255, 255)
INK: Colour = (32, 33, 36)
FAINT: Colour = (110, 112, 118)
RED: Colour = (200, 30, 45)

LEAD = 3
"""Pixels of paper between a picture and the text beneath it."""


@lru_cache(maxsize=64)
def font(size: int) -> ImageFont.FreeTypeFont:
    """DejaVu Sans, which comes with matplotlib. Its digits have one width: a number that changes does not tremble."""
    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"), size)


def span(text: str, size: int) -> tuple[int, int]:
    """Pixels that one line of text takes left (0 or less) and right of where it starts; an f or a j leans out."""
    left, _, right, _ = font(size).getbbox(text, anchor="ls")
    return min(0, math.floor(left)), math.ceil(max(right, font(size).getlength(text)))


def text_width(text: str, size: int) -> int:
    """Pixels that one line of text is wide."""
    left, right = span(text, size)
    return right - left


def line_height(size: int) -> int:
    """Pixels from one line of text to the next."""
    return round(1.35 * size)


def wrap(text: str, width: int, size: int) -> list[str]:
    """Lines no wider than `width` pixels. Nothing is lost: a word too long for a line is broken inside.

    Line breaks in the text are kept, empty lines and repeated blanks are not.
    """
    return [line for part in text.splitlines() for line in _wrap_line(part, width, size)]


def _wrap_line(text: str, width: int, size: int) -> list[str]:
    lines: list[str] = []
    line = ""
    for word in text.split():
        joined = f"{line} {word}" if line else word
        if text_width(joined, size) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        line = word
        while text_width(line, size) > width and len(line) > 1:
            head = _fitting(line, width, size)
            lines.append(line[:head])
            line = line[head:]
    return [*lines, line] if line else lines


def _fitting(word: str, width: int, size: int) -> int:
    """How many leading characters fit into the width, at least one."""
    return next((k for k in range(len(word) - 1, 1, -1) if text_width(word[:k], size) <= width), 1)


def label(text: str, size: int, width: int | None = None, colour: Colour = INK, centred: bool = False) -> Image.Image:
    """Text on paper: as wide as itself, or exactly `width` pixels with as many lines as it takes."""
    lines = wrap(text, width or 1 << 20, size)
    across = width or max((text_width(line, size) for line in lines), default=1)
    picture = Image.new("RGB", (across, max(1, len(lines)) * line_height(size)), PAPER)
    draw = ImageDraw.Draw(picture)
    for i, line in enumerate(lines):
        left = max(0, across - text_width(line, size)) // 2 if centred else 0
        # Anchored at the baseline, so that lines with and without descenders stand level.
        draw.text((left - span(line, size)[0], i * line_height(size) + size), line, colour, font(size), anchor="ls")
    return picture


def caption(picture: Image.Image, text: str, size: int, colour: Colour = INK) -> Image.Image:
    """The picture with centred text beneath it, as wide as before; without text it is the picture itself."""
    if not text.strip():
        return picture
    words = label(text, size, picture.width, colour, centred=True)
    captioned = Image.new("RGB", (picture.width, picture.height + LEAD + words.height), PAPER)
    captioned.paste(picture, (0, 0))
    captioned.paste(words, (0, picture.height + LEAD))
    return captioned


def caption_size(width: int) -> int:
    """A size of letters in pixels that suits a picture of this width."""
    return max(11, min(14, width // 12), width // 36)
