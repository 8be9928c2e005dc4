"""Where the boundary of a direction is, and how well it separates codes: what all supervised methods share.

Whatever found the direction, its boundary is that of the whole population: where a code is as likely to have the
attribute (score above 0) as not, by logistic regression on its projection (Platt, 1999).
"""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from sklearn.linear_model import LogisticRegression

from latentwalk.direction import Direction
from latentwalk.generator import Generator
from latentwalk.latents import Latents
from latentwalk.samples import Samples

FEWEST = 4
"""Scored codes needed on each side of 0: some to learn from and at least one to check with."""

TAILS = 0.27
"""Share of the scores in each tail when a method has no tails of its own (Kelley, 1939)."""

BLOCK = 8192
"""Codes that are looked at at once where there are many."""

Vector = Float[np.ndarray, "d"]


class Figures(NamedTuple):
    """What a boundary was seen to do on held-out codes.

    validation: share of the codes in the tails that the classifier puts into the right one; None when there are none.
    rest: share of the others that the placed boundary has on the side of their score; None when there are none.
    correlation: of the score with `code @ vector`, in [-1, 1]; 0 where one of them does not vary.
    positive: share of them that have the attribute. codes: how many were scored in all.
    """

    validation: float | None
    rest: float | None
    correlation: float
    positive: float
    codes: int


def check_scores(name: str, scores: Float[np.ndarray, "n"]) -> None:
    """Raises ValueError when too few codes have the attribute, or too few lack it, and for infinite scores."""
    if np.isinf(scores).any():
        raise ValueError(
            f"the scores of {name!r} are finite numbers, or NaN for none, got {int(np.isinf(scores).sum())} infinite "
            "ones: clip them, or make them NaN"
        )
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


def boundary_offset(name: str, along: Float[np.ndarray, "n"], has: Bool[np.ndarray, "n"]) -> float:
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
    return float(intercept / slope)


def share_of(hits: Bool[np.ndarray, "n"]) -> float | None:
    """The share of hits, or None when there is nothing to hit."""
    return float(hits.mean()) if len(hits) else None


def figures_of(
    along: Float[np.ndarray, "n"], offset: float, scores: Float[np.ndarray, "n"], share: float = TAILS
) -> Figures:
    """The figures of a placed boundary, given the projections of codes that it did not learn from."""
    low, high = tails(scores, scores, share)
    right = (along + offset > 0) == (scores > 0)
    ends = low | high
    return Figures(
        validation=share_of(right[ends]),
        rest=share_of(right[~ends]),
        correlation=correlate(along, scores),
        positive=float((scores > 0).mean()),
        codes=len(scores),
    )


def rough_offset(name: str, along: Float[np.ndarray, "n"], has: Bool[np.ndarray, "n"]) -> float:
    """The offset by `boundary_offset`; half-way between both means where a handful of codes shows no slope yet."""
    try:
        return boundary_offset(name, along, has)
    except ValueError:
        return -float(along[has].mean() + along[~has].mean()) / 2


def correlate(one: Float[np.ndarray, "n"], other: Float[np.ndarray, "n"]) -> float:
    """The correlation of two rows of numbers, 0 when one of them is constant."""
    spread = one.std() * other.std()
    return float(((one - one.mean()) * (other - other.mean())).mean() / spread) if spread > 0 else 0.0


def folds_of(has: Bool[np.ndarray, "n"], folds: int, seed: int) -> Int[np.ndarray, "n"]:
    """A fold for every code, each with its share of the codes that have the attribute and of those that have not."""
    random = torch.Generator().manual_seed(seed)
    fold = np.zeros(len(has), dtype=np.int64)
    for side in (np.flatnonzero(has), np.flatnonzero(~has)):
        fold[side[torch.randperm(len(side), generator=random).numpy()]] = np.arange(len(side)) % folds
    return fold


def flatten(generator: Generator, latents: Latents) -> Float[np.ndarray, "n d"]:
    """The codes as rows, once the generator knows them. Raises ValueError for codes of another generator."""
    return generator.check(latents).values.detach().flatten(1).cpu().numpy()


def columns(samples: Samples) -> "list[tuple[str, Float[np.ndarray, 'n']]]":
    """The attributes with their scores in float64. Raises ValueError when there are none."""
    if not samples.attributes:
        raise ValueError("expected scored samples, got samples without attributes: score them first, see score_samples")
    return list(zip(samples.attributes, samples.scores.detach().T.double().cpu().numpy(), strict=True))


def pointing(name: str, vector: Vector, offset: float, codes: Float[np.ndarray, "n d"], space: str) -> Direction:
    """The direction of a vector of norm 1; its unit is the standard deviation of the codes along it."""
    unit = float((codes @ vector.astype(codes.dtype)).std(ddof=1, dtype=np.float64))
    return Direction(name, torch.from_numpy(vector).float(), space, unit, offset)


def projected(codes: Float[np.ndarray, "n d"], vector: Vector) -> Float[np.ndarray, "n"]:
    """Where codes are along a vector, in float64; they are turned into it block by block, not all at once."""
    blocks = (codes[first : first + BLOCK].astype(np.float64) for first in range(0, len(codes), BLOCK))
    return np.concatenate([block @ vector for block in blocks])


def normal(name: str, vector: Vector) -> Vector:
    """The vector with norm 1. Raises ValueError when there is none."""
    length = float(np.linalg.norm(vector))
    if not 0 < length < np.inf:
        raise ValueError(f"the scores of {name!r} do not depend on the codes: score other samples")
    return vector / length
