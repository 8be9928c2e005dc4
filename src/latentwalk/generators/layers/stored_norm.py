"""Batch normalisation with stored statistics, for fixed networks (Ioffe and Szegedy, 2015).

A network may carry several rows of statistics (BigGAN-deep has one for each of 51 truncations): a row is chosen by a
number that may lie between two of them.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F


def stored_row(rows: Float[Tensor, "r c"], position: float) -> Float[Tensor, " c"]:
    """The row at a position in [0, r - 1], linearly between its two neighbours."""
    below = min(int(position), len(rows) - 1)
    above = min(below + 1, len(rows) - 1)
    return torch.lerp(rows[below], rows[above], position - below)


class StoredNorm(nn.Module):
    """Stored statistics, a learned scale `gain` [c] and shift `offset` [c], the same for every code."""

    mean: Tensor
    var: Tensor

    def __init__(self, channels: int, rows: int, eps: float) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.empty(channels))
        self.offset = nn.Parameter(torch.empty(channels))
        self.register_buffer("mean", torch.empty(rows, channels))
        self.register_buffer("var", torch.empty(rows, channels))
        self.eps = eps

    def forward(self, x: Float[Tensor, "n c h w"], position: float = 0.0) -> Float[Tensor, "n c h w"]:
        scale = self.gain * torch.rsqrt(stored_row(self.var, position) + self.eps)
        shift = self.offset - stored_row(self.mean, position) * scale
        return torch.addcmul(shift[:, None, None], x, scale[:, None, None])


class ConditionalNorm(nn.Module):
    """Stored statistics; scale (1 + gain v) and shift (offset v) come from a condition v (de Vries et al., 2017).

    gain, offset: [c, v].
    """

    mean: Tensor
    var: Tensor

    def __init__(self, channels: int, condition: int, rows: int, eps: float) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.empty(channels, condition))
        self.offset = nn.Parameter(torch.empty(channels, condition))
        self.register_buffer("mean", torch.empty(rows, channels))
        self.register_buffer("var", torch.empty(rows, channels))
        self.eps = eps

    def forward(
        self, x: Float[Tensor, "n c h w"], condition: Float[Tensor, "n v"], position: float = 0.0
    ) -> Float[Tensor, "n c h w"]:
        scale = (1 + F.linear(condition, self.gain)) * torch.rsqrt(stored_row(self.var, position) + self.eps)
        shift = F.linear(condition, self.offset) - stored_row(self.mean, position) * scale
        return torch.addcmul(shift[..., None, None], x, scale[..., None, None])

    def entry(self, start: int, end: int) -> Float[Tensor, "rows d"]:
        """Both affine maps of the columns [start, end) of the condition, one above the other."""
        return torch.cat([self.gain, self.offset])[:, start:end].detach()
