"""What a direction does to the attribute that it is meant to change."""

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.sweep import Sweep


def rescoring_values(sweep: Sweep) -> Float[Tensor, "n a"]:
    """Change of every attribute per unit of strength, per code: the slope of its changes, in standard deviations.

    The mean over codes is a row of the re-scoring matrix (Shen et al., 2020, section 4.3), which takes one strength;
    the slope (least squares through the unedited picture) takes them all.
    """
    weights = sweep.strengths / sweep.strengths.square().sum()
    return torch.einsum("k,kna->na", weights, sweep.changes)


def rescoring(sweep: Sweep) -> Float[Tensor, "a"]:
    """One row of the re-scoring matrix: mean change of every attribute per unit, in its standard deviations."""
    return rescoring_values(sweep).mean(0)


def effect_values(sweep: Sweep) -> Float[Tensor, "n"]:
    """Change of the target per unit, per code; NaN without a target."""
    if sweep.target is None:
        return torch.full((sweep.logits.shape[1],), torch.nan)
    return sweep.sign * rescoring_values(sweep)[:, sweep.target]


def crossing_values(sweep: Sweep) -> Float[Tensor, "n"]:
    """1 for every code that ends on the other side of the judge's boundary, 0 for every other; NaN without a target.

    Codes without the attribute are looked at where the direction gives most of it, those with it where it gives least.
    """
    if sweep.target is None:
        return torch.full((sweep.logits.shape[1],), torch.nan)
    column = sweep.logits[..., sweep.target]
    most, least = (column[-1], column[0]) if sweep.sign > 0 else (column[0], column[-1])
    has = column[sweep.zero] > 0
    return torch.where(has, least <= 0, most > 0).float()


def success(sweep: Sweep, row: int) -> float | None:
    """Share of the codes on the side that a strength leads away from which end on the other; None for none of them."""
    if sweep.target is None or row == sweep.zero:
        return None
    column = sweep.logits[..., sweep.target]
    has = column[sweep.zero] > 0
    up = sweep.sign * float(sweep.strengths[row]) > 0
    hits = column[row][~has] > 0 if up else column[row][has] <= 0
    return float(hits.float().mean()) if len(hits) else None
