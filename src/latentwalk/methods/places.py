"""What a generator knows about a code, place by place: the features that a few labels are enough for.

An attribute is seen somewhere: glasses at the eyes, a hat above. Activations of a layer are a map, so every cell of it
is a place with features of its own, and labels can say which places matter before they say how. Layers without a map,
and codes, are a single place.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from latentwalk.direction import PER_LAYER
from latentwalk.generator import RENDER_BATCH, Generator
from latentwalk.hooks import read_layers
from latentwalk.latents import Latents
from latentwalk.numerics.moments import principal

CELLS = 8
"""Cells of a map along either side; larger maps are averaged to so many."""

PRIORS = ("activations", "pcs", "sefa", "code")

Features = list[Float[Tensor, "n _"]]
"""Per place the features of some codes."""


@dataclass(frozen=True, eq=False)
class Places:
    """How codes are read.

    layers: whose activations are read, none for the code alone. basis: [f, r] that all features together are turned
    into, which makes them one place; None keeps the places apart.
    """

    generator: Generator
    layers: tuple[str, ...] = ()
    basis: Float[Tensor, "f r"] | None = None
    mean: Float[Tensor, "f"] | None = None

    @torch.no_grad()
    def read(self, latents: Latents) -> Features:
        """The features of any number of codes, drawn batch by batch."""
        parts = [self._read(part) for part in latents.split(RENDER_BATCH)]
        return [torch.cat(place) for place in zip(*parts, strict=True)]

    def _read(self, latents: Latents) -> Features:
        generator = self.generator
        if not self.layers:
            apart = [latents.values.flatten(1).float()]
        else:
            with read_layers(generator, self.layers) as found:
                generator.synthesize(latents.to(generator.device, generator.dtype))
            apart = [place for layer in self.layers for place in cells(found[layer].float())]
        if self.basis is None:
            return apart
        together = torch.cat(apart, 1)
        return [(together if self.mean is None else together - self.mean) @ self.basis]


def cells(activations: Float[Tensor, "n ..."]) -> Features:
    """The places of one layer: the cells of maps [n, c, h, w], or all of it."""
    if activations.ndim != 4 or activations.shape[2] * activations.shape[3] == 1:
        return [activations.flatten(1)]
    side = min(CELLS, *activations.shape[2:])
    small = F.adaptive_avg_pool2d(activations, side)
    return list(small.flatten(2).permute(2, 0, 1))


def places(generator: Generator, prior: str, layers: tuple[str, ...] | None, components: int, some: Latents) -> Places:
    """How a prior reads codes: see `FewShot`. some: codes that show how features are spread."""
    if prior == "code":
        return Places(generator)
    if prior == "sefa":
        maps = generator.entry_weights(some.space.removesuffix(PER_LAYER))
        weights = torch.cat([weight.detach().cpu().double() for weight in maps.values()])
        if weights.shape[1] != some.values[0].numel():
            raise ValueError(
                f"the prior sefa reads codes of {weights.shape[1]} numbers, got {some.space} codes of "
                f"{some.values[0].numel()}: use another prior, or codes that are the same for all layers"
            )
        gains, axes = principal(weights.T @ weights, components)
        return Places(generator, basis=(axes.T * gains.clamp(min=0).sqrt()).float().to(some.values.device))
    read = Places(generator, hidden(generator, some) if layers is None else layers)
    if prior == "activations":
        return read
    together = torch.cat(read.read(some), 1)
    mean = together.mean(0)
    return Places(generator, read.layers, leading(together - mean, components), mean)


@torch.no_grad()
def hidden(generator: Generator, some: Latents) -> tuple[str, ...]:
    """The layers before the picture itself that codes of this space come through: those of w come after the mapping."""
    before = generator.layer_names[:-1] or generator.layer_names
    with read_layers(generator, before, stop=False) as found:
        generator.synthesize(some[:1].to(generator.device, generator.dtype))
    return tuple(layer for layer in before if layer in found)


def leading(centred: Float[Tensor, "n f"], components: int) -> Float[Tensor, "f r"]:
    """Orthonormal principal axes of centred features, by the products of their rows, which are fewer."""
    exact = centred.cpu().double()
    values, vectors = principal(exact @ exact.T, components)
    kept = values > 1e-9 * values[0]
    return (exact.T @ (vectors[kept] / values[kept, None].sqrt()).T).to(centred)


def check_layers(generator: Generator, layers: Sequence[str] | None) -> None:
    """Raises ValueError for a layer that the generator has not, before anything is drawn."""
    if layers is not None:
        with read_layers(generator, layers):
            pass
