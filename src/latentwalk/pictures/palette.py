"""The 256 colours of a GIF: chosen once for all frames, and kept where a picture hardly changes."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from latentwalk.pictures.text import PAPER

COLOURS = 255
"""Colours of a film, white among them; one of 256 is left to mark pixels that stay as they are."""

STAY = 8
"""Levels of 255 by which a pixel may differ, in each channel, from the colour that it had in the frame before, and
keep it. Nobody sees so little, and the film has half the size: no dither, which would flicker, and little to store."""

MOST_PIXELS = 1 << 16
"""About as many pixels as choose the colours: more take seconds and choose no better ones."""


def indexed(frames: Sequence[Image.Image]) -> list[Image.Image]:
    """The frames in colours that all of them share; paper stays white.

    frames: RGB, at least one, all of one size.
    """
    palette = common_palette(frames)
    colours = np.array(palette.getpalette(), dtype=np.int16).reshape(-1, 3)
    shown: list[np.ndarray] = []
    for frame in frames:
        nearest = np.asarray(frame.quantize(palette=palette, dither=Image.Dither.NONE))
        before = shown[-1] if shown else nearest
        levels = np.asarray(frame, dtype=np.int16)
        same = (np.abs(colours[before] - levels) <= STAY).all(2)
        shown.append(np.where((levels == PAPER).all(2), 0, np.where(same, before, nearest)))
    return [_picture(values, palette) for values in shown]


def common_palette(frames: Sequence[Image.Image]) -> Image.Image:
    """A picture that carries white and the colours chosen for all frames together."""
    width, height = frames[0].size
    step = max(1.0, (len(frames) * width * height / MOST_PIXELS) ** 0.5)
    small = (max(1, round(width / step)), max(1, round(height / step)))
    sheet = Image.new("RGB", (small[0], small[1] * len(frames)))
    for i, frame in enumerate(frames):
        sheet.paste(frame.resize(small, Image.Resampling.NEAREST), (0, i * small[1]))
    chosen = sheet.quantize(COLOURS - 1, Image.Quantize.MEDIANCUT, kmeans=1, dither=Image.Dither.NONE).getpalette()
    palette = Image.new("P", (1, 1))
    palette.putpalette([*PAPER, *(chosen or [])][: 3 * COLOURS])
    return palette


def _picture(values: np.ndarray, palette: Image.Image) -> Image.Image:
    picture = Image.fromarray(values.astype(np.uint8))
    picture.putpalette(palette.getpalette() or [])
    return picture
