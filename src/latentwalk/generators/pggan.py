"""PGGAN, the progressively grown GAN (Karras et al., 2018).

A pixel-normalised code becomes a 4x4 map; then two 3x3 convolutions per scale, the first on a map made twice as large.
Every convolution, the one to colours too, sees pixel-normalised features. Equalised learning rate is a matter of
training: readers multiply its factors into the weights, and the doubling into the weights of the transposed convolution
(`doubling`), which is two to three times as fast as to enlarge the map first.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from latentwalk.generator import Generator
from latentwalk.latents import Latents, LatentSpace
from latentwalk.options import RenderOptions
from latentwalk.stages import Stage

SLOPE = 0.2
"""Of the leaky ReLU below zero, where a file says nothing else."""

LARGEST = 4096
"""Pixels on the side of a picture: more is a damaged file."""


@dataclass(frozen=True)
class PGGANSizes:
    """What the shapes of the weights say about a PGGAN, and the little that they do not.

    z: numbers in a code. widths: channels at 4x4, 8x8 ... colors: channels of a picture.
    fade: share of the scale before the last one in the picture, above 0 in snapshots from the middle of a transition.
    enlarge: how often the picture is doubled at the end, above 0 in snapshots from before the last scale came in.
    slope: of the leaky ReLU. tanh: whether the picture goes through one. classes: numbers of a class vector, which
    joins the code once that has the length z; 0 for none.
    """

    z: int
    widths: tuple[int, ...]
    colors: int = 3
    fade: float = 0.0
    enlarge: int = 0
    slope: float = SLOPE
    tanh: bool = False
    classes: int = 0

    def __post_init__(self) -> None:
        check_growth(self.widths, self.fade, self.enlarge)
        if min(self.z, self.colors) < 1 or self.classes < 0:
            raise ValueError(f"a code and a picture need at least one channel, got {self.z} and {self.colors}")

    @property
    def side(self) -> int:
        """Pixels on a side of the picture."""
        return 4 << (len(self.widths) - 1 + self.enlarge)


def check_growth(widths: Sequence[int], fade: float, enlarge: int) -> None:
    """Raises ValueError for scales, or a state of growing, that no network has."""
    if not widths or min(widths) < 1 or enlarge < 0 or 4 << (len(widths) - 1 + enlarge) > LARGEST:
        raise ValueError(f"expected at least one scale and at most {LARGEST} px, got the channels {list(widths)}")
    if not 0 <= fade <= 1 or (fade and len(widths) < 2):
        raise ValueError(f"expected a fade from 0 to 1 and a scale to fade from, got {fade} and {len(widths)} scales")


def pixel_norm(x: Float[Tensor, "n c *hw"]) -> Float[Tensor, "n c *hw"]:
    """Features whose mean square over the channels is one at every pixel."""
    return x * (x.square().mean(1, keepdim=True) + 1e-8).rsqrt()


def doubling(weight: Float[Tensor, "o i k k"]) -> Float[Tensor, "i o k+1 k+1"]:
    """The transposed convolution (stride 2, padding 1) that enlarges by repeating pixels and then convolves."""
    return spread(weight.flip(2, 3).transpose(0, 1))


def spread(weight: Float[Tensor, "i o k k"]) -> Float[Tensor, "i o k+1 k+1"]:
    """The kernel of a transposed convolution whose pixels each count four times: summed over its 2x2 shifts."""
    wide = F.pad(weight.double(), (1, 1, 1, 1))
    return (wide[..., 1:, 1:] + wide[..., 1:, :-1] + wide[..., :-1, 1:] + wide[..., :-1, :-1]).to(weight.dtype)


def double(image: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h2 w2"]:
    """Twice the size, by repeating pixels."""
    return F.interpolate(image, scale_factor=2, mode="nearest")


class Dense(nn.Module):
    """A normalised code [n, z] -> a 4x4 map. Weights are in the order of a channels-last map: row, column, channel."""

    def __init__(self, z: int, width: int, slope: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(16 * width, z))
        self.bias = nn.Parameter(torch.empty(16 * width))
        self.slope = slope

    def forward(self, z: Float[Tensor, "n z"]) -> Float[Tensor, "n c 4 4"]:
        flat = F.linear(pixel_norm(z), self.weight, self.bias)
        return F.leaky_relu_(flat, self.slope).view(len(z), 4, 4, -1).permute(0, 3, 1, 2)


class Convolution(nn.Module):
    """Pixel norm, a 3x3 convolution (`up`: on a map made twice as large), leaky ReLU."""

    def __init__(self, inside: int, outside: int, up: bool, slope: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty((inside, outside, 4, 4) if up else (outside, inside, 3, 3)))
        self.bias = nn.Parameter(torch.empty(outside))
        self.up, self.slope = up, slope

    def forward(self, x: Float[Tensor, "n i h w"]) -> Float[Tensor, "n o h2 w2"]:
        x = pixel_norm(x)
        if self.up:
            x = F.conv_transpose2d(x, self.weight, self.bias, stride=2, padding=1)
        else:
            x = F.conv2d(x, self.weight, self.bias, padding=1)
        return F.leaky_relu_(x, self.slope)


class Picture(nn.Module):
    """Features to colours. While a scale fades in, the picture of the one before has its share."""

    def __init__(self, widths: Sequence[int], colors: int, fade: float, enlarge: int) -> None:
        super().__init__()
        self.paint = nn.Conv2d(widths[-1], colors, 1)
        self.before = nn.Conv2d(widths[-2], colors, 1) if fade else None
        self.fade, self.enlarge = fade, enlarge

    def forward(
        self, x: Float[Tensor, "n c h w"], smaller: Float[Tensor, "n c2 h3 w3"] | None = None
    ) -> Float[Tensor, "n c3 h2 w2"]:
        """x, smaller: the features of the last scale, and of the one before if there is a fade."""
        image = self.paint(x)
        if self.before is not None and smaller is not None:
            image = torch.lerp(image, double(self.before(smaller)), self.fade)
        for _ in range(self.enlarge):
            image = double(image)
        return image


class PGGAN(Generator):
    """z [z] -> image. Truncation shortens the code, z * truncation; the pixel norm of the code undoes most of that.

    Layers: "layers.0" is the 4x4 map, "layers.2k" and "layers.2k+1" the convolutions of the scale 4 * 2^k.
    """

    def __init__(self, sizes: PGGANSizes) -> None:
        super().__init__()
        self.sizes, self.classes = sizes, sizes.classes
        layers: list[nn.Module] = [Dense(sizes.z + sizes.classes, sizes.widths[0], sizes.slope)]
        for i, width in enumerate(sizes.widths):
            if i:
                layers.append(Convolution(sizes.widths[i - 1], width, True, sizes.slope))
            layers.append(Convolution(width, width, False, sizes.slope))
        self.layers = nn.ModuleList(layers)
        self.picture = Picture(sizes.widths, sizes.colors, sizes.fade, sizes.enlarge)
        self.spaces = {"z": LatentSpace("z", (sizes.z,))}
        self.image_shape = (sizes.colors, sizes.side, sizes.side)

    @property
    def layer_names(self) -> tuple[str, ...]:
        return (*(f"layers.{i}" for i in range(len(self.layers))), "picture")

    def stages(self, latents: Latents, options: RenderOptions) -> list[Stage]:
        z = self.map(latents, "z", options).values
        if self.classes:
            z = torch.cat([math.sqrt(self.sizes.z) * pixel_norm(z), self.class_vectors(latents)], 1)
        return [Stage((z,), lambda _: self._picture(z))]

    def _picture(self, x: Float[Tensor, "n z"]) -> Float[Tensor, "n c h w"]:
        smaller = None
        for i, layer in enumerate(self.layers):
            if self.sizes.fade and i == len(self.layers) - 2:
                smaller = pixel_norm(x)
            x = layer(x)
        image = self.picture(pixel_norm(x), smaller)
        return image.tanh() if self.sizes.tanh else image

    def entry_weights(self, space: str) -> dict[str, Float[Tensor, "out d"]]:
        self.check_space(space)
        return {"layers.0": self.get_parameter("layers.0.weight")[:, : self.sizes.z].detach()}
