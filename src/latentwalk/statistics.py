"""Exact moments of any number of codes in one pass, and their principal axes."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Moments:
    """How many vectors there were, their mean [d] and their scatter [d, d] about it (sum of products), in float64.

    Moments add: those of two halves merged are those of the whole (Chan, Golub and LeVeque, 1979, equation 2.1).
    """

    count: int
    mean: Float[Tensor, "d"]
    scatter: Float[Tensor, "d d"]

    @staticmethod
    def of(rows: Float[Tensor, "n d"]) -> "Moments":
        """The moments of one batch. Raises ValueError for none, and for numbers that are not finite."""
        if len(rows) == 0:
            raise ValueError("expected at least one vector, got none")
        exact = rows.detach().cpu().double()  # not every device has float64
        mean = exact.mean(0)
        if not bool(mean.isfinite().all()):
            raise ValueError("expected finite numbers, got vectors with NaN or infinity in them")
        exact = exact - mean
        return Moments(len(rows), mean, exact.T @ exact)

    def __add__(self, other: "Moments") -> "Moments":
        count = self.count + other.count
        gap = other.mean - self.mean
        mean = self.mean + gap * (other.count / count)
        scatter = self.scatter + other.scatter
        scatter.addr_(gap, gap, alpha=self.count * other.count / count)
        return Moments(count, mean, scatter)

    @property
    def covariance(self) -> Float[Tensor, "d d"]:
        """[d, d], unbiased. Raises ValueError for fewer than two vectors."""
        if self.count < 2:
            raise ValueError(f"a covariance needs at least 2 vectors, got {self.count}")
        return self.scatter / (self.count - 1)


def principal(matrix: Float[Tensor, "d d"], count: int) -> tuple[Float[Tensor, "k"], Float[Tensor, "k d"]]:
    """The largest eigenvalues of a symmetric matrix and their vectors as rows, largest first.

    The largest number of each vector by size is positive, so that the sign does not depend on the machine.
    """
    values, vectors = torch.linalg.eigh(matrix)
    values, vectors = values.flip(0)[:count], vectors.flip(1)[:, :count].T.contiguous()
    return values, vectors * sign_of(vectors)


def sign_of(vectors: Float[Tensor, "k d"]) -> Float[Tensor, "k 1"]:
    """1 or -1 per vector: the sign of its largest number by size."""
    return vectors.gather(1, vectors.abs().argmax(1, keepdim=True)).sign()
