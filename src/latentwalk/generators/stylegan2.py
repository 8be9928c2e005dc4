"""StyleGAN2 (Karras et al., 2020), configurations E and F and the one of ADA: z -> w -> w+ -> s -> image.

A block per resolution: one convolution that doubles the map (but for the first), one that keeps it, and colours. How
blocks make a picture is the `architecture`: "skip" sums the colours of all blocks, "orig" takes those of the last one,
"resnet" as well, with a shortcut around each block.
"""

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from latentwalk.generators.layers.mapping import Mapping, StyleGenerator
from latentwalk.generators.layers.styled import Join, Shortcut, StyledConvolution, ToRGB
from latentwalk.latents import Latents, LatentSpace
from latentwalk.options import NEUTRAL, RenderOptions
from latentwalk.stages import Stage

ARCHITECTURES = ("skip", "orig", "resnet")
BOTTOM = 4
"""Side of the first map."""


@dataclass(frozen=True)
class StyleGAN2Sizes:
    """What a StyleGAN2 is built from, all of it read from a checkpoint.

    mapping: numbers of z, of every hidden layer, and of w. widths: channels of the maps of 4, 8, 16 ... pixels.
    colors: channels of the image. classes, embedding, joint, lr_multiplier: see `Mapping`.
    architecture: "skip", "orig" or "resnet". taps: side of the resampling filter. noise: whether it has noise maps.
    clamp: largest magnitude of an activation, or None; sqrt(.5) of it for the second of a residual block.
    average_per_layer: the average is one code per layer. average_estimated: the file had none, so it is an estimate.
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

    def __post_init__(self) -> None:
        if self.architecture not in ARCHITECTURES:
            raise ValueError(f"the architecture is {' or '.join(ARCHITECTURES)}, got {self.architecture!r}")
        numbers = (*self.mapping, *self.widths, self.colors, self.taps, *([self.embedding] if self.classes else []))
        if len(self.mapping) < 2 or len(self.widths) < 1 or min(numbers) < 1 or self.classes < 0:
            raise ValueError(f"expected sizes above 0, at least one layer and one resolution, got {self}")

    @property
    def sides(self) -> tuple[int, ...]:
        """Of the maps, from the first to the image."""
        return tuple(BOTTOM * 2**i for i in range(len(self.widths)))

    @property
    def codes(self) -> int:
        """How many w one image takes: one per convolution, and one for the last colours."""
        return 2 * len(self.widths)


class State(NamedTuple):
    """What one layer hands to the next. image: the picture so far. around: what the shortcut of a block carries."""

    x: Tensor
    image: Tensor | None = None
    around: Tensor | None = None


class Step(NamedTuple):
    """One styled layer. name: of the module in the synthesis. code: the row of w+ that styles it. width: its styles."""

    name: str
    code: int
    width: int


class Block(nn.Module):
    """All layers of one resolution."""

    def __init__(self, sizes: StyleGAN2Sizes, index: int) -> None:
        super().__init__()
        w, side, outside = sizes.mapping[-1], sizes.sides[index], sizes.widths[index]
        inside = sizes.widths[max(index - 1, 0)]
        residual = sizes.architecture == "resnet" and index > 0
        gain = 0.5**0.5 if residual else 1.0
        if index:
            self.conv0 = StyledConvolution(w, inside, outside, side, sizes.taps, sizes.noise, 1.0, sizes.clamp)
        self.conv1 = StyledConvolution(w, outside, outside, side, 0, sizes.noise, gain, sizes.clamp)
        self.shortcut = Shortcut(inside, outside, sizes.taps) if residual else None
        colored = sizes.architecture == "skip" or index == len(sizes.widths) - 1
        self.torgb = ToRGB(w, outside, sizes.colors, sizes.clamp) if colored else None
        self.join = Join(sizes.taps) if sizes.architecture == "skip" and index else None


class Synthesis(nn.Module):
    """Styles to images, one styled layer after the other."""

    def __init__(self, sizes: StyleGAN2Sizes) -> None:
        super().__init__()
        self.const = nn.Parameter(torch.empty(sizes.widths[0], BOTTOM, BOTTOM))
        self.steps: list[Step] = []
        for index, side in enumerate(sizes.sides):
            block = Block(sizes, index)
            self.add_module(f"b{side}", block)
            if index:
                self.steps.append(Step(f"b{side}.conv0", 2 * index - 1, sizes.widths[index - 1]))
            self.steps.append(Step(f"b{side}.conv1", 2 * index, sizes.widths[index]))
            if block.torgb is not None:
                self.steps.append(Step(f"b{side}.torgb", 2 * index + 1, sizes.widths[index]))

    def start(self, codes: int) -> State:
        """What the first layer is given."""
        return State(self.const.expand(codes, -1, -1, -1).contiguous(memory_format=torch.channels_last))

    def layer(self, step: Step) -> StyledConvolution | ToRGB:
        return cast(StyledConvolution | ToRGB, self.get_submodule(step.name))

    def advance(self, step: Step, style: Float[Tensor, "n _"], noise: Tensor | None, state: State | None) -> State:
        """One layer further, from nothing at the first. The state that came is left as it was."""
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


class StyleGAN2(StyleGenerator):
    """z, w, w+ (a w per layer) or s (every style of every channel, layer by layer) -> image.

    sizes: see `StyleGAN2Sizes`. Weights are those of `state_dict`; `freeze` makes the network ready.
    """

    def __init__(self, sizes: StyleGAN2Sizes) -> None:
        super().__init__()
        self.sizes, self.average_estimated = sizes, sizes.average_estimated
        self.mapping = Mapping(sizes.mapping, sizes.classes, sizes.embedding, sizes.lr_multiplier, sizes.joint)
        self.synthesis = Synthesis(sizes)
        w = sizes.mapping[-1]
        self.register_buffer("average", torch.empty((sizes.codes, w) if sizes.average_per_layer else (w,)))
        styles = sum(step.width for step in self.synthesis.steps)
        self.spaces = self.style_spaces(sizes.mapping[0], sizes.mapping[-1], sizes.codes)
        self.spaces["s"] = LatentSpace("s", (styles,))
        self.image_shape = (sizes.colors, sizes.sides[-1], sizes.sides[-1])
        self.classes, self.clamps = sizes.classes, sizes.clamp is not None

    def freeze(self) -> "StyleGAN2":
        super().freeze()
        for layer in self.modules():
            if isinstance(layer, StyledConvolution):
                layer.settle()
        return self

    @property
    def layer_names(self) -> tuple[str, ...]:
        mapping = [f"mapping.layers.{i}" for i in range(len(self.mapping.layers))]
        convolutions = [f"synthesis.{step.name}" for step in self.synthesis.steps if ".conv" in step.name]
        joined = self.sizes.architecture == "skip" and len(self.sizes.widths) > 1
        return (*mapping, *convolutions, f"synthesis.b{self.sizes.sides[-1]}.{'join' if joined else 'torgb'}")

    def map(self, latents: Latents, to: str, options: RenderOptions = NEUTRAL) -> Latents:
        if to != "s":
            return super().map(latents, to, options)
        latents = self.check(latents)
        self.check_options(options)
        if latents.space == "s":
            if options.truncates:
                raise ValueError("truncation acts on 'w' and 'w+', got codes in 's': expected truncation 1")
            return latents
        ws = super().map(latents, "w+", options).values
        styles = [self.synthesis.layer(step).affine(ws[:, step.code]) for step in self.synthesis.steps]
        return Latents(torch.cat(styles, 1), "s", latents.labels, latents.seeds)

    def stages(self, latents: Latents, options: RenderOptions) -> list[Stage]:
        """One per styled layer, given its styles."""
        steps = self.synthesis.steps
        styles = self.map(latents, "s", options).values.split([step.width for step in steps], 1)
        given = zip(steps, styles, self.noise_maps(options.noise), strict=True)
        layers = [
            Stage((style, options.noise), partial(self.synthesis.advance, step, style, noise))
            for step, style, noise in given
        ]
        return [*layers, Stage((), lambda state: state.image)]

    def noise_maps(self, noise: str | int) -> list[Tensor | None]:
        """The map [side, side] that each step adds, None where it adds nothing."""
        random = None if isinstance(noise, str) else torch.Generator().manual_seed(noise)
        maps: list[Tensor | None] = []
        for step in self.synthesis.steps:
            layer = self.synthesis.layer(step)
            if noise == "none" or not isinstance(layer, StyledConvolution) or not layer.noise:
                maps.append(None)
            elif random is None:
                maps.append(layer.noise_map)
            else:
                maps.append(torch.randn(layer.side, layer.side, generator=random).to(layer.noise_map))
        return maps

    def entry_weights(self, space: str) -> dict[str, Float[Tensor, "out d"]]:
        """For w and w+ the map from w to the styles of each layer, for z the first layer of the mapping."""
        if space == "z":
            return {"mapping.layers.0": self.mapping.entry_weight}
        if space not in ("w", "w+"):
            raise ValueError(f"'z', 'w' and 'w+' meet an affine map first, got {space!r}")
        steps = self.synthesis.steps
        return {f"synthesis.{step.name}.affine": self.synthesis.layer(step).affine.entry_weight for step in steps}
