"""With known factors: disentanglement and completeness, from what boosted trees need to predict each factor.

Not among `METRICS`: they need the true factors of a picture, which generators trained on known factors will have.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from latentwalk.numerics.boosting import boosted

LEVELS = 20
"""A factor of at most so many values is one to classify, another one to regress."""


class DCI(NamedTuple):
    """disentanglement: whether a code matters for one factor alone. completeness: whether a factor needs one code
    alone. informativeness: how well factors are predicted on the held-out part: accuracy, or R^2 (at least 0). All in
    [0, 1].
    """

    disentanglement: float
    completeness: float
    informativeness: float


def dci(codes: Float[np.ndarray, "n k"], factors: Float[np.ndarray, "n m"], held_out: float = 0.3) -> DCI:
    """Disentanglement, completeness and informativeness (Eastwood and Williams, 2018, section 2).

    held_out: share of the rows, the last ones, that only judge.
    Raises ValueError for rows that do not match, and for too few.
    """
    taught = len(codes) - round(held_out * len(codes))
    if len(codes) != len(factors) or not 1 < taught < len(codes):
        raise ValueError(
            f"expected as many codes as factors, some to learn from and some held out, got {len(codes)} codes, "
            f"{len(factors)} rows of factors and a held-out share of {held_out}"
        )
    columns, owners, levels = _targets(factors)
    found = boosted(codes[:taught], columns[:taught], codes[taught:])
    table = np.stack([found.importances[:, owners == k].mean(1) for k in range(factors.shape[1])], 1)
    scores = [_score(found.said[:, owners == k], factors[taught:, k], levels[k]) for k in range(factors.shape[1])]
    return DCI(_focus(table), _focus(table.T), float(np.mean(scores)))


Levels = Float[np.ndarray, "l"]
"""The values of a factor that has few."""


def _targets(
    factors: Float[np.ndarray, "n m"],
) -> "tuple[Float[np.ndarray, 'n t'], Int[np.ndarray, 't'], list[Levels | None]]":
    """What trees learn, whose target each is, and the levels of each factor that has few.

    The factor itself where it is a degree, else for each of its levels whether it is that; for two levels, one target.
    """
    columns, owners, levels = [], [], []
    for k, factor in enumerate(factors.T):
        known = np.unique(factor)
        levels.append(known if len(known) <= LEVELS else None)
        wanted = (
            [factor] if len(known) > LEVELS else [factor == level for level in known[1 if len(known) == 2 else 0 :]]
        )
        columns += wanted
        owners += [k] * len(wanted)
    return np.stack(columns, 1).astype(np.float64), np.array(owners), levels


def _score(said: Float[np.ndarray, "n t"], truth: Float[np.ndarray, "n"], levels: Levels | None) -> float:
    """Accuracy, or R^2 (at least 0)."""
    if levels is None:
        return max(0.0, float(1 - np.square(said[:, 0] - truth).mean() / max(truth.var(), 1e-12)))
    which = said.argmax(1) if said.shape[1] > 1 else (said[:, 0] > 0.5).astype(np.int64)
    return float((levels[which] == truth).mean())


def _focus(table: Float[np.ndarray, "k m"]) -> float:
    """1 minus the entropy of every row over log m, weighted by the rows' sums: 1 where each has one entry alone."""
    sums = table.sum(1)
    shares = table / np.where(sums > 0, sums, 1)[:, None]
    entropy = -(shares * np.log(np.where(shares > 0, shares, 1))).sum(1) / max(np.log(table.shape[1]), 1e-12)
    return float(((1 - entropy) * sums).sum() / sums.sum())
