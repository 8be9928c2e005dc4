"""Directions of one attribute, compared where they all change it alike.

A longer step changes everything more, so leakage at equal strength says nothing about which direction is cleaner: the
strengths must be those at which the wanted change is the same.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.evaluation import Comparison, Estimate, Ranked
from latentwalk.metrics.identity import similarity
from latentwalk.numerics.bootstrap import estimate, weighted
from latentwalk.sweep import Sweep

WANTED = 1.0
"""The common change, in standard deviations of the attribute, where all get so far."""

WEAK = 0.25
"""Directions that do not even change it by so much are left out, instead of pulling the others down to them; and so are
those that get less than half as far as the one in the middle does, or as `wanted`."""


class Between(NamedTuple):
    """A strength between two rows of a sweep: `part` of the way from the row `low` to the row `high`."""

    low: int
    high: int
    part: float

    def of(self, rows: Float[Tensor, "k *rest"]) -> Float[Tensor, "*rest"]:
        return torch.lerp(rows[self.low], rows[self.high], self.part)


def compare(
    sweeps: Mapping[str, Sweep], weights: Float[np.ndarray, "r n"], wanted: float = WANTED
) -> Comparison | None:
    """Rank directions of one attribute by what leaks at a common change of it.

    sweeps: by key, of the same codes and judge, all with the same target. weights: see `bootstrap.resamples`.
    The common change is `wanted`, or the largest that all of those reach which are not weak. Between two strengths
    logits are interpolated, code by code. Intervals are over the codes, with strengths as they are; those of
    differences are paired. None when no direction reaches anything.
    Raises ValueError for sweeps of several targets, or without one.
    """
    targets = {(sweep.attributes, sweep.target) for sweep in sweeps.values()}
    first = next(iter(sweeps.values()))
    if len(targets) != 1 or first.target is None:
        raise ValueError(f"expected directions of one attribute, got {len(targets)}: compare attribute by attribute")
    reach = {key: float(rising(sweep).max()) for key, sweep in sweeps.items()}
    middle = min(wanted, float(np.median(list(reach.values()))))
    strong = [far for far in reach.values() if far >= max(min(WEAK, wanted), middle / 2)]
    if not strong:
        return None
    change = min(wanted, *strong)
    at = {key: where(sweeps[key], change) for key, far in reach.items() if far >= change}
    leaks = {key: _leak(sweeps[key], there, weights) for key, there in at.items()}
    order = sorted(leaks, key=lambda key: leaks[key].off)
    ranking = [_rank(key, sweeps[key], at[key], leaks[key], leaks[order[0]], key == order[0]) for key in order]
    ranking += [Ranked(key=key, reached=False) for key in sweeps if key not in at]
    return Comparison(attribute=first.attributes[first.target], change=change, ranking=ranking)


def rising(sweep: Sweep) -> Float[Tensor, "r"]:
    """Mean change of the target at the strengths that give more of it, from 0 outwards."""
    return sweep.curve[_rows(sweep), sweep.target]


def where(sweep: Sweep, change: float) -> Between:
    """Where the mean change of the target is first so large, straight lines between strengths. It must get there."""
    rows, curve = _rows(sweep), rising(sweep)
    after = int(torch.nonzero(curve >= change)[0]) if change > 0 else 1
    low, high = float(curve[after - 1]), float(curve[after])
    return Between(rows[after - 1], rows[after], (change - low) / (high - low))


def _rows(sweep: Sweep) -> list[int]:
    return list(range(sweep.zero, len(sweep.strengths)) if sweep.sign > 0 else range(sweep.zero, -1, -1))


class _Leak(NamedTuple):
    """Mean and largest attribute dependency, on all codes and in every resample."""

    off: float
    most: float
    off_resampled: Float[np.ndarray, "r"]
    most_resampled: Float[np.ndarray, "r"]


def _leak(sweep: Sweep, at: Between, weights: Float[np.ndarray, "r n"]) -> _Leak:
    others = at.of(sweep.changes)[:, sweep.others].abs().double().numpy()
    if not others.shape[1]:
        nothing = np.zeros(len(weights))
        return _Leak(0.0, 0.0, nothing, nothing)
    mean, resampled = others.mean(0), weighted(others, weights)
    return _Leak(float(mean.mean()), float(mean.max()), resampled.mean(1), resampled.max(1))


def _rank(key: str, sweep: Sweep, at: Between, leak: _Leak, best: _Leak, is_best: bool) -> Ranked:
    behind: Estimate | None = None
    if not is_best:
        behind = estimate(leak.off - best.off, leak.off_resampled - best.off_resampled)
    return Ranked(
        key=key,
        reached=True,
        strength=float(at.of(sweep.strengths)),
        off=estimate(leak.off, leak.off_resampled),
        off_max=estimate(leak.most, leak.most_resampled),
        behind=behind,
        identity=float(at.of(similarity(sweep)).mean()),
        perceptual=float(at.of(sweep.close.perceptual).mean()),
    )
