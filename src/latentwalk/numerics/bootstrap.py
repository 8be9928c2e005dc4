"""How sure a mean over codes is: the percentile bootstrap (Efron, 1979), with the same resamples for all."""

import numpy as np
from jaxtyping import Float

from latentwalk.evaluation import Estimate

RESAMPLES = 1000
LOW, HIGH = 2.5, 97.5
"""Percentiles: an interval of 95%."""


def resamples(codes: int, seed: int = 0, count: int = RESAMPLES) -> Float[np.ndarray, "r n"]:
    """Weights of the codes in every resample, rows of sum 1: how often each was drawn with replacement, over n."""
    random = np.random.default_rng(seed)
    return random.multinomial(codes, np.full(codes, 1 / codes), size=count) / codes


def weighted(values: Float[np.ndarray, "n *rest"], weights: Float[np.ndarray, "r n"]) -> Float[np.ndarray, "r *rest"]:
    """The mean of every resample."""
    return (weights @ values.reshape(len(values), -1)).reshape(len(weights), *values.shape[1:])


def estimate(value: float, drawn: Float[np.ndarray, "r"]) -> Estimate:
    """A figure with the interval in which it lies in 95% of the resamples."""
    low, high = np.percentile(drawn, (LOW, HIGH))
    return Estimate(value=value, low=float(low), high=float(high))


def mean_estimate(values: Float[np.ndarray, "n"], weights: Float[np.ndarray, "r n"]) -> Estimate | None:
    """The mean of the values that are numbers, with its interval; None when there are none."""
    known = np.isfinite(values)
    if not known.any():
        return None
    shares = weights[:, known].sum(1)
    drawn = (weights[:, known] @ values[known])[shares > 0] / shares[shares > 0]
    return estimate(float(values[known].mean()), drawn)
