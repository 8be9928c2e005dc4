"""The principal axes of vectors too wide for a covariance, from a random sketch of it, with the error that this makes.

A covariance S [d, d] is met on a few random vectors T only: S T, which one pass over the vectors gives without S ever
being there (Halko, Martinsson and Tropp, 2011, section 5.5). The Nystrom approximation S T (T' S T)^-1 (S T)' made
from it never exceeds S, so what it misses is known exactly: the difference of the traces (Tropp, Yurtsever, Udell and
Cevher, 2017, algorithm 3). A few more random vectors, kept out of it, estimate how wrong each axis is.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.numerics.moments import deviations, joined, sign_of

CHECKS = 10
"""Random vectors kept out of the approximation to check it: the estimated errors are then good to about 20%."""


class Sketched(NamedTuple):
    """Principal axes out of a sketch.

    values: variances [k] along them, never larger than the true ones. vectors: [k, d], orthonormal rows.
    residuals: [k], estimates of |S v - value v|. Some true variance is no further than this from the value, and the
    sine of the angle between the axis and the true one is at most about this divided by the gap to other variances.
    missed: share of the total variance that is outside of the whole sketch, exact.
    """

    values: Float[Tensor, "k"]
    vectors: Float[Tensor, "k d"]
    residuals: Float[Tensor, "k"]
    missed: float


@dataclass(frozen=True, eq=False)
class Sketch:
    """What one pass keeps of vectors [d + kept]: exact numbers in float64, about random combinations of the first d.

    count, mean [d + kept]: as in `Moments`. total: sum of squares about the mean of the first d numbers.
    product: [d + kept, columns + CHECKS + kept], the scatter times the random vectors, then the scatter's last `kept`
    columns as they are: what goes with the wide vectors (the codes that they came from) is not sketched.
    columns, seed: of the random vectors. Sketches of the same ones add, as moments do.
    """

    count: int
    mean: Float[Tensor, "d"]
    total: float
    product: Float[Tensor, "d m"]
    columns: int
    kept: int
    seed: int

    @staticmethod
    def over(batches: Iterable[Float[Tensor, "_ d"]], columns: int, kept: int = 0, seed: int = 0) -> "Sketch":
        """The sketch of all batches together, of any device and floating type, in one pass.

        columns: random vectors; more of them take time and memory and make the error smaller. At most d.
        Raises ValueError for no vectors, for more columns than there are numbers, and for numbers that are not finite.
        """
        seen, product, total, test = None, torch.empty(0), 0.0, torch.empty(0)
        for seen in deviations(batches):
            rows = seen.rows
            wide, beside = rows[:, : rows.shape[1] - kept], rows[:, rows.shape[1] - kept :]
            if not len(product):
                test = random_vectors(wide.shape[1], columns, seed)
                product = torch.zeros(rows.shape[1], test.shape[1] + kept, dtype=torch.float64)
            product.addmm_(rows.T, torch.cat([wide @ test, beside], 1))
            total += float(torch.linalg.vector_norm(wide)) ** 2
        if seen is None:
            raise ValueError("expected at least one vector, got none")
        return Sketch(seen.count, seen.mean, total, product, columns, kept, seed)

    def __add__(self, other: "Sketch") -> "Sketch":
        """The sketch of both sets of vectors. Raises ValueError when the random vectors were not the same."""
        mine, theirs = ((s.product.shape, s.columns, s.kept, s.seed) for s in (self, other))
        if mine != theirs:
            raise ValueError(f"sketches add when shape, columns, kept and seed are the same, got {mine} and {theirs}")
        count, mean, gap = joined(self.count, self.mean, other.count, other.mean)
        wide = gap[: self.size]
        seen = torch.cat([wide @ random_vectors(self.size, self.columns, self.seed), gap[self.size :]])
        product = (self.product + other.product).addr_(gap, seen)
        return Sketch(count, mean, self.total + other.total + float(wide @ wide), product, *mine[1:])

    @property
    def size(self) -> int:
        """Numbers of a vector that are sketched."""
        return len(self.mean) - self.kept

    @property
    def beside(self) -> Float[Tensor, "d kept"]:
        """The exact covariance of all numbers with the last `kept`. Raises ValueError for fewer than two vectors."""
        return self.product[:, self.product.shape[1] - self.kept :] / self._freedom

    @property
    def variance(self) -> float:
        """The total variance of the sketched numbers, exact. Raises ValueError for fewer than two vectors."""
        return self.total / self._freedom

    @property
    def _freedom(self) -> int:
        if self.count < 2:
            raise ValueError(f"a covariance needs at least 2 vectors, got {self.count}")
        return self.count - 1

    def principal(self, count: int) -> Sketched:
        """The largest `count` principal axes, signs as in `statistics.principal`.

        Raises ValueError for more than there are columns, and for fewer than two vectors.
        """
        if count > self.columns:
            raise ValueError(f"a sketch of {self.columns} columns has as many axes at most, got {count}: widen it")
        test = random_vectors(self.size, self.columns, self.seed)
        seen = self.product[: self.size] / self._freedom
        basis, checks = test[:, : self.columns], test[:, self.columns :]
        values, vectors = nystrom(seen[:, : self.columns], basis)
        missed = 1 - float(values.sum()) / self.variance if self.total else 0.0
        values, vectors = values[:count], vectors[:count] * sign_of(vectors[:count])
        # for a normal vector t, the mean of (t'r)^2 is |r|^2
        errors = vectors @ seen[:, self.columns : test.shape[1]] - values[:, None] * (vectors @ checks)
        return Sketched(values, vectors, errors.square().mean(1).sqrt(), max(missed, 0.0))


def random_vectors(size: int, columns: int, seed: int) -> Float[Tensor, "d m"]:
    """Normal random vectors: as many as there are columns, of norm 1 on average, then standard ones for the checks.

    Raises ValueError for more columns than numbers.
    """
    if not 0 < columns <= size:
        raise ValueError(f"a sketch of vectors of {size} numbers has 1 to {size} columns, got {columns}")
    random = torch.Generator().manual_seed(seed)
    test = torch.randn(size, columns + CHECKS, generator=random, dtype=torch.float64)
    test[:, :columns] /= size**0.5
    return test


def nystrom(seen: Float[Tensor, "d m"], test: Float[Tensor, "d m"]) -> tuple[Float[Tensor, "r"], Float[Tensor, "r d"]]:
    """Eigenvalues and vectors (rows) of the Nystrom approximation of S from S T and T.

    A small multiple of the identity is added first and taken off the eigenvalues afterwards, so that rounding errors
    in a matrix of low rank stay rounding errors (Tropp et al., 2017, algorithm 3).
    """
    shift = torch.finfo(seen.dtype).eps * math.sqrt(len(seen)) * float(torch.linalg.matrix_norm(seen))
    if shift == 0:
        return seen.new_zeros(seen.shape[1]), torch.linalg.qr(test)[0].T
    shifted = seen + shift * test
    core = test.T @ shifted
    lower = torch.linalg.cholesky((core + core.T) / 2)
    basis, small = torch.linalg.qr(shifted)  # so that what is decomposed is small
    root = torch.linalg.solve_triangular(lower, small.T, upper=False)
    _, sizes, vectors = torch.linalg.svd(root)
    return (sizes.square() - shift).clamp(min=0), vectors @ basis.T
