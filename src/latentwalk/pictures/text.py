"""Words on pictures: labels measured, broken into lines and drawn with fonts that come with the dependencies."""

from functools import lru_cache
from pathlib import Path

import matplotlib
from PIL import Image, ImageDraw, ImageFont

PAPER = (255, 255, 255)
INK = (32, 33, 36)
FAINT = (110, 112, 118)
RED = (200, 30, 45)

Colour = tuple[int, int, int]


@lru_cache(maxsize=64)
def font(size: int, ascii_only: bool = True) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own font, or for text outside ASCII the wider DejaVu Sans that matplotlib carries."""
    if ascii_only:
        return ImageFont.load_default(size)
    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"), size)


def text_width(text: str, size: int) -> int:
    """Pixels that one line of text is wide, rounded up."""
    return int(-(-font(size, text.isascii()).getlength(text) // 1))


def line_height(size: int) -> int:
    """Pixels from one line of text to the next."""
    return round(1.35 * size)


def wrap(text: str, width: int, size: int) -> list[str]:
    """Lines no wider than `width` pixels; nothing is lost, a word too long for a line is broken inside."""
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


def label(
    text: str, size: int, width: int | None = None, colour: Colour = INK, centred: bool = False, paper: Colour = PAPER
) -> Image.Image:
    """Text on paper: as wide as itself, or exactly `width` pixels with as many lines as it takes."""
    lines = wrap(text, width or 1 << 20, size)
    across = width or max((text_width(line, size) for line in lines), default=1)
    picture = Image.new("RGB", (across, max(1, len(lines) * line_height(size))), paper)
    draw = ImageDraw.Draw(picture)
    for i, line in enumerate(lines):
        left = (across - text_width(line, size)) // 2 if centred else 0
        # Anchored at the baseline, so that lines in either font and without descenders stand level.
        baseline = i * line_height(size) + size
        draw.text((left, baseline), line, colour, font(size, line.isascii()), anchor="ls")
    return picture


def caption(picture: Image.Image, text: str, size: int, colour: Colour = INK) -> Image.Image:
    """The picture with centred text beneath it, as wide as before; without text it is the picture itself."""
    if not text.strip():
        return picture
    words = label(text, size, picture.width, colour, centred=True)
    captioned = Image.new("RGB", (picture.width, picture.height + words.height), PAPER)
    captioned.paste(picture, (0, 0))
    captioned.paste(words, (0, picture.height))
    return captioned


def caption_size(width: int) -> int:
    """A size of letters that suits a picture of this width."""
    return max(11, min(14, width // 9), width // 36)
