"""Frames of a walk in a row: what one code looks like on its way."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from latentwalk.pictures.layout import (
    MARGIN,
    beside,
    captioned,
    check_count,
    enlarge,
    framed,
    on_the_way,
    padded,
    stack,
)
from latentwalk.pictures.text import caption_size, label, text_width

TITLE_WIDTH = 160
"""Widest column of titles left of several strips, in pixels."""


def strip(
    images: Float[Tensor, "n c h w"],
    captions: Sequence[str] | None = None,
    title: str = "",
    scale: int | None = None,
) -> Image.Image:
    """One row of frames.

    images: frames in [-1, 1]. captions: one text per frame, beneath it. title: a line above all. scale: enlarge
    each image by this factor; without it, until it can be seen well.
    Raises ValueError for no images, a scale below 1, or another number of captions than of images.
    """
    pictures = enlarge(images, scale)
    row = beside(captioned(pictures, captions))
    if title.strip():
        row = stack([label(title, caption_size(pictures[0].width) + 2, max(row.width, TITLE_WIDTH)), row])
    return framed(row, MARGIN)


def strips(
    rows: Sequence[Float[Tensor, "_ c h w"]],
    captions: Sequence[Sequence[str]] | None = None,
    titles: Sequence[str] = (),
    scale: int | None = None,
    marks: Sequence[str] | None = None,
) -> Image.Image:
    """Several rows of frames below each other, each with its title at the left; short rows end earlier.

    rows: per row its frames in [-1, 1]. captions: per row one text per frame. titles: one per row, or none at all.
    marks: per row what its last frame is marked with, such as "not reached"; "" for no mark.
    Raises ValueError for no rows, an empty row, or captions, titles or marks that do not match the rows.
    """
    if len(rows) == 0:
        raise ValueError("expected at least one row of images, got none")
    if captions is not None:
        check_count("list of captions", captions, len(rows), of="row")
    if titles:
        check_count("title", titles, len(rows), of="row")
    if marks is not None:
        check_count("mark", marks, len(rows), of="row")
    pictures = [enlarge(images, scale) for images in rows]
    drawn = [
        _row(row, None if captions is None else captions[i], None if marks is None else marks[i])
        for i, row in enumerate(pictures)
    ]
    if any(title.strip() for title in titles):
        boxes = _titles(titles, [row[0] for row in pictures])
        drawn = [beside([box, row], MARGIN) for box, row in zip(boxes, drawn, strict=True)]
    return framed(stack(drawn, MARGIN), MARGIN)


def _row(pictures: Sequence[Image.Image], captions: Sequence[str] | None, mark: str | None) -> Image.Image:
    """The frames of one code beside each other; frames that may be marked bring their own gap."""
    cells = on_the_way(pictures, captions, mark)
    return beside(cells) if mark is None else beside(cells, 0)


def thin(count: int, most: int) -> list[int]:
    """At most `most` of the indices 0 ... count - 1, evenly spaced, always with the first and the last.

    Raises ValueError when fewer than two are allowed and there are more.
    """
    if count <= most:
        return list(range(count))
    if most < 2:
        raise ValueError(f"the first and the last of {count} need room for at least 2, got {most}")
    return [(i * (count - 1) + (most - 1) // 2) // (most - 1) for i in range(most)]


def spread(path: Float[Tensor, "k ..."], most: int) -> list[int]:
    """At most `most` indices of a path of codes, in order, about as far from each other as the codes are.

    Always the first and the last; codes that hardly differ from the one before are left out. A path that goes nowhere
    is its last code alone. Raises ValueError for less than two.
    """
    if most < 2:
        raise ValueError(f"the first and the last of {len(path)} need room for at least 2, got {most}")
    flat = path.flatten(1).double()
    way = torch.cat([flat.new_zeros(1), (flat[1:] - flat[:-1]).norm(dim=1).cumsum(0)])
    if float(way[-1]) == 0:
        return [len(path) - 1]
    wanted = torch.linspace(0, 1, most, dtype=way.dtype, device=way.device) * way[-1]
    early = 1e-4 * way[-1]  # of two codes that are as near, the same one in every row
    inner = (way[:, None] - wanted[1:-1] + early).abs().argmin(0).tolist()
    near = 0.999 * float(way[-1]) / most
    kept = [i for i in inner if near < float(way[i]) < float(way[-1]) - near]
    return [0, *dict.fromkeys(kept), len(path) - 1]


def _titles(titles: Sequence[str], frames: Sequence[Image.Image]) -> list[Image.Image]:
    """Titles of one width, each half way up the frames (not the captions) of its row."""
    size = caption_size(frames[0].width)
    width = min(TITLE_WIDTH, max(text_width(title, size) for title in titles))
    return [
        padded(label(title, size, width), width, frame.height, middle=True)
        for title, frame in zip(titles, frames, strict=True)
    ]
