"""Standard normal rows that are a function of a seed and their number, so that any row can be made anywhere.

A counter-based generator has no past: it turns a key and a counter into random bits (Philox, Salmon et al., 2011). The
key is the seed, the counter says which numbers of which row. Bits become normal numbers by the Box-Muller transform,
so that every row takes the same share of the counter, whatever it holds.
"""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

WORDS = 4
"""Random words of 64 bits that one step of the counter gives."""


def normal_rows(seed: int, first: int, count: int, size: int) -> Float[Tensor, "count size"]:
    """Rows `first` to `first + count - 1` of the endless table of a seed, float32 on the CPU.

    seed, first: from 0. size: numbers in a row; tables of another size hold other numbers.
    Raises ValueError for numbers below these.
    """
    if min(seed, first, count) < 0 or size < 1:
        raise ValueError(f"expected seed, row and count from 0, and rows of 1 or more numbers, got {seed}, {first}, "
                         f"{count} and {size}")  # fmt: skip
    steps = -(-size // WORDS)
    words = np.random.Philox(key=seed, counter=first * steps).random_raw(count * steps * WORDS)
    # 53 bits are what a double holds; 0 has no logarithm, so half a step is added
    shares = ((words >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
    lengths, turns = shares.reshape(count, -1, 2).transpose(2, 0, 1)
    lengths, turns = np.sqrt(-2 * np.log(lengths)), 2 * np.pi * turns
    normal = np.stack([lengths * np.cos(turns), lengths * np.sin(turns)], -1).reshape(count, -1)
    return torch.from_numpy(normal[:, :size].astype(np.float32))
