"""The linear boundary of an attribute, from codes and their scores (InterFaceGAN, Shen et al., 2020, section 3.1).

A linear classifier separates the codes with the highest scores from those with the lowest; its normal is the direction.
Its intercept is right for these two tails and wrong for everybody else: when one code in ten has the attribute, half of
the high tail may still be without. So the boundary is placed afterwards, on the whole population: where a code is as
likely to have the attribute (score above 0) as not, by logistic regression on its projection (Platt, 1999).
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from latentwalk.direction import Direction
from latentwalk.directions import Directions
from latentwalk.generator import Generator, check_seed
from latentwalk.samples import Samples

KINDS: dict[str, Callable[[float, int], LinearSVC | LogisticRegression]] = {
    "svm": lambda cost, seed: LinearSVC(C=cost, random_state=seed, dual="auto", max_iter=5000),
    "logistic": lambda cost, seed: LogisticRegression(C=cost, random_state=seed, max_iter=1000),
}

FEWEST = 4
"""Scored codes needed on each side of 0: some to learn from and at least one to check with."""


@dataclass(frozen=True)
class Boundary:
    """How to find boundaries.

    kind: "svm" (linear support vector machine, as in the paper) or "logistic" (logistic regression).
    share: share of the codes in each tail, above 0 and up to 0.5. The paper takes 0.02 of half a million; 0.27 keeps
    the most information about the difference (Kelley, 1939) and needs a fraction of the scored codes.
    held_out: share of the codes, in (0, 1), that only place the boundary and judge it.
    cost: C of the classifier, the weight of errors against a short normal.
    seed: of the split.
    """

    kind: str = "svm"
    share: float = 0.27
    held_out: float = 0.3
    cost: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no kind of boundary {self.kind!r}: there are {', '.join(KINDS)}")
        if not 0 < self.share <= 0.5:
            raise ValueError(f"the share of codes in each tail is above 0 and at most 0.5, got {self.share}")
        if not 0 < self.held_out < 1:
            raise ValueError(f"the held-out share is between 0 and 1, both excluded, got {self.held_out}")
        if not self.cost > 0:
            raise ValueError(f"the cost of errors is above 0, got {self.cost}")
        check_seed(self.seed)

    def fit(self, generator: Generator, samples: Samples) -> Directions:
        """One direction per attribute, in the space of the samples; codes without a score (NaN) are left out.

        The unit is the standard deviation of all codes along the vector. `source["figures"]` says for every attribute
        what was seen on held-out codes: see `Figures`.
        Raises ValueError for codes of another generator, and for scores that no boundary can be learned from.
        """
        latents = generator.check(samples.latents)
        codes = latents.values.flatten(1).double().cpu().numpy()
        columns = samples.scores.T.double().cpu().numpy()
        directions, figures = [], {}
        for name, scores in zip(samples.attributes, columns, strict=True):
            vector, offset, seen = self._fit(name, codes, scores)
            unit = float((codes @ vector).std(ddof=1))
            directions.append(Direction(name, torch.from_numpy(vector).float(), latents.space, unit, offset))
            figures[name] = seen._asdict()
        source = {
            "method": "boundary",
            "parameters": asdict(self),
            "generator": generator.fingerprint,
            "figures": figures,
        }
        return Directions(tuple(directions), source)

    def _fit(
        self, name: str, codes: Float[np.ndarray, "n d"], scores: Float[np.ndarray, "n"]
    ) -> "tuple[Float[np.ndarray, 'd'], float, Figures]":
        """The normal of one boundary, its offset and its figures."""
        known = ~np.isnan(scores)
        codes, scores = codes[known], scores[known]
        check_scores(name, scores)
        has = scores > 0
        held = hold_out(has, self.held_out, self.seed)
        low, high = tails(scores, scores[~held], self.share)
        model = KINDS[self.kind](self.cost, self.seed)
        model.fit(codes[(low | high) & ~held], high[(low | high) & ~held])
        vector = model.coef_[0] / np.linalg.norm(model.coef_[0])

        codes, scores, has, low, high = codes[held], scores[held], has[held], low[held], high[held]
        along = codes @ vector
        offset = place(name, along, has)
        return (
            vector,
            offset,
            Figures(
                validation=share_of((np.asarray(model.predict(codes)) == high)[low | high]),
                rest=share_of(((along + offset > 0) == has)[~(low | high)]),
                correlation=float(np.corrcoef(along, scores)[0, 1]),
                positive=float(has.mean()),
                codes=int(known.sum()),
            ),
        )


class Figures(NamedTuple):
    """What a boundary was seen to do on held-out codes.

    validation: share of the codes in the tails that the classifier puts into the right one; None when there are none.
    rest: share of the others that the placed boundary has on the side of their score; None when there are none.
    correlation: of the score with `code @ vector`, in [-1, 1].
    positive: share of them that have the attribute. codes: how many were scored in all.
    """

    validation: float | None
    rest: float | None
    correlation: float
    positive: float
    codes: int


def check_scores(name: str, scores: Float[np.ndarray, "n"]) -> None:
    """Raises ValueError when too few codes have the attribute, or too few lack it."""
    has = int((scores > 0).sum())
    lacks = len(scores) - has
    if min(has, lacks) < FEWEST:
        equal = f" (every score is {scores[0]:g})" if len(scores) and (scores == scores[0]).all() else ""
        raise ValueError(
            f"a boundary of {name!r} needs at least {FEWEST} codes that score above 0 and {FEWEST} that do not, "
            f"got {has} and {lacks}{equal}: score more samples, or subtract from the scores what divides them"
        )


def hold_out(has: Bool[np.ndarray, "n"], share: float, seed: int) -> Bool[np.ndarray, "n"]:
    """Which codes are held out: this share of those with the attribute and of those without, at least one of each."""
    random = torch.Generator().manual_seed(seed)
    held = np.zeros(len(has), dtype=bool)
    for side in (np.flatnonzero(has), np.flatnonzero(~has)):
        count = min(max(round(share * len(side)), 1), len(side) - 1)
        held[side[torch.randperm(len(side), generator=random)[:count].numpy()]] = True
    return held


def tails(
    scores: Float[np.ndarray, "n"], taught: Float[np.ndarray, "m"], share: float
) -> tuple[Bool[np.ndarray, "n"], Bool[np.ndarray, "n"]]:
    """Which scores are in the low and in the high tail, with limits from those that are taught.

    Equal scores are never torn apart, so labels of two values (-1 and 1) give all of both.
    """
    values = np.unique(taught)
    to = min(np.quantile(taught, share), values[-2])
    since = max(np.quantile(taught, 1 - share), values[values > to][0])
    return scores <= to, scores >= since


def place(name: str, along: Float[np.ndarray, "n"], has: Bool[np.ndarray, "n"]) -> float:
    """The offset at which half of the codes have the attribute, given their projections (Platt, 1999).

    Raises ValueError when codes further along have less of it.
    """
    spread = along.std()
    model = LogisticRegression(C=1e4, max_iter=1000).fit(along[:, None] / spread, has)
    slope, intercept = float(model.coef_[0, 0]) / spread, float(np.ravel(model.intercept_)[0])
    if slope <= 0:
        raise ValueError(
            f"the boundary of {name!r} says nothing about codes it has not seen ({len(along)} were held out): "
            "score more samples, or check that the scores follow the pictures"
        )
    return intercept / slope


def share_of(hits: Bool[np.ndarray, "n"]) -> float | None:
    """The share of hits, or None when there is nothing to hit."""
    return float(hits.mean()) if len(hits) else None
