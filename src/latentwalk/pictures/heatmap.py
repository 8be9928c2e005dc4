"""Where an edit changed the picture."""

import matplotlib
import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from latentwalk.pictures.grid import PAIR_GAP
from latentwalk.pictures.layout import GAP, MARGIN, beside, captioned, enlarge, framed, stack, table
from latentwalk.pictures.text import FAINT, caption_size, label

COLOURS = matplotlib.colormaps["magma"]


def difference(before: Float[Tensor, "n c h w"], after: Float[Tensor, "n c h w"]) -> Float[Tensor, "n h w"]:
    """Mean absolute difference over the channels, as a share of the range of an image: 0 is equal, 1 black to white.

    Raises ValueError when the shapes differ.
    """
    if before.shape != after.shape:
        raise ValueError(f"expected images of one shape, got {list(before.shape)} before, {list(after.shape)} after")
    return (after.detach().float() - before.detach().float()).abs().mean(1) / 2


def heat(
    before: Float[Tensor, "n c h w"], after: Float[Tensor, "n c h w"], columns: int = 4, scale: int = 2
) -> Image.Image:
    """Per code: before, after and a map of the change; one scale for all, which a bar at the bottom explains.

    before, after: images in [-1, 1]. columns: codes per row.
    Raises ValueError for no images, shapes that differ, a scale or a number of columns below 1.
    """
    change = difference(before, after)
    left, right = enlarge(before, scale), enlarge(after, scale)
    top = float(change.max())
    maps = enlarge(colour(change, top), scale)
    cells = []
    for i, pictures in enumerate(zip(left, right, maps, strict=True)):
        headings = ["before", "after", "change"] if i < columns else None
        cells.append(beside(_headed(pictures, headings)))
    body = table(cells, columns, PAIR_GAP)
    return framed(stack([body, colour_bar(top, max(11, caption_size(left[0].width) - 1))], PAIR_GAP), MARGIN)


def colour(change: Float[Tensor, "n h w"], top: float) -> Float[Tensor, "n 3 h w"]:
    """Images in [-1, 1] of changes in [0, top]; no change at all is the lowest colour."""
    shares = (change / top if top > 0 else torch.zeros_like(change)).cpu().numpy()
    red_green_blue = np.asarray(COLOURS(shares))[..., :3].astype(np.float32)
    return torch.from_numpy(red_green_blue).permute(0, 3, 1, 2) * 2 - 1


def colour_bar(top: float, size: int) -> Image.Image:
    """All colours of the map from 0 to `top`, with the numbers at both ends in letters of this size."""
    ramp = torch.linspace(0, 1, 12 * size).expand(1, size, -1)
    (bar,) = enlarge(colour(ramp, 1.0), 1)
    words = [label("change 0", size), bar, label(f"{top:.2g}", size), label("of the range from black to white", size, colour=FAINT)]
    return beside(words, 2 * GAP, middle=True)


def _headed(pictures, headings):
    return pictures if headings is None else [stack([label(h, caption_size(p.width), p.width, FAINT, centred=True), p], 0) for h, p in zip(headings, pictures, strict=True)]
