"""The 256 colours of a GIF: chosen once for all frames, and mixed in a pattern that does not move."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from latentwalk.pictures.text import PAPER

PATTERN = np.array([[-3, 1], [3, -1]]) / 8
"""Bayer's ordered dither: each place of a 2x2 tile is nudged by its own share. Larger tiles look no better and make
larger files."""

NUDGE = 12
"""Levels of 255 that a share of 1 stands for: about what is between neighbours in the palette."""

MOST_PIXELS = 1 << 20
"""About as many pixels as choose the colours."""


def indexed(frames: Sequence[Image.Image]) -> list[Image.Image]:
    """The frames in the 256 colours that all of them share. Smooth shades stay smooth, paper stays white.

    The pattern depends on the place alone, so that a pixel that does not change from frame to frame keeps its colour.
    frames: RGB, at least one, all of one size.
    """
    palette = common_palette(frames)
    return [nudged(frame).quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]


def common_palette(frames: Sequence[Image.Image]) -> Image.Image:
    """A picture that carries white and 255 colours chosen for all frames together."""
    width, height = frames[0].size
    step = max(1.0, (len(frames) * width * height / MOST_PIXELS) ** 0.5)
    small = (max(1, round(width / step)), max(1, round(height / step)))
    sheet = Image.new("RGB", (small[0], small[1] * len(frames)))
    for i, frame in enumerate(frames):
        sheet.paste(frame.resize(small, Image.Resampling.NEAREST), (0, i * small[1]))
    chosen = sheet.quantize(255, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([*PAPER, *chosen])
    return palette


def nudged(frame: Image.Image) -> Image.Image:
    """The frame a little lighter and darker in a pattern; paper is left alone."""
    levels = np.asarray(frame, dtype=np.float32)
    height, width = levels.shape[:2]
    pattern = np.tile(PATTERN, (height // 2 + 1, width // 2 + 1))[:height, :width, None]
    mixed = np.where((levels == PAPER).all(2, keepdims=True), levels, levels + NUDGE * pattern)
    return Image.fromarray(mixed.clip(0, 255).round().astype(np.uint8))
