"""Where in the picture a direction acts, and how local that is."""

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.sweep import Sweep


def change_map(sweep: Sweep) -> Float[Tensor, "h w"]:
    """Mean |change| of every pixel at a usual strength, either way."""
    return sweep.close.changes[list(sweep.typical)].mean(0)


def area(changes: Float[Tensor, "h w"], share: float) -> float:
    """The smallest part of the picture that holds this share of all change, in (0, 1]; NaN where nothing changes.

    Where all pixels change alike it is the share itself; the less, the more local the change.
    """
    falling = changes.flatten().double().sort(descending=True).values
    total = falling.cumsum(0)
    if not total[-1] > 0:
        return torch.nan
    return float((total < share * total[-1]).sum() + 1) / len(falling)


def area_half(sweep: Sweep) -> float:
    return area(change_map(sweep), 0.5)


def area_most(sweep: Sweep) -> float:
    return area(change_map(sweep), 0.8)
