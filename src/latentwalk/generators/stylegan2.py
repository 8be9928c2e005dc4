"""StyleGAN2 (Karras et al., 2020), configurations E and F and the one of ADA: z -> w -> w+ -> s -> image.

A block per resolution: one convolution that doubles the map (but for the first), one that keeps it, and colours. How
blocks make a picture is the `architecture`: "skip" sums the colours of all blocks, "orig" takes those of the last one,
"resnet" as well, with a shortcut around each block.
"""

from dataclasses import dataclass
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from latentwalk.generators.layers.mapping import Mapping
from latentwalk.generators.layers.steps import State, Step, SteppedGenerator, Synthesis
from latentwalk.generators.layers.styled import Join, Shortcut, StyledConvolution, ToRGB

ARCHITECTURES = ("skip", "orig", "resnet")
BOTTOM = 4
"""Side of the first map, and of the first block by its name, whatever map a fork begins with."""


@dataclass(frozen=True)
class StyleGAN2Sizes:
    """What a StyleGAN2 is built from, all of it read from a checkpoint.

    mapping: numbers of z, of every hidden layer, and of w. widths: channels of the maps of 4, 8, 16 ... pixels.
    colors: channels of the image. classes, embedding, joint, lr_multiplier: see `Mapping`.
    architecture: "skip", "orig" or "resnet". taps: side of the resampling filter. noise: whether it has noise maps.
    clamp: largest magnitude of an activation, or None; sqrt(.5) of it for the second of a residual block.
    average_per_layer: the average is one code per layer. average_estimated: the file had none, so it is an estimate.
    start: height and width of the first map, of forks whose pictures are not square.
    Raises ValueError for numbers that make no network.
    """

    mapping: tuple[int, ...]
    widths: tuple[int, ...]
    colors: int = 3
    classes: int = 0
    embedding: int = 0
    joint: bool = False
    lr_multiplier: float = 0.01
    architecture: str = "skip"
    taps: int = 4
    noise: bool = True
    clamp: float | None = None
    average_per_layer: bool = False
    average_estimated: bool = False
    start: tuple[int, int] = (BOTTOM, BOTTOM)

    def __post_init__(self) -> None:
        if self.architecture not in ARCHITECTURES:
            raise ValueError(f"the architecture is {' or '.join(ARCHITECTURES)}, got {self.architecture!r}")
        numbers = (
            *self.mapping,
            *self.widths,
            *self.start,
            self.colors,
            self.taps,
            *([self.embedding] if self.classes else []),
        )
        if len(self.mapping) < 2 or len(self.widths) < 1 or min(numbers) < 1 or self.classes < 0:
            raise ValueError(f"expected sizes above 0, at least one layer and one resolution, got {self}")

    @property
    def sides(self) -> tuple[int, ...]:
        """By which the blocks are called: those of the maps, from the first to the image, where these are square."""
        return tuple(BOTTOM * 2**i for i in range(len(self.widths)))

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """Height and width of the maps, from the first to the image."""
        height, width = self.start
        return tuple((height * 2**i, width * 2**i) for i in range(len(self.widths)))

    @property
    def codes(self) -> int:
        """How many w one image takes: one per convolution, and one for the last colours."""
        return 2 * len(self.widths)


class Block(nn.Module):
    """All layers of one resolution."""

    def __init__(self, sizes: StyleGAN2Sizes, index: int) -> None:
        super().__init__()
        w, shape, outside = sizes.mapping[-1], sizes.shapes[index], sizes.widths[index]
        inside = sizes.widths[max(index - 1, 0)]
        residual = sizes.architecture == "resnet" and index > 0
        gain = 0.5**0.5 if residual else 1.0
        if index:
            self.conv0 = StyledConvolution(w, inside, outside, shape, sizes.taps, sizes.noise, 1.0, sizes.clamp)
        self.conv1 = StyledConvolution(w, outside, outside, shape, 0, sizes.noise, gain, sizes.clamp)
        self.shortcut = Shortcut(inside, outside, sizes.taps) if residual else None
        colored = sizes.architecture == "skip" or index == len(sizes.widths) - 1
        self.torgb = ToRGB(w, outside, sizes.colors, sizes.clamp) if colored else None
        self.join = Join(sizes.taps) if sizes.architecture == "skip" and index else None


class Blocks(Synthesis):
    """All blocks, from the map of 4 pixels to the image."""

    def __init__(self, sizes: StyleGAN2Sizes) -> None:
        super().__init__()
        self.const = nn.Parameter(torch.empty(sizes.widths[0], *sizes.start))
        self.steps = []
        for index, side in enumerate(sizes.sides):
            block = Block(sizes, index)
            self.add_module(f"b{side}", block)
            if index:
                self.steps.append(Step(f"b{side}.conv0", 2 * index - 1, sizes.widths[index - 1]))
            self.steps.append(Step(f"b{side}.conv1", 2 * index, sizes.widths[index]))
            if block.torgb is not None:
                self.steps.append(Step(f"b{side}.torgb", 2 * index + 1, sizes.widths[index]))

    def advance(self, step: Step, style: Float[Tensor, "n _"], noise: Tensor | None, state: State | None) -> State:
        state = self.start(len(style)) if state is None else state
        layer, block = self.layer(step), cast(Block, self.get_submodule(step.name.split(".")[0]))
        if isinstance(layer, ToRGB):
            colors = layer(state.x, style)
            if block.join is not None and state.image is not None:
                colors = block.join(state.image, colors)
            return state._replace(image=colors)
        x = layer(state.x, style, noise)
        if step.name.endswith("conv0"):
            return State(x, state.image, None if block.shortcut is None else block.shortcut(state.x))
        return State(x if state.around is None else x + state.around, state.image)


class StyleGAN2(SteppedGenerator):
    """z, w, w+ (a w per layer) or s (every style of every channel, layer by layer) -> image.

    sizes: see `StyleGAN2Sizes`. Weights are those of `state_dict`; `freeze` makes the network ready.
    """

    def __init__(self, sizes: StyleGAN2Sizes) -> None:
        mapping = Mapping(sizes.mapping, sizes.classes, sizes.embedding, sizes.lr_multiplier, sizes.joint)
        super().__init__(mapping, Blocks(sizes), sizes.codes, sizes.average_per_layer)
        self.sizes, self.average_estimated = sizes, sizes.average_estimated
        self.image_shape = (sizes.colors, *sizes.shapes[-1])
        self.clamps = sizes.clamp is not None

    @property
    def layer_names(self) -> tuple[str, ...]:
        joined = self.sizes.architecture == "skip" and len(self.sizes.widths) > 1
        return (*super().layer_names, f"synthesis.b{self.sizes.sides[-1]}.{'join' if joined else 'torgb'}")

    def noise_maps(self, noise: str | int) -> list[Tensor | None]:
        random = None if isinstance(noise, str) else torch.Generator().manual_seed(noise)
        maps: list[Tensor | None] = []
        for step in self.synthesis.steps:
            layer = self.synthesis.layer(step)
            if noise == "none" or not isinstance(layer, StyledConvolution) or not layer.noise:
                maps.append(None)
            elif random is None:
                maps.append(layer.noise_map)
            else:
                maps.append(torch.randn(layer.shape, generator=random).to(layer.noise_map))
        return maps
