"""Between directions: how alike they are, and whether another seed finds them again."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from latentwalk.direction import Direction


def cosines(first: Sequence[Direction], second: Sequence[Direction]) -> Float[Tensor, "k l"]:
    """Cosines of two sets of directions, in [-1, 1]; NaN where two are of different spaces or sizes."""
    table = torch.full((len(first), len(second)), torch.nan)
    for i, a in enumerate(first):
        for j, b in enumerate(second):
            if (a.space, len(a.vector)) == (b.space, len(b.vector)):
                table[i, j] = float(a.vector.double() @ b.vector.cpu().double())
    return table


def stability(first: Sequence[Direction], second: Sequence[Direction], by_name: bool = False) -> float:
    """Mean |cosine| of what two seeds found, in [0, 1].

    by_name: directions of the same name are compared; else every one with its partner in the best matching of the two
    sets (Kuhn, 1955), as far as the smaller one goes.
    Raises ValueError for none in common, and for directions of different spaces.
    """
    if by_name:
        partners = {direction.name: direction for direction in second}
        first = [direction for direction in first if direction.name in partners]
        second = [partners[direction.name] for direction in first]
    if not first or not second:
        raise ValueError(f"expected directions to compare on both sides, got {len(first)} and {len(second)}")
    table = cosines(first, second).abs()
    if bool(table.isnan().any()):
        raise ValueError("expected two sets of directions of one space, got several: compare space by space")
    if by_name:
        return float(table.diagonal().mean())
    rows, columns = linear_sum_assignment(table.numpy(), maximize=True)
    return float(table[rows, columns].mean())
