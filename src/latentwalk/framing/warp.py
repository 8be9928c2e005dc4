"""Pictures under a similarity, in full resolution: what shrinks is averaged, what grows is interpolated."""

import math
from typing import Literal

import numpy as np
from jaxtyping import Float
from PIL import Image

from latentwalk.numerics.similarity import after, inverse, move, scale_of

Size = tuple[int, int]
"""Width and height in pixels."""

MARGIN = 3
"""Pixels around what is needed, which interpolation looks at."""


def warp(picture: Image.Image, transform: Float[np.ndarray, "2 3"], size: Size, mirror: bool = True) -> Image.Image:
    """The picture seen through a frame of this size.

    picture: of any mode with numbers (RGB, L, F). transform: from pixels of the picture to pixels of the frame.
    Outside the picture there is its mirror image, or without `mirror` black. Every pixel is the mean of at least what
    it covers, whatever the size of the picture: it is shrunk by a whole number first, seen at two or three times the
    size, and shrunk again.
    Raises ValueError for a frame beside the picture, or so large that the picture is less than one of its pixels.
    """
    if scale_of(transform) * max(picture.size) < 1:
        raise ValueError(
            f"the picture of {picture.width} x {picture.height} pixels is seen from too far: make the frame smaller"
        )
    shrink = max(1, math.floor(0.5 / scale_of(transform) + 1e-9))
    over = max(1, math.ceil(1 / (scale_of(transform) * shrink) - 1e-9))
    large = (over * size[0], over * size[1])
    transform = np.diag([over, over]) @ transform
    left, top, right, bottom = _needed(inverse(transform), large, shrink)
    part = _part(picture, (left, top, right, bottom), shrink, "symmetric" if mirror else "constant")
    # From pixels of the part to those of the frame; Pillow wants the way back.
    part_to_frame = after(transform, np.array([[shrink, 0.0, left], [0.0, shrink, top]]))
    seen = part.transform(
        large, Image.Transform.AFFINE, inverse(part_to_frame).ravel().tolist(), Image.Resampling.BICUBIC
    )
    return seen.reduce(over) if over > 1 else seen


def inside(picture: Size, transform: Float[np.ndarray, "2 3"], size: Size) -> np.ndarray:
    """Which pixels of the frame lie within the picture with all that they cover: bool [h, w]."""
    corners = np.stack(np.meshgrid(np.arange(size[0] + 1.0), np.arange(size[1] + 1.0)), axis=-1)
    at = move(inverse(transform), corners)
    within = np.logical_and(at >= -1e-6, at <= np.array(picture) + 1e-6).min(-1)
    return within[:-1, :-1] & within[1:, :-1] & within[:-1, 1:] & within[1:, 1:]


def _needed(back: Float[np.ndarray, "2 3"], size: Size, step: int) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what a frame of this size sees of a picture, in whole steps from its corner."""
    at = move(back, np.array([[0, 0], [size[0], 0], [0, size[1]], list(size)], dtype=float)) / step
    (left, top), (right, bottom) = np.floor(at.min(0)) - MARGIN, np.ceil(at.max(0)) + MARGIN
    return int(left) * step, int(top) * step, int(right) * step, int(bottom) * step


def _part(
    picture: Image.Image,
    rectangle: tuple[int, int, int, int],
    shrink: int,
    outside: Literal["symmetric", "constant"],
) -> Image.Image:
    """A rectangle of the picture, shrunk; what lies outside is mirrored at the edges, as often as need be, or 0."""
    left, top, right, bottom = rectangle
    # Only what is there is cut out and shrunk, so that the cost is bounded by the picture, not by the rectangle.
    box = (max(0, left), max(0, top), min(picture.width, right), min(picture.height, bottom))
    if box[0] >= box[2] or box[1] >= box[3]:
        raise ValueError(
            f"the frame lies outside the picture of {picture.width} x {picture.height} pixels: move it there"
        )
    part = picture.crop(box)
    if shrink > 1:
        part = part.reduce(shrink)
    pads = [(box[0] - left) // shrink, (box[1] - top) // shrink]
    pads += [(right - left) // shrink - pads[0] - part.width, (bottom - top) // shrink - pads[1] - part.height]
    if not any(pads):
        return part
    array = np.asarray(part)
    around = [(pads[1], pads[3]), (pads[0], pads[2])] + [(0, 0)] * (array.ndim - 2)
    return Image.fromarray(np.pad(array, around, mode=outside))
