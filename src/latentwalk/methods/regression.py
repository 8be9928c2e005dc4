"""Least squares of the score on the code: every score counts, not only those in the tails.

For normal codes and a score s = R n.z + sqrt(1 - R^2) noise, N images give a direction with the cosine
1 / sqrt(1 + (d - 1)(1 - R^2) / (N R^2)) to n, where a boundary between 2% tails keeps a quarter of this information. So
about a quarter of the images are enough for the same direction.

The sums of products of one pass serve everything: they add, so what was learned without a fold of the codes is the sum
of the others, and every code can both teach and check. The ridge minimises generalised cross-validation (Golub, Heath
and Wahba, 1979), which these sums give in closed form; with many more codes than numbers it is next to nothing, and
with fewer it is what makes the answer unique.
"""

from dataclasses import asdict, dataclass
from functools import reduce

import numpy as np
import torch
from jaxtyping import Bool, Float

from latentwalk.direction import Directions
from latentwalk.generator import Generator
from latentwalk.methods.offsets import (
    BLOCK,
    boundary_offset,
    check_scores,
    columns,
    figures_of,
    flatten,
    folds_of,
    normal,
    pointing,
)
from latentwalk.numerics.axes import axes
from latentwalk.numerics.moments import Moments
from latentwalk.numerics.ridge import Slopes, least_squares
from latentwalk.origin import Origin, Source
from latentwalk.progress import Progress, silent
from latentwalk.samples import Samples
from latentwalk.seeds import check_seed


@dataclass(frozen=True)
class Regression:
    """Settings of a regression on every score.

    clip: share of the scores at each end, in [0, 0.5), that are moved in to the last one that is not among them, so
    that a few wild logits do not decide. On faces64 it costs nothing.
    folds: parts of the codes, 2 or more; each is checked, and the boundary found, with what the other parts taught.
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

    def fit(self, generator: Generator, samples: Samples, progress: Progress = silent) -> Directions:
        """One direction per attribute, in the space of the samples; codes without a score (NaN) are left out.

        The unit is the standard deviation of all codes along the vector. `origin.figures` has for every attribute
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
            offset = boundary_offset(name, along / length, scores[known] > 0)
            items.append(pointing(name, vector, offset, codes, samples.latents.space))
            seen = figures_of(along / length, offset, scores[known])
            figures[name] = {**seen._asdict(), **learned.ridge._asdict()}
        origin = Origin(
            method="regression",
            parameters=asdict(self),
            generator=Source.of(generator),
            figures=figures,
        )
        return Directions(tuple(items), origin)

    def _learn(
        self, codes: Float[np.ndarray, "n d"], scores: Float[np.ndarray, "n"]
    ) -> "tuple[Slopes, Float[np.ndarray, 'n']]":
        """The slopes from all codes, and the projection of every code on slopes learned without its fold."""
        fold = folds_of(scores > 0, self.folds, self.seed)
        clipped = np.clip(scores, *np.quantile(scores, [self.clip, 1 - self.clip]))
        parts = [moments(codes, clipped, fold == k) for k in range(self.folds)]
        along = np.empty(len(scores))
        for k in range(self.folds):
            others = reduce(Moments.__add__, [part for i, part in enumerate(parts) if i != k])
            vector = least_squares(others).vector.astype(codes.dtype)
            along[fold == k] = (codes @ vector)[fold == k]  # of all: picking codes would copy them
        return least_squares(reduce(Moments.__add__, parts)), along


def moments(codes: Float[np.ndarray, "n d"], scores: Float[np.ndarray, "n"], some: Bool[np.ndarray, "n"]) -> Moments:
    """Of codes with their score as one number more, in blocks."""
    rows = np.flatnonzero(some)
    blocks = [rows[i : i + BLOCK] for i in range(0, len(rows), BLOCK)]
    return reduce(
        Moments.__add__,
        (Moments.of(torch.from_numpy(np.column_stack([codes[block], scores[block]]))) for block in blocks),
    )
