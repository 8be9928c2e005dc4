"""Linear maps between vectors, learned from pairs by ridge regression.

The ridge is the one that does best on a tenth of the pairs that was not learned from; then all are. Sums of products
add, so all of it comes from those of the two parts.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.numerics.moments import Moments

RIDGES = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
"""What is tried, as shares of the mean scatter of the numbers that are mapped."""

SAME = 1e-6
"""Relative size below which vectors are dependent but for the rounding of float32 numbers."""

FEWEST = 20
"""Pairs that a map is learned from at least."""


class Linear(NamedTuple):
    """y = x @ weight + bias. ridge: the r of |y - x w|^2 + r |w|^2."""

    weight: Float[Tensor, "p d"]
    bias: Float[Tensor, "d"]
    ridge: float

    def __call__(self, rows: Float[Tensor, "n p"]) -> Float[Tensor, "n d"]:
        return rows @ self.weight + self.bias


def learn_linear(
    inputs: Float[Tensor, "n p"], outputs: Float[Tensor, "n d"], ridges: tuple[float, ...] = RIDGES
) -> Linear:
    """The best map from inputs to outputs, in float64 on the CPU. Raises ValueError for too few pairs.

    The last tenth of the pairs tells the ridges apart: where several stem from one thing, they are to be neighbours.
    """
    if len(inputs) < FEWEST:
        raise ValueError(f"a map is learned from {FEWEST} pairs or more, got {len(inputs)}")
    pairs, size = torch.cat([inputs, outputs], 1).cpu(), inputs.shape[1]
    held = len(pairs) // 10
    unseen = pairs[-held:].double()
    some, others = Moments.of(pairs[:-held]), Moments.of(pairs[-held:])
    errors = [float((_solve(some, size, r)(unseen[:, :size]) - unseen[:, size:]).square().mean()) for r in ridges]
    return _solve(some + others, size, ridges[errors.index(min(errors))])


def span(vectors: list[Float[Tensor, "d"]]) -> Float[Tensor, "d r"]:
    """An orthonormal basis of what vectors span; by singular values, so that dependent ones add nothing."""
    left, sizes, _ = torch.linalg.svd(torch.stack(vectors, 1), full_matrices=False)
    return left[:, sizes > SAME * sizes[0]]


def _solve(sums: Moments, size: int, share: float) -> Linear:
    """The map from the first numbers to the others."""
    inner, cross = sums.scatter[:size, :size].clone(), sums.scatter[:size, size:]
    ridge = share * max(float(inner.diagonal().mean()), 1e-12)
    inner.diagonal().add_(ridge)
    weight = torch.cholesky_solve(cross, torch.linalg.cholesky(inner))
    return Linear(weight, sums.mean[size:] - sums.mean[:size] @ weight, ridge)
