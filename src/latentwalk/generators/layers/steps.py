"""What the kin of StyleGAN2 share: styled layers one after the other, and s, the space of all their styles."""

from abc import abstractmethod
from functools import partial
from typing import NamedTuple, cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from latentwalk.generators.layers.mapping import Mapping, StyleGenerator
from latentwalk.generators.layers.styled import StyledConvolution, ToRGB
from latentwalk.latents import Latents, LatentSpace
from latentwalk.options import NEUTRAL, RenderOptions
from latentwalk.stages import Stage


class Step(NamedTuple):
    """One styled layer. name: of the module in the synthesis. code: the row of w+ that styles it. width: its styles."""

    name: str
    code: int
    width: int


class State(NamedTuple):
    """What one layer hands to the next. image: the picture so far. around: what the shortcut of a block carries."""

    x: Tensor
    image: Tensor | None = None
    around: Tensor | None = None


class Synthesis(nn.Module):
    """Styles to images, one styled layer after the other.

    A family fills in `steps` and `advance`.
    """

    const: nn.Parameter
    steps: list[Step]

    def start(self, codes: int) -> State:
        """What the first layer is given."""
        return State(self.const.expand(codes, -1, -1, -1).contiguous(memory_format=torch.channels_last))

    def layer(self, step: Step) -> StyledConvolution | ToRGB:
        return cast(StyledConvolution | ToRGB, self.get_submodule(step.name))

    @abstractmethod
    def advance(self, step: Step, style: Float[Tensor, "n _"], noise: Tensor | None, state: State | None) -> State:
        """One layer further, from nothing at the first. The state that came is left as it was."""


class SteppedGenerator(StyleGenerator):
    """z, w, w+ (a w per layer) or s (every style of every channel, layer by layer) -> image.

    mapping, synthesis: its parts. codes: rows of w+. per_layer: whether the average is one code per row.
    `freeze` makes the network ready.
    """

    synthesis: Synthesis

    def __init__(self, mapping: Mapping, synthesis: Synthesis, codes: int, per_layer: bool = False) -> None:
        super().__init__()
        self.mapping, self.synthesis, self.classes = mapping, synthesis, mapping.classes
        z, w = mapping.widths[0], mapping.widths[-1]
        self.register_buffer("average", torch.empty((codes, w) if per_layer else (w,)))
        self.spaces = self.style_spaces(z, w, codes)
        self.spaces["s"] = LatentSpace("s", (sum(step.width for step in synthesis.steps),))

    @abstractmethod
    def noise_maps(self, noise: str | int) -> list[Tensor | None]:
        """The map [h, w] that each step adds, None where it adds nothing."""

    def freeze(self) -> "SteppedGenerator":
        super().freeze()
        for layer in self.modules():
            if isinstance(layer, StyledConvolution):
                layer.settle()
        return self

    @property
    def layer_names(self) -> tuple[str, ...]:
        mapping = [f"mapping.layers.{i}" for i in range(len(self.mapping.layers))]
        convolutions = [f"synthesis.{step.name}" for step in self.synthesis.steps if ".conv" in step.name]
        return (*mapping, *convolutions)

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

    def entry_weights(self, space: str) -> dict[str, Float[Tensor, "out d"]]:
        """For w and w+ the map from w to the styles of each layer, for z the first layer of the mapping."""
        if space == "z":
            return {"mapping.layers.0": self.mapping.entry_weight}
        if space not in ("w", "w+"):
            raise ValueError(f"'z', 'w' and 'w+' meet an affine map first, got {space!r}")
        steps = self.synthesis.steps
        return {f"synthesis.{step.name}.affine": self.synthesis.layer(step).affine.entry_weight for step in steps}
