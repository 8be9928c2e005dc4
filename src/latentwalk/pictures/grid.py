"""Many images at once, and pairs of before and after."""

import math
from collections.abc import Sequence
from pathlib import Path

from jaxtyping import Float
from PIL import Image
from torch import Tensor

from latentwalk.images import save_image as write
from latentwalk.pictures.layout import (
    FRAME,
    GAP,
    MARGIN,
    beside,
    captioned,
    check_count,
    enlarge,
    framed,
    marked,
    table,
)

PAIR_GAP = 5 * GAP
"""Pixels between images that belong to different codes."""


def grid(
    images: Float[Tensor, "n c h w"],
    columns: int | None = None,
    captions: Sequence[str] | None = None,
    scale: int | None = None,
) -> Image.Image:
    """Images in rows.

    images: in [-1, 1]. columns: images per row; without it, a shape that leaves few cells empty.
    captions: one per image. scale: enlarge each image by this factor; without it, until it can be seen well.
    Raises ValueError for no images, less than one column, or captions that do not match.
    """
    cells = captioned(enlarge(images, scale), captions)
    return framed(table(cells, pleasant_columns(len(cells)) if columns is None else columns), MARGIN)


def save_image(
    images: Float[Tensor, "*n c h w"] | Image.Image,
    path: str | Path,
    columns: int | None = None,
    captions: Sequence[str] | None = None,
    scale: int | None = None,
) -> None:
    """Write images as one picture.

    images: one, [c, h, w] or a batch of one, which is written pixel by pixel (or enlarged by `scale`); several,
    [n, c, h, w], which become a `grid`; or a finished picture. path: it ends in .png, .jpg, .jpeg or .webp; only a PNG
    keeps every pixel. columns, captions: of the grid.
    Raises ValueError for another ending, and as `grid` does.
    """
    if isinstance(images, Tensor):
        batch = images[None] if images.ndim == 3 else images
        alone = len(batch) == 1 and not captions
        images = enlarge(batch, scale or 1, transparent=True)[0] if alone else grid(batch, columns, captions, scale)
    write(path, images)


def pleasant_columns(count: int) -> int:
    """Columns between a square and three times as wide as high, so that the last row is as full as possible."""
    root = math.isqrt(max(count - 1, 0)) + 1
    return min(range(root, max(root, math.isqrt(3 * count)) + 1), key=lambda columns: (-count % columns, columns))


def before_after(
    before: Float[Tensor, "n c h w"],
    after: Float[Tensor, "n c h w"],
    captions: Sequence[tuple[str, str]] | None = None,
    marks: Sequence[str] | None = None,
    columns: int = 3,
    scale: int | None = None,
) -> Image.Image:
    """Pairs side by side; the second picture of a pair may be marked.

    before, after: images in [-1, 1], row by row of the same codes. captions: one text for each image of a pair.
    marks: per code what is said in red, such as "not reached", or "". columns: pairs per row.
    Raises ValueError for no images, or numbers of images, captions or marks that do not match.
    """
    if before.shape != after.shape:
        raise ValueError(f"expected images of one shape, got {list(before.shape)} before, {list(after.shape)} after")
    if captions is not None:
        check_count("pair of captions", captions, len(before), of="pair")
    if marks is not None:
        check_count("mark", marks, len(before), of="pair")
    pairs = []
    for i, (left, right) in enumerate(zip(enlarge(before, scale), enlarge(after, scale), strict=True)):
        texts = ("", "") if captions is None else captions[i]
        mark = "" if marks is None else marks[i]
        pairs.append(beside([marked(left, texts[0], ""), marked(right, texts[1], mark)], GAP - FRAME))
    return framed(table(pairs, columns, PAIR_GAP), MARGIN)
