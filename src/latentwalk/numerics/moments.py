"""Exact moments of any number of vectors in one pass, and their principal axes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from scipy.linalg.blas import dsyrk  # pyright: ignore[reportAttributeAccessIssue] - made when it is built
from scipy.sparse.linalg import eigsh
from torch import Tensor

BLOCK = 2**19
"""Numbers in the block of vectors that is worked on: 4 MB, so that it stays in the cache of a processor."""

FEWEST_ROWS = 512
"""Vectors in a block even when they are wide: fewer would move the scatter through memory too often."""

WIDE = 2048
"""Above this size of a matrix its few largest eigenvalues are found by themselves, and not among all."""


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
        """The moments of one batch. Errors as in `over`."""
        return Moments.over([rows])

    @staticmethod
    def over(batches: Iterable[Float[Tensor, "_ d"]]) -> "Moments":
        """The moments of all batches together, of any device and floating type, in one pass.

        Beside the result this takes the memory of one block, and how the vectors are cut into batches changes nothing.
        Raises ValueError for no vectors, and for numbers that are not finite.
        """
        seen, scatter = None, torch.empty(0, 0)
        for seen in deviations(batches):
            if not len(scatter):
                scatter = torch.zeros(len(seen.mean), len(seen.mean), dtype=torch.float64)
            # BLAS counts by columns: what it sees is the transpose of both, and its upper triangle our lower one
            dsyrk(1.0, seen.rows.numpy().T, beta=1.0, c=scatter.numpy().T, overwrite_c=1)
        if seen is None:
            raise ValueError("expected at least one vector, got none")
        _mirror(scatter)
        return Moments(seen.count, seen.mean, scatter)

    def __add__(self, other: "Moments") -> "Moments":
        count, mean, gap = joined(self.count, self.mean, other.count, other.mean)
        return Moments(count, mean, (self.scatter + other.scatter).addr_(gap, gap))

    @property
    def covariance(self) -> Float[Tensor, "d d"]:
        """[d, d], unbiased. Raises ValueError for fewer than two vectors."""
        if self.count < 2:
            raise ValueError(f"a covariance needs at least 2 vectors, got {self.count}")
        return self.scatter / (self.count - 1)


@dataclass(frozen=True, eq=False)
class Centred:
    """How many vectors there were so far, their mean [d], and rows [m, d]: see `deviations`."""

    count: int
    mean: Float[Tensor, "d"]
    rows: Float[Tensor, "m d"]


def deviations(batches: Iterable[Float[Tensor, "_ d"]]) -> Iterator[Centred]:
    """Rows whose sums of products about 0 add up to the scatter of all vectors about the mean of all.

    The mean is not known before the last vector. So each block is centred on its own mean, and one more row makes up
    for the gap between this mean and that of the blocks before it: exact, and nothing large is ever subtracted.
    The rows are float64, on the CPU, and overwritten once the next ones are asked for.
    Raises ValueError for numbers that are not finite.
    """
    count, mean = 0, torch.zeros((), dtype=torch.float64)
    for block in _blocks(batches):
        rows, spare = block[:-1], block[-1:]
        here = rows.mean(0)
        if not bool(here.isfinite().all()):
            raise ValueError("expected finite numbers, got vectors with NaN or infinity in them")
        rows -= here
        count, mean, gap = joined(count, mean.expand_as(here), len(rows), here)
        spare[0] = gap
        yield Centred(count, mean, block)


def joined(
    count: int, mean: Float[Tensor, "d"], more: int, other: Float[Tensor, "d"]
) -> tuple[int, Float[Tensor, "d"], Float[Tensor, "d"]]:
    """The count and the mean of two sets of vectors together, and the row whose products their scatters lack."""
    both, gap = count + more, other - mean
    return both, mean + gap * (more / both), gap * (count * more / both) ** 0.5


def _blocks(batches: Iterable[Float[Tensor, "_ d"]]) -> Iterator[Float[Tensor, "m d"]]:
    """The vectors in float64, in blocks of one length whatever the batches were, each with a spare row at its end."""
    buffer, filled = torch.empty(0, 0, dtype=torch.float64), 0
    for batch in batches:
        rows = batch.detach()
        if not len(buffer) and len(rows):
            size = rows.shape[1]
            buffer = torch.empty(max(FEWEST_ROWS, BLOCK // size) + 1, size, dtype=torch.float64)
        while len(rows):
            taken = rows[: len(buffer) - 1 - filled]
            buffer[filled : filled + len(taken)].copy_(taken)
            rows, filled = rows[len(taken) :], filled + len(taken)
            if filled == len(buffer) - 1:
                yield buffer
                filled = 0
    if filled:
        yield buffer[: filled + 1]


def _mirror(matrix: Float[Tensor, "d d"], step: int = 512) -> None:
    """Copy the lower triangle to the upper one, in place."""
    for start in range(0, len(matrix), step):
        band = matrix[start : start + step]
        band[:, start : start + step] = band[:, start : start + step].tril() + band[:, start : start + step].tril(-1).T
        matrix[:start, start : start + step] = band[:, :start].T


def principal(matrix: Float[Tensor, "d d"], count: int) -> tuple[Float[Tensor, "k"], Float[Tensor, "k d"]]:
    """The largest eigenvalues of a symmetric matrix and their vectors as rows, largest first.

    Few of a wide matrix are found by the Lanczos method, to the same precision (Lehoucq, Sorensen and Yang, 1998).
    The largest number of each vector by size is positive, so that the sign does not depend on the machine.
    """
    size = len(matrix)
    if size > WIDE and count < size // 10:
        start = np.random.default_rng(0).standard_normal(size)
        found = eigsh(matrix.double().cpu().numpy(), k=count, v0=start)
        values, vectors = (torch.from_numpy(part).to(matrix) for part in found)
    else:
        values, vectors = torch.linalg.eigh(matrix)
    order = values.argsort(descending=True)[:count]
    values, vectors = values[order], vectors.T[order].contiguous()
    return values, vectors * sign_of(vectors)


def sign_of(vectors: Float[Tensor, "k d"]) -> Float[Tensor, "k 1"]:
    """1 or -1 per vector: the sign of its largest number by size."""
    return vectors.gather(1, vectors.abs().argmax(1, keepdim=True)).sign()
