"""Pictures as histograms of their gradients over cells (Dalal and Triggs, 2005): what is where, in any light."""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

BINS = 9
"""Directions of edges that are told apart, of 180 degrees."""

CELL = 8
"""Pixels of a cell's side. Each also counts half a side beyond it."""

MOST = 0.6
"""No share counts for more, so that one strong edge is not all that there is."""

FAINT = 0.02
"""Gradients, of pixels in [-1, 1], that count for nothing: a cell without edges is no pattern of noise."""


def histograms(images: Float[Tensor, "n c h w"], step: int = CELL) -> Float[Tensor, "n bins rows columns"]:
    """How much of each direction every cell holds, as shares of what it and its neighbours hold.

    images: in [-1, 1], of sides that are multiples of `CELL`. step: pixels from one cell to the next, which divides
    `CELL`: a smaller one gives the cells of all the windows that start at its multiples.
    """
    # the mean of 16 pixels around a cell's middle, by way of blocks of 4
    blocks = F.avg_pool2d(_edges(images), CELL // 2)
    cells = F.avg_pool2d(blocks, 4, 2 * step // CELL, 1, count_include_pad=False)
    around = _neighbours(cells.square().sum(1, keepdim=True), CELL // step)
    return (cells / (around + FAINT**2).sqrt()).clamp(max=MOST)


def _neighbours(values: Float[Tensor, "n 1 h w"], reach: int) -> Float[Tensor, "n 1 h w"]:
    """The mean of each cell and the eight at this distance."""
    padded = F.pad(values, [reach] * 4, mode="replicate")
    height, width = values.shape[2:]
    starts = (0, reach, 2 * reach)
    parts = [padded[:, :, down : down + height, across : across + width] for down in starts for across in starts]
    return torch.stack(parts).mean(0)


def _edges(images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n bins h w"]:
    """Per direction the size of the gradient, of the channel where it is largest; shared by the two nearest bins."""
    padded = F.pad(images, [1, 1, 1, 1], mode="replicate")
    across = (padded[:, :, 1:-1, 2:] - padded[:, :, 1:-1, :-2]) / 2
    down = (padded[:, :, 2:, 1:-1] - padded[:, :, :-2, 1:-1]) / 2
    size, channel = (across.square() + down.square()).max(1, keepdim=True)
    across, down = across.gather(1, channel), down.gather(1, channel)
    turn = torch.atan2(down, across).div_(math.pi / BINS).add_(BINS)  # 0 to 2 BINS: 180 degrees twice
    lower = turn.floor()
    share = turn - lower
    first = lower.long() % BINS
    size = size.sqrt()
    edges = images.new_zeros(len(images), BINS, *images.shape[2:])
    edges.scatter_(1, first, size * (1 - share))
    return edges.scatter_(1, (first + 1) % BINS, size * share)
