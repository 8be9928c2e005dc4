"""Where the codes of a space lie: their mean and standard deviation, number by number."""

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.generator import Generator
from latentwalk.inversion.problem import by_layers
from latentwalk.latents import concatenate
from latentwalk.samples import sample_codes

COUNT, SEED = 1000, 79
"""Codes that are sampled."""

FLATTEST = 0.1
"""Of the mean spread: numbers that hardly vary count as varying that much."""


def spread_of(generator: Generator, space: str) -> tuple[Float[Tensor, "b d"], Float[Tensor, "b d"]]:
    """Mean and standard deviation of the codes: 0 and 1 where they are sampled."""
    if space in ("z", "z+"):
        like = by_layers(torch.zeros(1, *generator.spaces[space].shape, device=generator.device))[0]
        return like, torch.ones_like(like)
    labels = torch.arange(generator.classes) if generator.classes else None
    codes = concatenate(list(sample_codes(generator, COUNT, SEED, space, labels)))
    values = by_layers(codes.values.float())
    spread = values.std(0)
    return values.mean(0), spread.clamp(min=max(FLATTEST * float(spread.mean()), 1e-6))
