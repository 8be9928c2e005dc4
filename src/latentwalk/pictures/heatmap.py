"""Where an edit changed the picture."""

from collections.abc import Sequence

import matplotlib
import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from latentwalk.pictures.grid import PAIR_GAP
from latentwalk.pictures.layout import GAP, MARGIN, beside, check_count, enlarge, framed, stack, table
from latentwalk.pictures.text import FAINT, caption, caption_size, label

COLOURS = matplotlib.colormaps["magma"]

VISIBLE = 1 / 255
"""The smallest change that a picture can show. The scale ends no lower, or rounding would look like an edit."""


def difference(before: Float[Tensor, "n c h w"], after: Float[Tensor, "n c h w"]) -> Float[Tensor, "n h w"]:
    """Mean absolute difference over the channels, as a share of the range of an image: 0 is equal, 1 black to white.

    Raises ValueError when the shapes differ.
    """
    if before.shape != after.shape:
        raise ValueError(f"expected images of one shape, got {list(before.shape)} before, {list(after.shape)} after")
    return (after.detach().float() - before.detach().float()).abs().mean(1) / 2


def heat(
    before: Float[Tensor, "n c h w"],
    after: Float[Tensor, "n c h w"],
    captions: Sequence[str] | None = None,
    columns: int = 2,
    scale: int | None = None,
) -> Image.Image:
    """Per code: before, after and a map of the change; one scale for all, which a bar at the bottom explains.

    before, after: images in [-1, 1]. captions: one text per code. columns: codes per row. scale: enlarge each image
    by this factor; without it, until it can be seen well.
    Raises ValueError for no images, shapes that differ, captions that do not match, a scale or a number of columns
    below 1.
    """
    change = difference(before, after)
    left, right = enlarge(before, scale), enlarge(after, scale)
    if captions is not None:
        check_count("caption", captions, len(left), of="code")
    top = max(float(change.max()), VISIBLE)
    size = caption_size(left[0].width)
    cells = [
        caption(beside(pictures), "" if captions is None else captions[i], size)
        for i, pictures in enumerate(zip(left, right, enlarge(colour(change, top), scale), strict=True))
    ]
    headings = _headings(left[0].width, size)
    cells = [stack([headings, cell], 0) if i < columns else cell for i, cell in enumerate(cells)]
    return framed(stack([table(cells, columns, PAIR_GAP), colour_bar(top, max(11, size - 1))], PAIR_GAP), MARGIN)


def colour(change: Float[Tensor, "n h w"], top: float) -> Float[Tensor, "n 3 h w"]:
    """Images in [-1, 1] of changes in [0, top]; no change at all is the lowest colour. top: above 0."""
    shares = (change / top).cpu().numpy()
    red_green_blue = np.asarray(COLOURS(shares))[..., :3].astype(np.float32)
    return torch.from_numpy(red_green_blue).permute(0, 3, 1, 2) * 2 - 1


def colour_bar(top: float, size: int) -> Image.Image:
    """All colours of the map from 0 to `top`, with the numbers at both ends in letters of `size` pixels."""
    (bar,) = enlarge(colour(torch.linspace(0, 1, 12 * size).expand(1, size, -1), 1.0), 1)
    start, end = label("change 0", size), label(f"{top:.2g}", size)
    return beside(
        [start, bar, end, label("of the range from black to white", size, colour=FAINT)], 2 * GAP, middle=True
    )


def _headings(width: int, size: int) -> Image.Image:
    """The words above three images of this width."""
    return beside([label(word, size, width, FAINT, centred=True) for word in ("before", "after", "change")])
