"""Fewer numbers for wide codes: the axes along which they vary at all.

A code of w+ that was mapped repeats w for every layer, and one of s is an affine image of it, so codes of thousands of
numbers vary in a few hundred dimensions. Methods that keep a matrix of d x d work in these.
"""

import numpy as np
import torch
from jaxtyping import Float

WIDE = 1024
"""Numbers in a code from which on only its axes are looked at, and the most axes that are kept."""

READ = 2048
"""Codes that the axes are read from."""

FLAT = 1e-10
"""Variance, relative to the largest, that is rounding noise of float32 codes."""


def axes(codes: Float[np.ndarray, "n d"], seed: int = 0) -> Float[np.ndarray, "k d"] | None:
    """Orthonormal rows that span the codes (about their mean), None for codes that are narrow enough as they are.

    The principal axes of up to 2,048 of them, 1,024 at most, largest variance first; those without variance left out.
    """
    if codes.shape[1] <= WIDE:
        return None
    picked = torch.randperm(len(codes), generator=torch.Generator().manual_seed(seed))[:READ].numpy()
    rows = codes[np.sort(picked)].astype(np.float64)
    rows -= rows.mean(0)
    values, left = np.linalg.eigh(rows @ rows.T)  # as many rows as codes were read, fewer than numbers in one
    keep = np.flatnonzero(values > FLAT * max(values[-1], 1e-300))[::-1][:WIDE]
    return (left[:, keep] / np.sqrt(values[keep])).T @ rows
