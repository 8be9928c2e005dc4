"""With known factors: how much codes and factors know of each other, by mutual information.

Not among `METRICS`: they need the true factors of a picture, which generators trained on known factors will have.
"""

import numpy as np
from jaxtyping import Float, Int

BINS = 20


def mig(codes: Float[np.ndarray, "n k"], factors: Float[np.ndarray, "n m"], bins: int = BINS) -> float:
    """Mutual information gap, in [0, 1] (Chen et al., 2018, equation 6).

    Mean over factors of what the best code knows of it more than the second best, over the entropy of the factor.
    Raises ValueError for fewer than two codes, or a factor that never changes.
    """
    if codes.shape[1] < 2:
        raise ValueError(f"a gap needs two codes or more, got {codes.shape[1]}")
    table, entropies = information(codes, factors, bins)
    ranked = np.sort(table, axis=0)
    return float(((ranked[-1] - ranked[-2]) / entropies).mean())


def modularity(codes: Float[np.ndarray, "n k"], factors: Float[np.ndarray, "n m"], bins: int = BINS) -> float:
    """Whether every code knows of one factor alone, in [0, 1] (Ridgeway and Mozer, 2018, section 3).

    1 minus the mean over codes of the squared information about all factors but the best, over (m - 1) times the best
    squared. A code that knows nothing has 0. Raises ValueError as `mig`, for fewer than two factors.
    """
    if factors.shape[1] < 2:
        raise ValueError(f"modularity needs two factors or more, got {factors.shape[1]}")
    squares = information(codes, factors, bins)[0] ** 2
    best = squares.max(1)
    rest = (squares.sum(1) - best) / (factors.shape[1] - 1)
    return float(np.where(best > 0, 1 - rest / np.where(best > 0, best, 1), 0).mean())


def information(
    codes: Float[np.ndarray, "n k"], factors: Float[np.ndarray, "n m"], bins: int = BINS
) -> tuple[Float[np.ndarray, "k m"], Float[np.ndarray, "m"]]:
    """Mutual information of every code with every factor, and the entropy of the factors, in nats.

    Both are cut into `bins` of equal width first; factors of fewer values keep these.
    """
    if len(codes) != len(factors):
        raise ValueError(f"expected one row of factors per code, got {len(codes)} codes and {len(factors)} rows")
    cut, known = _indicators(binned(codes, bins)), _indicators(binned(factors, bins))
    joint = np.einsum("nka,nmb->kmab", cut, known, optimize=True) / len(codes)
    apart = joint.sum(3, keepdims=True) * joint.sum(2, keepdims=True)
    table = (joint * np.log(np.where(joint > 0, joint, 1) / np.where(joint > 0, apart, 1))).sum((2, 3))
    shares = known.mean(0)
    entropies = -(shares * np.log(np.where(shares > 0, shares, 1))).sum(1)
    table = np.maximum(table, 0)
    if (entropies <= 0).any():
        raise ValueError(f"factor {int(np.argmin(entropies))} never changes: leave it out")
    return table, entropies


def binned(values: Float[np.ndarray, "n k"], bins: int) -> Int[np.ndarray, "n k"]:
    """Numbers of bins of equal width, column by column; columns of at most as many values are numbered by value."""
    columns = []
    for column in values.T:
        levels, which = np.unique(column, return_inverse=True)
        if len(levels) > bins:
            which = np.digitize(column, np.linspace(levels[0], levels[-1], bins + 1)[1:-1])
        columns.append(which)
    return np.stack(columns, 1)


def _indicators(numbers: Int[np.ndarray, "n k"]) -> Float[np.ndarray, "n k b"]:
    """1 for the bin that a value is in, 0 for the others."""
    return (numbers[:, :, None] == np.arange(numbers.max() + 1)).astype(np.float64)
