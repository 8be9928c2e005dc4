"""The decoder of a conditional variational autoencoder (Kingma and Welling, 2014; Sohn et al., 2015).

Noise and condition enter together, transposed convolutions paint. GroupNorm (Wu and He, 2018) looks at one picture at a
time, so a decoder paints the same while it learns and once it is fixed, and there is nothing to fold.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn

from latentwalk.conditions import UNNAMED, Conditions
from latentwalk.generators.dcgan import Block, Paint
from latentwalk.generators.layers.conditional import Conditional

BOTTOM = 4
"""Pixels of the smallest map."""


@dataclass(frozen=True)
class VAESizes:
    """What a decoder is built from.

    z, classes: numbers of the noise and of the condition. widths: channels of the maps of 4, 8, 16 ... pixels; the
    picture is twice as large as the last. groups: of channels that are normalised together, in every map.
    conditions: what the numbers of the condition are called.
    Raises ValueError for sizes of nothing, and widths that cannot be cut into groups.
    """

    z: int
    classes: int
    widths: tuple[int, ...]
    colors: int = 3
    groups: int = 8
    conditions: Conditions = UNNAMED

    def __post_init__(self) -> None:
        if not self.widths or min(self.z, self.classes, self.colors, self.groups, *self.widths) < 1:
            raise ValueError(f"expected noise, a condition, colours and widths of 1 or more, got {self}")
        if any(width % self.groups for width in self.widths):
            raise ValueError(f"expected widths that are multiples of {self.groups} groups, got {list(self.widths)}")


class Expand(nn.Module):
    """Noise and condition -> a map of 4x4 pixels."""

    def __init__(self, inside: int, outside: int, groups: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inside, BOTTOM * BOTTOM * outside)
        self.norm = nn.GroupNorm(groups, outside)

    def forward(self, zy: Float[Tensor, "n d"]) -> Float[Tensor, "n c 4 4"]:
        flat = self.linear(zy).view(len(zy), BOTTOM, BOTTOM, -1)
        return self.norm(flat.permute(0, 3, 1, 2)).relu()  # rows are already channels-last


class Double(nn.Module):
    """A map of twice as many pixels a side."""

    def __init__(self, inside: int, outside: int, groups: int) -> None:
        super().__init__()
        self.convolution = nn.ConvTranspose2d(inside, outside, 4, 2, 1, bias=False)
        self.norm = nn.GroupNorm(groups, outside)

    def forward(self, x: Float[Tensor, "n i h w"]) -> Float[Tensor, "n o h2 w2"]:
        return self.norm(self.convolution(x)).relu()


class VAE(Conditional):
    """The decoder, see `Conditional` for its codes. sizes: what it is built from. `freeze` makes it ready."""

    def __init__(self, sizes: VAESizes) -> None:
        super().__init__()
        self.sizes = sizes
        first, last = sizes.widths[0], sizes.widths[-1]
        layers: list[nn.Module] = [Expand(sizes.z + sizes.classes, first, sizes.groups)]
        layers += [Double(a, b, sizes.groups) for a, b in pairwise(sizes.widths)]
        paint = Paint(Block(torch.empty(last, sizes.colors, 4, 4), torch.empty(sizes.colors), 2, 1))
        self.layers = nn.Sequential(*layers, paint)
        side = BOTTOM * 2 ** len(sizes.widths)
        self.image_shape = (sizes.colors, side, side)
        self.take(sizes.z, sizes.classes, sizes.conditions)

    def freeze(self) -> "VAE":
        super().freeze()
        for layer in self.layers:
            if isinstance(layer, Paint):
                layer.settle()
        return self

    @property
    def layer_names(self) -> tuple[str, ...]:
        return tuple(f"layers.{i}" for i in range(len(self.layers)))

    def entry_weights(self, space: str) -> dict[str, Float[Tensor, "out d"]]:
        return {"layers.0": self.part(self.get_parameter("layers.0.linear.weight").detach(), space)}
