"""Least squares of the score on the code: every score counts, not only those in the tails.

For normal codes and a score s = R n.z + sqrt(1 - R^2) noise, N images give a direction with the cosine
1 / sqrt(1 + (d - 1)(1 - R^2) / (N R^2)) to n, where a boundary between 2% tails keeps a quarter of this information. So
about a quarter of the images are enough for the same direction.

The sums of products of one pass serve everything: they add, so what was learned without a fold of the codes is the sum
of the others, and every code can both teach and judge. The ridge minimises generalised cross-validation (Golub, Heath
and Wahba, 1979), which these sums give in closed form; with many more codes than numbers it is next to nothing, and
with fewer it is what makes the answer unique.
"""

from dataclasses import asdict, dataclass
from functools import reduce
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float

from latentwalk.direction import Directions
from latentwalk.generator import Generator
from latentwalk.methods.placing import check_scores, columns, flatten, folds_of, judge, normal, place, pointing
from latentwalk.numerics.axes import axes
from latentwalk.numerics.moments import Moments
from latentwalk.samples import Samples
from latentwalk.seeds import check_seed

BLOCK = 8192
"""Codes that are summed at once."""

RIDGES = np.logspace(-6, 4, 41)
"""Ridges that are tried, as shares of the mean variance of the codes."""

COST = 1.4
"""What a free parameter counts in cross-validation; a little above 1, it no longer falls for a ridge of nearly 0 when
there are about as many codes as numbers (Kim and Gu, 2004)."""


@dataclass(frozen=True)
class Regression:
    """How to regress.

    clip: share of the scores at each end, in [0, 0.5), that are moved in to the last one that is not among them, so
    that a few wild logits do not decide. On faces64 it costs nothing.
    folds: parts of the codes, 2 or more; each is judged, and the boundary placed, by what the other parts taught.
    seed: of the folds.
    """

    clip: float = 0.01
    folds: int = 5
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.clip < 0.5:
            raise ValueError(f"the share of scores to clip at each end is at least 0 and below 0.5, got {self.clip}")
        if self.folds < 2:
            raise ValueError(f"codes are split into 2 folds or more, got {self.folds}")
        check_seed(self.seed)

    def fit(self, generator: Generator, samples: Samples) -> Directions:
        """One direction per attribute, in the space of the samples; codes without a score (NaN) are left out.

        The unit is the standard deviation of all codes along the vector. `source["figures"]` has for every attribute
        the `Figures` on codes that were not learned from, and the `Ridge`.
        Raises ValueError for codes of another generator, and for scores that nothing can be learned from.
        """
        codes = flatten(generator, samples.latents)
        reduced = axes(codes, self.seed)
        narrow = codes if reduced is None else codes @ reduced.T.astype(codes.dtype)
        items, figures = [], {}
        for name, scores in columns(samples):
            known = ~np.isnan(scores)
            check_scores(name, scores[known])
            learned, along = self._learn(narrow[known] if not known.all() else narrow, scores[known])
            wide = learned.vector if reduced is None else learned.vector @ reduced
            length, vector = np.linalg.norm(wide), normal(name, wide)
            offset = place(name, along / length, scores[known] > 0)
            items.append(pointing(name, vector, offset, codes, samples.latents.space))
            seen = judge(along / length, offset, scores[known])
            figures[name] = {**seen._asdict(), **learned.ridge._asdict()}
        source = {
            "method": "regression",
            "parameters": asdict(self),
            "generator": generator.fingerprint,
            "figures": figures,
        }
        return Directions(tuple(items), source)

    def _learn(
        self, codes: Float[np.ndarray, "n d"], scores: Float[np.ndarray, "n"]
    ) -> "tuple[Learned, Float[np.ndarray, 'n']]":
        """The slopes from all codes, and the projection of every code on slopes learned without its fold."""
        fold = folds_of(scores > 0, self.folds, self.seed)
        clipped = np.clip(scores, *np.quantile(scores, [self.clip, 1 - self.clip]))
        parts = [moments(codes, clipped, fold == k) for k in range(self.folds)]
        along = np.empty(len(scores))
        for k in range(self.folds):
            others = reduce(Moments.__add__, [part for i, part in enumerate(parts) if i != k])
            vector = least_squares(others).vector
            along[fold == k] = codes[fold == k] @ vector.astype(codes.dtype)
        return least_squares(reduce(Moments.__add__, parts)), along


class Ridge(NamedTuple):
    """How much was shrunk. ridge: as a share of the mean variance of the codes. free: parameters that are left free, at
    most as many as the code has numbers. numbers: of the code. shrunk: what was done for too few samples, if so."""

    ridge: float
    free: float
    numbers: int
    shrunk: str | None


class Learned(NamedTuple):
    """Slopes of the score in the code [d], and the ridge they were found with."""

    vector: Float[np.ndarray, "d"]
    ridge: Ridge


def moments(codes: Float[np.ndarray, "n d"], scores: Float[np.ndarray, "n"], some: Bool[np.ndarray, "n"]) -> Moments:
    """Of codes with their score as one number more, in blocks."""
    rows = np.flatnonzero(some)
    blocks = [rows[i : i + BLOCK] for i in range(0, len(rows), BLOCK)]
    return reduce(
        Moments.__add__,
        (Moments.of(torch.from_numpy(np.column_stack([codes[block], scores[block]]))) for block in blocks),
    )


def least_squares(sums: Moments) -> Learned:
    """Ridge regression of the last number on the others, all from their sums of products."""
    scatter, count = sums.scatter.numpy(), sums.count
    inner, cross, total = scatter[:-1, :-1], scatter[:-1, -1], scatter[-1, -1]
    values, vectors = np.linalg.eigh(inner)
    values = values.clip(min=0)
    seen, size = cross @ vectors, len(values)
    ridges = RIDGES * values.mean()
    kept = values / (values + ridges[:, None])  # [ridges, d], how much of each axis is kept
    slopes = seen / (values + ridges[:, None])
    free = 1 + kept.sum(1)
    error = total - 2 * slopes @ seen + slopes**2 @ values
    room = 1 - COST * free / count
    cross_validated = np.where(room > 0, error / np.maximum(room, 1e-12) ** 2, np.inf)
    best = int(cross_validated.argmin()) if np.isfinite(cross_validated).any() else len(RIDGES) - 1
    few = (
        f"{count} samples for codes of {size} numbers: shrunk to {free[best]:.0f} free ones" if count <= size else None
    )
    return Learned(vectors @ slopes[best], Ridge(float(RIDGES[best]), float(free[best]), size, few))
