"""Records of sweeps that were never drawn, from the logits that they should hold."""

import torch
from torch import Tensor

from latentwalk.direction import Direction
from latentwalk.sweep import Close, Sweep, even_strengths

CLOSE = 12
"""Codes looked at closely."""


def recorded(
    logits: Tensor,
    strengths: Tensor | None = None,
    target: int | None = 0,
    sign: int = 1,
    embeddings: Tensor | None = None,
    changes: Tensor | None = None,
    path: Tensor | None = None,
) -> Sweep:
    """A sweep with these logits [k, n, a]; where nothing is given, nothing changes."""
    k, n, a = logits.shape
    strengths = even_strengths(k) if strengths is None else strengths
    random = torch.Generator().manual_seed(1)
    unedited = torch.randn(n, 5, generator=random)
    seen = unedited[:CLOSE].expand(k, -1, -1) if embeddings is None else embeddings
    m = seen.shape[1]
    close = Close(
        seen,
        torch.zeros(k, m),
        torch.zeros(k, m),
        torch.zeros(k, 4, 4) if changes is None else changes,
        torch.ones(m) if path is None else path,
    )
    direction = Direction("some", torch.tensor([1.0, 0.0]))
    names = ("one", "two", "three", "four")[:a]
    edited = unedited.expand(2, -1, -1)
    return Sweep(direction, strengths, names, logits, edited, unedited, unedited, close, target, sign)


def straight(slopes: list[float], n: int = 200, k: int = 9, noise: float = 0.0) -> Sweep:
    """Logits of standard deviation 1 that change by so much per unit."""
    random = torch.Generator().manual_seed(0)
    zero = torch.randn(n, len(slopes), generator=random)
    zero = (zero - zero.mean(0)) / zero.std(0)
    strengths = even_strengths(k)
    logits = zero + strengths[:, None, None] * torch.tensor(slopes)
    logits = logits + noise * torch.randn(logits.shape, generator=random) * (strengths != 0)[:, None, None]
    return recorded(logits, strengths)
