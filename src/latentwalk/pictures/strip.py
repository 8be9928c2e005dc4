"""Frames of a walk in a row: what one code looks like on its way."""

from collections.abc import Sequence

from jaxtyping import Float
from PIL import Image
from torch import Tensor

from latentwalk.pictures.layout import MARGIN, beside, captioned, centred, check_count, enlarge, framed, stack
from latentwalk.pictures.text import caption_size, label, text_width

TITLE_WIDTH = 150
"""Widest column of titles left of several strips, in pixels."""


def strip(
    images: Float[Tensor, "n c h w"], captions: Sequence[str] | None = None, title: str = "", scale: int = 2
) -> Image.Image:
    """One row of frames.

    images: frames in [-1, 1]. captions: one line or a few under each frame. title: a line above all. scale: how many
    pixels wide a pixel becomes.
    Raises ValueError for no images, a scale below 1, or another number of captions than of images.
    """
    row = beside(captioned(enlarge(images, scale), captions))
    if title.strip():
        row = stack([_title(title, images.shape[3] * scale, row.width), row])
    return framed(row, MARGIN)


def strips(
    rows: Sequence[Float[Tensor, "_ c h w"]],
    captions: Sequence[Sequence[str]] | None = None,
    titles: Sequence[str] = (),
    scale: int = 2,
) -> Image.Image:
    """Several rows of frames below each other, each with its title at the left; short rows end earlier.

    rows: per row its frames in [-1, 1]. captions: per row one text per frame. titles: one per row, or none at all.
    Raises ValueError for no rows, an empty row, or captions or titles that do not match the rows.
    """
    if len(rows) == 0:
        raise ValueError("expected at least one row of images, got none")
    if captions is not None:
        check_count("list of captions", captions, len(rows), of="row")
    if titles:
        check_count("title", titles, len(rows), of="row")
    drawn = [
        beside(captioned(enlarge(images, scale), None if captions is None else captions[i]))
        for i, images in enumerate(rows)
    ]
    if any(title.strip() for title in titles):
        drawn = _with_titles(drawn, titles, [images.shape[2] * scale for images in rows], rows[0].shape[3] * scale)
    return framed(stack(drawn, MARGIN), MARGIN)


def thin(count: int, most: int) -> list[int]:
    """At most `most` of the indices 0 ... count - 1, evenly spaced, always with the first and the last.

    Raises ValueError when fewer than two are allowed and there are more.
    """
    if count <= most:
        return list(range(count))
    if most < 2:
        raise ValueError(f"the first and the last of {count} need room for at least 2, got {most}")
    return [(i * (count - 1) + (most - 1) // 2) // (most - 1) for i in range(most)]


def _title(title: str, frame_width: int, width: int) -> Image.Image:
    return label(title, caption_size(frame_width) + 2, max(width, TITLE_WIDTH))


def _with_titles(
    rows: Sequence[Image.Image], titles: Sequence[str], heights: Sequence[int], frame_width: int
) -> list[Image.Image]:
    """Titles in one column, each centred on the frames (not the captions) of its row."""
    size = caption_size(frame_width)
    width = min(TITLE_WIDTH, max(text_width(title, size) for title in titles))
    boxes = [
        centred(label(title, size, width), width, height) for title, height in zip(titles, heights, strict=True)
    ]
    return [beside([box, row], MARGIN) for box, row in zip(boxes, rows, strict=True)]
