"""What a scorer is, and how to speak about its attributes and probabilities."""

import math
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.generator import RENDER_BATCH, Generator
from latentwalk.hooks import nearest
from latentwalk.latents import Latents


@runtime_checkable
class Scorer(Protocol):
    """Images [n, c, h, w] in [-1, 1] -> logits [n, a], one column per attribute. Differentiable where it can be."""

    attributes: tuple[str, ...]

    def __call__(self, images: Float[Tensor, "n c h w"], /) -> Float[Tensor, "n a"]: ...


class Unscored:
    """The scorer of those who have none: no attributes, so that nothing is drawn for it."""

    attributes: tuple[str, ...] = ()
    source = ""

    def __call__(self, images: Float[Tensor, "n c h w"], /) -> Float[Tensor, "n a"]:
        return images.new_empty(len(images), 0)


def attribute_index(scorer: Scorer, attribute: str) -> int:
    """The column of an attribute. Raises ValueError that lists the attributes, nearest first."""
    if attribute not in scorer.attributes:
        raise ValueError(
            f"no attribute {attribute!r}: this scorer knows "
            f"{', '.join(nearest(attribute, scorer.attributes, most=len(scorer.attributes)))}"
        )
    return scorer.attributes.index(attribute)


def logit(probability: float) -> float:
    """The logit of a target probability. Raises ValueError outside (0, 1)."""
    if not 0 < probability < 1:
        raise ValueError(f"a target is a probability between 0 and 1, both excluded, got {probability}")
    return math.log(probability / (1 - probability))


@torch.no_grad()
def score(generator: Generator, scorer: Scorer, latents: Latents, batch: int = RENDER_BATCH) -> Float[Tensor, "n a"]:
    """Logits of the images of any number of codes; images are dropped batch by batch."""
    if not scorer.attributes:
        return torch.empty(len(latents), 0, device=generator.device)
    parts = [scorer(generator.synthesize(part.to(generator.device))) for part in latents.split(batch)]
    if not parts:
        return torch.empty(0, len(scorer.attributes))
    return torch.cat(parts)


def check_attributes(scorer: Scorer, attributes: Sequence[str]) -> list[int]:
    """The columns of several attributes."""
    return [attribute_index(scorer, attribute) for attribute in attributes]
