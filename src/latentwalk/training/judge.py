"""How good a scorer is on labels it never saw: ranking, precision, calibration."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from scipy.optimize import minimize_scalar
from sklearn.metrics import average_precision_score, roc_auc_score
from torch import Tensor

from latentwalk.scorers.classifier import Classifier


def temperature(logits: Float[Tensor, "n"], labels: Float[Tensor, "n"]) -> float:
    """The number that logits are divided by so that they become probabilities (Guo et al., 2017, section 4.2).

    Minimises the cross-entropy on the labels that are known (1 or 0, NaN otherwise); between 0.25 and 4.
    """
    known = ~torch.isnan(labels)
    x, y = logits[known].double(), labels[known].double()

    def loss(log_t: float) -> float:
        return float(torch.nn.functional.binary_cross_entropy_with_logits(x / np.exp(log_t), y))

    found: Any = minimize_scalar(loss, bounds=(np.log(0.25), np.log(4.0)), method="bounded")
    return float(np.exp(found.x))


def calibrate(scorer: Classifier, logits: Float[Tensor, "n a"], labels: Float[Tensor, "n a"]) -> None:
    """Set the temperatures of a scorer whose temperatures are still one, from its logits on labels [n, a]."""
    found = [temperature(x, y) for x, y in zip(logits.T.cpu(), labels.T.cpu(), strict=True)]
    scorer.temperature.copy_(torch.tensor(found).to(scorer.temperature))


def calibration_error(logits: Float[Tensor, "n"], labels: Float[Tensor, "n"], bins: int = 10) -> float:
    """Expected calibration error: mean |confidence - frequency| over equal-width bins, weighted by their counts."""
    known = ~torch.isnan(labels)
    p, y = torch.sigmoid(logits[known]).double(), labels[known].double()
    place = (p * bins).long().clamp(max=bins - 1)
    gaps = [(p[place == b].mean() - y[place == b].mean()).abs() * (place == b).sum() for b in place.unique()]
    return float(torch.stack(gaps).sum() / len(p))


def report(
    logits: Float[Tensor, "n a"], labels: Float[Tensor, "n a"], attributes: Sequence[str]
) -> list[dict[str, Any]]:
    """One row per attribute: counts, AUC with its 95% bootstrap interval, average precision, calibration error."""
    rows = []
    for name, x, y in zip(attributes, logits.T.cpu(), labels.T.cpu(), strict=True):
        known = ~torch.isnan(y)
        scores, truth = x[known].numpy(), y[known].numpy()
        both = 0 < truth.sum() < len(truth)
        low, high = _interval(scores, truth) if both else (float("nan"), float("nan"))
        rows.append(
            {
                "attribute": name,
                "labels": int(known.sum()),
                "positive": int(truth.sum()),
                "auc": float(roc_auc_score(truth, scores)) if both else float("nan"),
                "auc_low": low,
                "auc_high": high,
                "average_precision": float(average_precision_score(truth, scores)) if both else float("nan"),
                "calibration_error": calibration_error(x, y),
            }
        )
    return rows


def _interval(scores: np.ndarray, truth: np.ndarray, draws: int = 400) -> tuple[float, float]:
    """Where the middle 95% of the AUCs lie when the labels are drawn again with replacement (Efron, 1979)."""
    _, place = np.unique(scores, return_inverse=True)
    rng = np.random.default_rng(0)
    values = []
    for _ in range(draws):
        chosen = rng.integers(0, len(truth), len(truth))
        yes, no = (np.bincount(place[chosen], weights) for weights in (truth[chosen], 1 - truth[chosen]))
        if yes.any() and no.any():
            # The share of pairs in which the positive one ranks higher; ties count half (Mann and Whitney, 1947).
            values.append(yes @ (no.cumsum() - no / 2) / (yes.sum() * no.sum()))
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)
