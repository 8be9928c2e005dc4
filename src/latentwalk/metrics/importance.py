"""With known factors: disentanglement and completeness, from what boosted trees need to predict each factor.

Not among `METRICS`: they need the true factors of a picture, which generators trained on known factors will have.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

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


def dci(
    codes: Float[np.ndarray, "n k"], factors: Float[np.ndarray, "n m"], held_out: float = 0.3, seed: int = 0
) -> DCI:
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
    importances, scores = [], []
    for factor in factors.T:
        kind = GradientBoostingClassifier if len(np.unique(factor)) <= LEVELS else GradientBoostingRegressor
        model = kind(random_state=seed, max_depth=3, n_estimators=50)
        model.fit(codes[:taught], factor[:taught])
        importances.append(model.feature_importances_)
        scores.append(max(0.0, float(model.score(codes[taught:], factor[taught:]))))
    table = np.stack(importances, 1)
    return DCI(_focus(table), _focus(table.T), float(np.mean(scores)))


def _focus(table: Float[np.ndarray, "k m"]) -> float:
    """1 minus the entropy of every row over log m, weighted by the rows' sums: 1 where each has one entry alone."""
    sums = table.sum(1)
    shares = table / np.where(sums > 0, sums, 1)[:, None]
    entropy = -(shares * np.log(np.where(shares > 0, shares, 1))).sum(1) / max(np.log(table.shape[1]), 1e-12)
    return float(((1 - entropy) * sums).sum() / sums.sum())
