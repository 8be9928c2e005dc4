"""StyleGAN2 as stylegan2-pytorch builds it: enlarged bilinearly, a code per resolution, noise per channel.

A block per resolution has two convolutions and colours, and the colours of all blocks are summed. Readers multiply into
the weights what is linear: the convolution of the constant, the mean of the noise, and that pictures are of 0 to 1.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from latentwalk.generators.layers.mapping import Mapping
from latentwalk.generators.layers.steps import State, Step, SteppedGenerator, Synthesis
from latentwalk.generators.layers.styled import StyledConvolution, ToRGB

BOTTOM = 4
"""Side of the first map."""

RATE = 0.1
"""What the mapping multiplies its weights and biases by."""


@dataclass(frozen=True)
class BilinearStyleGAN2Sizes:
    """What such a network is built from, all of it read from a checkpoint.

    mapping: numbers of z, of every hidden layer, and of w. start: channels of the constant. widths: channels of the
    maps of 4, 8, 16 ... pixels. colors: channels of the image. blur: whether a picture is blurred once it is enlarged.
    Raises ValueError for numbers that make no network.
    """

    mapping: tuple[int, ...]
    start: int
    widths: tuple[int, ...]
    colors: int = 3
    blur: bool = True

    def __post_init__(self) -> None:
        if len(self.mapping) < 2 or not self.widths or min(*self.mapping, self.start, *self.widths, self.colors) < 1:
            raise ValueError(f"expected sizes above 0, at least one layer and one resolution, got {self}")

    @property
    def sides(self) -> tuple[int, ...]:
        """Of the maps, from the first to the image."""
        return tuple(BOTTOM * 2**i for i in range(len(self.widths)))


def enlarged(x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h2 w2"]:
    """Twice the size, linearly between the centres of pixels."""
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def blurred(image: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
    """Under the filter [1, 2, 1] along both axes; beyond its edges the image is mirrored."""
    padded = F.pad(image, (1, 1, 1, 1), mode="reflect")
    rows = (padded[:, :, :-2] + 2 * padded[:, :, 1:-1] + padded[:, :, 2:]) / 4
    return (rows[..., :-2] + 2 * rows[..., 1:-1] + rows[..., 2:]) / 4


class NoisyConvolution(StyledConvolution):
    """A styled convolution whose noise has a strength per channel, and whose leaky ReLU has no gain."""

    def __init__(self, w: int, inside: int, outside: int, side: int) -> None:
        super().__init__(w, inside, outside, (side, side), noise=False, gain=0.5**0.5)
        self.noise, self.noise_strength = True, nn.Parameter(torch.empty(outside, 1, 1))


class BilinearBlocks(Synthesis):
    """All blocks, from the map of 4 pixels to the image."""

    def __init__(self, sizes: BilinearStyleGAN2Sizes) -> None:
        super().__init__()
        self.const, self.blur, self.steps = nn.Parameter(torch.empty(sizes.start, BOTTOM, BOTTOM)), sizes.blur, []
        w, inside = sizes.mapping[-1], sizes.start
        for index, (side, width) in enumerate(zip(sizes.sides, sizes.widths, strict=True)):
            block = nn.Module()
            block.conv0 = NoisyConvolution(w, inside, width, side)
            block.conv1 = NoisyConvolution(w, width, width, side)
            block.torgb = ToRGB(w, width, sizes.colors)
            self.add_module(f"b{side}", block)
            layers = {"conv0": inside, "conv1": width, "torgb": width}
            self.steps += [Step(f"b{side}.{name}", index, styles) for name, styles in layers.items()]
            inside = width

    def advance(self, step: Step, style: Float[Tensor, "n _"], noise: Tensor | None, state: State | None) -> State:
        state, layer = self.start(len(style)) if state is None else state, self.layer(step)
        if isinstance(layer, ToRGB):
            image = layer(state.x, style)
            if state.image is not None:
                before = enlarged(state.image)
                image = image + (blurred(before) if self.blur else before)
            return State(state.x, image)
        opens = step.name.endswith("conv0") and step.code > 0
        return State(layer(enlarged(state.x) if opens else state.x, style, noise), state.image)


class BilinearStyleGAN2(SteppedGenerator):
    """z, w, w+ (a w per resolution) or s (every style of every channel, layer by layer) -> image.

    Noise is drawn anew for every picture, and none is stored: the maps of a seed are uniform, and without a seed there
    is their mean. The average code is an estimate.
    """

    average_estimated = True

    def __init__(self, sizes: BilinearStyleGAN2Sizes) -> None:
        mapping = Mapping(sizes.mapping, lr_multiplier=RATE, output_gain=1.0)
        super().__init__(mapping, BilinearBlocks(sizes), len(sizes.widths))
        self.sizes = sizes
        self.image_shape = (sizes.colors, sizes.sides[-1], sizes.sides[-1])

    @property
    def layer_names(self) -> tuple[str, ...]:
        return (*super().layer_names, f"synthesis.b{self.sizes.sides[-1]}.torgb")

    def noise_maps(self, noise: str | int) -> list[Tensor | None]:
        """Corners of one map, in [-0.5, 0.5]: its mean is a part of the biases."""
        if isinstance(noise, str):
            return [None] * len(self.synthesis.steps)
        largest, random = self.image_shape[1], torch.Generator().manual_seed(noise)
        whole = torch.rand(largest, largest, generator=random).to(self.average) - 0.5
        return [whole[:side, :side] for side in self.sizes.sides for _ in range(3)]
