"""Gradient boosted trees for many targets at once (Friedman, 2001, algorithm 3), as long as features are few.

Each target has its own trees, which look at the features in bins of equal counts. What a split needs to know, sums of
residuals by bin, is one product of matrices for all targets, all nodes of a level and all features together.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

BINS = 32
"""Bins of a feature, between which trees can split."""


class Boosted(NamedTuple):
    """importances: [d, t], the share of every feature in what the splits for a target gained: columns sum to 1, or to 0
    where nothing could be gained. said: [m, t], what the trees say of rows that they did not learn from.
    """

    importances: Float[np.ndarray, "d t"]
    said: Float[np.ndarray, "m t"]


def boosted(
    features: Float[np.ndarray, "n d"],
    targets: Float[np.ndarray, "n t"],
    asked: Float[np.ndarray, "m d"],
    trees: int = 50,
    depth: int = 3,
    rate: float = 0.1,
) -> Boosted:
    """Least squares by `trees` trees per target, of `depth` levels, each of which mends a share `rate` of what is left.

    asked: rows to say the targets of. It is exact and without chance: the same rows give the same trees.
    """
    seen, wanted = _binned(features, features), _binned(asked, features)
    (rows, size), count = seen.shape, targets.shape[1]
    hot = np.zeros((rows, size, BINS), np.float32)
    np.put_along_axis(hot, seen[:, :, None], 1, 2)
    hot = hot.reshape(rows, size * BINS).T.copy()
    mean = targets.mean(0)
    left, said = (targets - mean).astype(np.float32), np.tile(mean, (len(asked), 1))
    gained = np.zeros((size, count))
    for _ in range(trees):
        place, other = np.zeros((rows, count), np.int64), np.zeros((len(asked), count), np.int64)
        for level in range(depth):
            feature, bin, gain = _split(hot, left, place, 2**level, size)
            np.add.at(gained, (feature, np.arange(count)[:, None]), gain)
            place, other = _below(seen, place, feature, bin), _below(wanted, other, feature, bin)
        leaves = _means(left, place, 2**depth)
        columns = np.arange(count)
        left -= rate * leaves[columns, place]
        said += rate * leaves[columns, other]
    sums = gained.sum(0)
    return Boosted(gained / np.where(sums > 0, sums, 1), said)


def _split(
    hot: Float[np.ndarray, "db n"],
    left: Float[np.ndarray, "n t"],
    place: Int[np.ndarray, "n t"],
    nodes: int,
    size: int,
) -> "tuple[Int[np.ndarray, 't k'], Int[np.ndarray, 't k'], Float[np.ndarray, 't k']]":
    """The best split of every node of every target: feature, last bin of its lower side, and what it gains.

    A node where nothing is gained gets the last bin: everything stays on the lower side.
    """
    rows, count = left.shape
    inside = (place[:, :, None] == np.arange(nodes)).astype(np.float32)
    weights = np.concatenate([inside * left[:, :, None], inside], 2).reshape(rows, -1)
    table = (hot @ weights).reshape(size, BINS, count, 2, nodes).astype(np.float64)
    below = table.cumsum(1)[:, :-1]
    whole = table[0].sum(0)[None, None]
    above = whole - below
    scores = [side[:, :, :, 0] ** 2 / np.maximum(side[:, :, :, 1], 1) for side in (below, above, whole)]
    both = np.minimum(below[:, :, :, 1], above[:, :, :, 1]) > 0.5
    gains = np.where(both, scores[0] + scores[1] - scores[2], 0).reshape(size * (BINS - 1), count, nodes)
    best = gains.argmax(0)
    gain = np.take_along_axis(gains, best[None], 0)[0]
    feature, bin = np.divmod(best, BINS - 1)
    return feature, np.where(gain > 1e-9, bin, BINS), np.maximum(gain, 0)


def _below(
    seen: Int[np.ndarray, "n d"],
    place: Int[np.ndarray, "n t"],
    feature: Int[np.ndarray, "t k"],
    bin: Int[np.ndarray, "t k"],
) -> Int[np.ndarray, "n t"]:
    """In which node of the next level every row is, target by target."""
    columns = np.arange(place.shape[1])
    number = seen[np.arange(len(seen))[:, None], feature[columns, place]]
    return 2 * place + (number > bin[columns, place])


def _means(left: Float[np.ndarray, "n t"], place: Int[np.ndarray, "n t"], leaves: int) -> Float[np.ndarray, "t l"]:
    """The mean of what is left in every leaf of every target; 0 in empty ones."""
    count = left.shape[1]
    flat = (place + np.arange(count) * leaves).ravel()
    sums = np.bincount(flat, left.ravel(), count * leaves)
    members = np.bincount(flat, minlength=count * leaves)
    return (sums / np.maximum(members, 1)).reshape(count, leaves)


def _binned(values: Float[np.ndarray, "n d"], known: Float[np.ndarray, "m d"]) -> Int[np.ndarray, "n d"]:
    """Numbers of bins that hold equally many of the known values, column by column."""
    shares = np.linspace(0, 1, BINS + 1)[1:-1]
    edges = np.quantile(known, shares, axis=0, method="lower")
    return np.stack([np.searchsorted(e, column, "left") for e, column in zip(edges.T, values.T, strict=True)], 1)
