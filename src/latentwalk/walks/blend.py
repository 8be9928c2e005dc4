"""A code between any number of codes: their mean on the sphere or on the plane, with weights."""

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.walks.interpolate import SAMPLED

STEPS = 10
"""Of the search for the mean on the sphere; two codes need one."""

TINY = 1e-12
"""Below this there is nothing to divide by."""


def blend(codes: Float[Tensor, "n l d"], weights: Float[Tensor, "n l"], space: str) -> Float[Tensor, "l d"]:
    """The mean of n codes of l layers each; a code that is one piece has one layer. Differentiates nothing.

    weights: from 0; of every layer they count against each other. Normal codes (z, z+) keep to the sphere: the
    spherical weighted average (Buss and Fillmore, 2001, algorithm A1), with the mean of the lengths, is
    `interpolate.slerp` for two codes, and does not ask for their order. Mapped ones (w, w+) are averaged as they are.
    Raises ValueError for a layer in which nobody has weight.
    """
    total = weights.sum(0)
    if not bool((total > 0).all()):
        raise ValueError(f"nothing has weight in layer {int((total <= 0).nonzero()[0])} of the mix: give it to a code")
    shares = (weights / total).double().cpu()
    values = codes.double().cpu()
    mean = _on_sphere(values, shares) if space in SAMPLED else torch.einsum("nl,nld->ld", shares, values)
    return mean.to(codes)


def _on_sphere(values: Float[Tensor, "n l d"], shares: Float[Tensor, "n l"]) -> Float[Tensor, "l d"]:
    lengths = values.norm(dim=2, keepdim=True)
    units, shares = values / lengths.clamp(min=TINY), shares[..., None]
    mean = _unit((shares * units).sum(0))
    for _ in range(STEPS):
        # Seen from the mean, where are the others? Their mean there is the step to go.
        along = (units * mean).sum(2, keepdim=True)
        across = units - along * mean
        size = across.norm(dim=2, keepdim=True)
        step = (shares * torch.atan2(size, along) * across / size.clamp(min=TINY)).sum(0)
        far = step.norm(dim=1, keepdim=True)
        mean = _unit(far.cos() * mean + far.sin() * step / far.clamp(min=TINY))
    return mean * (shares * lengths).sum(0)


def _unit(vectors: Float[Tensor, "l d"]) -> Float[Tensor, "l d"]:
    return vectors / vectors.norm(dim=1, keepdim=True).clamp(min=TINY)
