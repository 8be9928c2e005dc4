"""One code out of several: a place between seeds, the way between two faces, layers of one with those of another."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from latentwalk.direction import PER_LAYER
from latentwalk.generator import Generator
from latentwalk.latents import Latents
from latentwalk.samples import map_codes
from latentwalk.studio.state import Layers
from latentwalk.walks.blend import blend


class Portion(NamedTuple):
    """A code [1, ...], its weight from 0, and the layers that it has a share in (None: all)."""

    code: Latents
    weight: float
    layers: Layers | None = None


def mix(generator: Generator, parts: Sequence[Portion]) -> Latents:
    """The weighted mean [1, ...] of every layer (see `blend`), in the first space that all codes can be brought to.

    Ranges of layers need a space with a code for every layer: w+, or z+ of a BigGAN. Where classes differ, so are
    their vectors mixed. Raises ValueError where there is no such space, and for layers that nobody has.
    """
    if not parts:
        raise ValueError("nothing has weight in the mix: give it to a code")
    space = _common(generator, [part.code.space for part in parts], any(part.layers for part in parts))
    brought = [part.code if part.code.space == space else map_codes(generator, part.code, space) for part in parts]
    shape = generator.spaces[space].shape
    layers = shape[0] if space.endswith(PER_LAYER) else 1
    weights = torch.zeros(len(parts), layers)
    for row, part in zip(weights, parts, strict=True):
        start, end = part.layers or (0, layers)
        row[start:end] = part.weight
    values = torch.cat([code.values for code in brought]).reshape(len(parts), layers, -1)
    mean = blend(values, weights.to(values), space).reshape(1, *shape)
    return Latents(mean, space, _labels(generator, brought, [part.weight for part in parts]))


def _common(generator: Generator, spaces: Sequence[str], by_layer: bool) -> str:
    """Codes go through the spaces in their order, and never back."""
    order = list(generator.spaces)
    last = max(map(order.index, spaces))
    fitting = [space for space in order[last:] if space.endswith(PER_LAYER) or not by_layer]
    if not fitting:
        raise ValueError(f"codes of {order[last]} have no layers that could be mixed: mix them whole")
    return fitting[0]


def _labels(generator: Generator, codes: Sequence[Latents], weights: Sequence[float]) -> Tensor | None:
    if not generator.classes or codes[0].space in generator.label_free:
        return None
    first = codes[0].labels
    assert first is not None  # of a space that needs them
    if all(code.labels is not None and torch.equal(code.labels, first) for code in codes):
        return first
    vectors = torch.cat([generator.class_vectors(code) for code in codes])
    shares = torch.tensor(weights).to(vectors)
    return (shares / shares.sum()) @ vectors[None]
