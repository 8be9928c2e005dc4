"""Leakage: how much a direction changes the attributes that it should leave alone."""

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.metrics.effect import rescoring
from latentwalk.sweep import Sweep


def leakage(sweep: Sweep) -> float:
    """Mean |change per unit| of the other attributes over that of the target, from means over codes; NaN without."""
    if sweep.target is None or not sweep.others:
        return torch.nan
    row = rescoring(sweep).abs()
    return float(row[sweep.others].mean() / row[sweep.target])


def dependency(changes: Float[Tensor, "*rest a"], others: list[int]) -> Float[Tensor, "*rest"]:
    """Mean |change| of the other attributes, picture by picture (Wu et al., 2021, section 4.2)."""
    return changes[..., others].abs().mean(-1)


def dependency_values(sweep: Sweep) -> Float[Tensor, "n"]:
    """Attribute dependency per code at a usual strength, either way; NaN where there is no other attribute."""
    if not sweep.others:
        return torch.full((sweep.logits.shape[1],), torch.nan)
    return dependency(sweep.changes[list(sweep.typical)], sweep.others).mean(0)


def dependency_max(sweep: Sweep) -> float:
    """The same for the one attribute that changes most of the others; NaN where there is none."""
    if not sweep.others:
        return torch.nan
    return float(sweep.changes[list(sweep.typical)][..., sweep.others].abs().mean((0, 1)).max())
