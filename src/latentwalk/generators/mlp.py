"""The fully connected generator of the first GANs (Goodfellow et al., 2014): z -> all numbers of a picture."""

import itertools
from dataclasses import dataclass
from math import prod

import torch
from jaxtyping import Float
from torch import Tensor, nn

from latentwalk.generator import Generator
from latentwalk.generators.dcgan import LINEAR, activate
from latentwalk.latents import Latents, LatentSpace
from latentwalk.options import RenderOptions
from latentwalk.stages import Stage


@dataclass(frozen=True)
class MLPSizes:
    """What an MLP is built from. widths: numbers of z and of every hidden layer. shape: (channels, height, width).

    slope: of its activations below 0, see `Block`. tanh: whether the picture goes through one.
    """

    widths: tuple[int, ...]
    shape: tuple[int, int, int]
    slope: float = 0.2
    tanh: bool = True

    def __post_init__(self) -> None:
        if len(self.widths) < 2 or min(*self.widths, *self.shape) < 1 or not 0 <= self.slope <= 1:
            raise ValueError(f"expected a hidden layer, sizes above 0 and a slope from 0 to 1, got {self}")


class Activated(nn.Linear):
    """A linear layer and its activation, see `Block`."""

    def __init__(self, inside: int, outside: int, slope: float) -> None:
        super().__init__(inside, outside)
        self.slope = slope

    def forward(self, input: Float[Tensor, "n i"]) -> Float[Tensor, "n o"]:
        return activate(super().forward(input), self.slope)


class MLP(Generator):
    """z [d] -> image [c, h, w] through linear layers; BatchNorm is folded into them. Truncation shortens the code.

    sizes: see `MLPSizes`. Weights are those of `state_dict`; `freeze` makes the network ready.
    """

    def __init__(self, sizes: MLPSizes) -> None:
        super().__init__()
        self.sizes, self.image_shape = sizes, sizes.shape
        widths = (*sizes.widths, prod(sizes.shape))
        slopes = [sizes.slope] * (len(widths) - 2) + [LINEAR]
        pairs = zip(itertools.pairwise(widths), slopes, strict=True)
        self.layers = nn.Sequential(*(Activated(*sides, slope) for sides, slope in pairs))
        self.register_buffer("slope", torch.tensor(sizes.slope))  # part of the fingerprint, as in a DCGAN
        self.spaces = {"z": LatentSpace("z", (sizes.widths[0],))}

    @property
    def layer_names(self) -> tuple[str, ...]:
        return tuple(f"layers.{i}" for i in range(len(self.layers)))

    def stages(self, latents: Latents, options: RenderOptions) -> list[Stage]:
        z = self.map(latents, "z", options).values
        return [Stage((z,), lambda _: self.layers(z)), Stage((), self.finish)]

    def finish(self, flat: Float[Tensor, "n _"]) -> Float[Tensor, "n c h w"]:
        """The numbers of the last layer as pictures."""
        return (flat.tanh() if self.sizes.tanh else flat).view(-1, *self.image_shape)

    def entry_weights(self, space: str) -> dict[str, Float[Tensor, "out d"]]:
        self.check_space(space)
        return {"layers.0": self.get_parameter("layers.0.weight").detach()}
