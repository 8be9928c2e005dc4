"""Ridge regression from sums of products alone, with the ridge that generalised cross-validation chooses.

It is minimised over a grid (Golub, Heath and Wahba, 1979), which the sums give in closed form: no vector is looked at
twice, and sums of parts add up to those of the whole.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from latentwalk.numerics.moments import Moments

RIDGES = np.logspace(-6, 4, 41)
"""Ridges that are tried, as shares of the mean variance of the codes."""

COST = 1.4
"""What a free parameter counts in cross-validation; a little above 1, it no longer falls for a ridge of nearly 0 when
there are about as many codes as numbers (Kim and Gu, 2004)."""


class Ridge(NamedTuple):
    """How much was shrunk. ridge: as a share of the mean variance of the codes. free: parameters that are left free, at
    most as many as the code has numbers. numbers: of the code. shrunk: what was done for too few samples, if so."""

    ridge: float
    free: float
    numbers: int
    shrunk: str | None


class Slopes(NamedTuple):
    """Slopes of the score in the code [d], and the ridge they were found with."""

    vector: Float[np.ndarray, "d"]
    ridge: Ridge


def least_squares(sums: Moments) -> Slopes:
    """Ridge regression of the last number on the others, all from their sums of products."""
    # in the principal axes of the codes every ridge is a division
    scatter, count = sums.scatter.numpy(), sums.count
    inner, cross, total = scatter[:-1, :-1], scatter[:-1, -1], scatter[-1, -1]
    values, vectors = np.linalg.eigh(inner)
    values = values.clip(min=0)
    seen, size = cross @ vectors, len(values)
    ridges = RIDGES * values.mean()
    # all ridges of the grid at once
    kept = values / (values + ridges[:, None])  # [ridges, d], how much of each axis is kept
    slopes = seen / (values + ridges[:, None])
    free = 1 + kept.sum(1)
    error = total - 2 * slopes @ seen + slopes**2 @ values
    # the error that new codes would have: that of these, over what is left of their freedom
    room = 1 - COST * free / count
    cross_validated = np.where(room > 0, error / np.maximum(room, 1e-12) ** 2, np.inf)
    best = int(cross_validated.argmin()) if np.isfinite(cross_validated).any() else len(RIDGES) - 1
    few = (
        f"{count} samples for codes of {size} numbers: shrunk to {free[best]:.0f} free ones" if count <= size else None
    )
    return Slopes(vectors @ slopes[best], Ridge(float(RIDGES[best]), float(free[best]), size, few))
