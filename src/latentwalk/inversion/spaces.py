"""Where codes are looked for: the space, the way to it, and how sampled codes lie there."""

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.generator import Generator
from latentwalk.inversion.problem import by_layers
from latentwalk.latents import Latents, concatenate
from latentwalk.samples import class_numbers, map_codes, sample_codes

COUNT, SEED = 1000, 79
"""Codes that are sampled."""

FLATTEST = 0.1
"""Of the mean spread: numbers that hardly vary count as varying that much."""


def chosen_space(generator: Generator, space: str | None) -> str:
    """The space that was asked for, or the usual one. Raises ValueError for one that the generator has not."""
    if space is None:
        return "w" if "w" in generator.spaces else generator.input_space.name
    generator.check_space(space)
    return space


def to_space(generator: Generator, latents: Latents, space: str) -> Latents:
    """The codes in another space, mapped with weights of the generator's type, float32."""
    if latents.space != space:
        latents = map_codes(generator, latents.to(generator.device, generator.dtype), space)
    return latents.to(generator.device, torch.float32)


def spread_of(generator: Generator, space: str) -> tuple[Float[Tensor, "b d"], Float[Tensor, "b d"]]:
    """Mean and standard deviation of the codes: 0 and 1 where they are sampled."""
    if space in ("z", "z+"):
        like = by_layers(torch.zeros(1, *generator.spaces[space].shape, device=generator.device))[0]
        return like, torch.ones_like(like)
    codes = concatenate(list(sample_codes(generator, COUNT, SEED, space, class_numbers(generator))))
    values = by_layers(codes.values.float())
    spread = values.std(0)
    return values.mean(0), spread.clamp(min=max(FLATTEST * float(spread.mean()), 1e-6))
