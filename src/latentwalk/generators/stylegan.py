"""StyleGAN (Karras et al., 2019): a learned constant, restyled after every convolution by the code of its layer.

A layer is a 3x3 convolution (on a map made twice as large and then blurred, where a scale begins), noise, bias, leaky
ReLU, instance norm, and the style: a scale and a shift per channel. Readers multiply the factors of equalised learning
rate into the weights of convolutions, and the doubling as in PGGAN. Maps are channels-last.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from latentwalk.generators.layers.mapping import SLOPE, FullyConnected, Mapping, StyleGenerator, separate, truncate
from latentwalk.generators.pggan import Picture, check_growth
from latentwalk.latents import Latents
from latentwalk.options import NEUTRAL, RenderOptions
from latentwalk.stages import Stage

EPS = 1e-8
"""Of the instance norm, as published."""


@dataclass(frozen=True)
class StyleGANSizes:
    """What the shapes of the weights say about a StyleGAN, and the little that they do not.

    mapping: z, then the outputs of every mapping layer. w: numbers in a code of one layer; the last output of the
    mapping is w, or [layers * w] where the mapping gives every layer a code of its own (then there is no space w).
    widths: channels at 4x4, 8x8 ... colors: channels of a picture. classes, embedding: see `Mapping`.
    averages: rows of the average code, 1 or one for every layer. fade, enlarge: see `PGGANSizes`.
    average_estimated: the file had no average code, so truncation acts around an estimate.
    eps: of the instance norm. bias_first: the bias of a layer that doubles its map is added before the blur, which
    makes it weaker along the edges.
    """

    mapping: tuple[int, ...]
    w: int
    widths: tuple[int, ...]
    colors: int = 3
    classes: int = 0
    embedding: int = 0
    averages: int = 1
    fade: float = 0.0
    enlarge: int = 0
    average_estimated: bool = False
    eps: float = EPS
    bias_first: bool = False

    def __post_init__(self) -> None:
        check_growth(self.widths, self.fade, self.enlarge)
        if len(self.mapping) < 2 or min(*self.mapping, self.w, self.colors) < 1:
            raise ValueError(f"expected at least one mapping layer and a w, got {list(self.mapping)} and {self.w}")
        if self.mapping[-1] not in (self.w, self.layers * self.w):
            raise ValueError(
                f"the mapping gives {self.mapping[-1]} numbers: expected {self.w}, or {self.layers * self.w} "
                f"for a code of {self.w} in each of {self.layers} layers"
            )
        if not 0 < self.eps < 1:
            raise ValueError(f"the eps of an instance norm is a small number above 0, got {self.eps}")

    @property
    def layers(self) -> int:
        """Codes of one picture in w+."""
        return 2 * (len(self.widths) + self.enlarge)

    @property
    def per_layer(self) -> bool:
        """Whether the mapping gives every layer a code of its own."""
        return self.mapping[-1] != self.w

    @property
    def side(self) -> int:
        """Pixels on a side of the picture."""
        return 4 << (len(self.widths) - 1 + self.enlarge)


def restyle(
    x: Float[Tensor, "n c h w"], scale: Float[Tensor, "n c"], shift: Float[Tensor, "n c"], eps: float = EPS
) -> Float[Tensor, "n c h w"]:
    """Every channel with the mean `shift` and the deviation `scale`: instance norm and style at once."""
    # Means of centred maps: what torch has for this in one pass loses three digits on large channels-last maps.
    x = x - x.mean((2, 3), keepdim=True)
    power = x.square().mean((2, 3), keepdim=True)
    return torch.addcmul(shift[:, :, None, None], x, scale[:, :, None, None] * (power + eps).rsqrt())


class Layer(nn.Module):
    """Features -> features: (convolution,) noise, bias, leaky ReLU, instance norm, style. The first has no convolution.

    side: of the map that it gives. up: whether that is twice the side of the map that it takes. eps, bias_first: see
    `StyleGANSizes`.
    """

    noise_map: Tensor
    blur: Tensor

    def __init__(
        self,
        inside: int,
        outside: int,
        w: int,
        side: int,
        convolves: bool = True,
        up: bool = False,
        eps: float = EPS,
        bias_first: bool = False,
    ) -> None:
        super().__init__()
        self.convolves, self.up, self.eps, self.bias_first = convolves, up, eps, bias_first and up
        if convolves:
            self.weight = nn.Parameter(torch.empty((inside, outside, 4, 4) if up else (outside, inside, 3, 3)))
        self.bias = nn.Parameter(torch.empty(outside))
        self.noise_weight = nn.Parameter(torch.empty(outside))
        self.register_buffer("noise_map", torch.empty(side, side))
        if up:
            self.register_buffer("blur", torch.empty(outside, 1, 3, 3))
        self.style = FullyConnected(w, 2 * outside, linear=True)

    def forward(
        self, x: Float[Tensor, "n i h w"], w: Float[Tensor, "n d"], noise: Float[Tensor, "h2 w2"] | None
    ) -> Float[Tensor, "n o h2 w2"]:
        if self.up:
            x = F.conv_transpose2d(x, self.weight, self.bias if self.bias_first else None, stride=2, padding=1)
            x = F.conv2d(x, self.blur, padding=1, groups=x.shape[1])
        elif self.convolves:
            x = F.conv2d(x, self.weight, padding=1)
        bias = (torch.zeros_like(self.bias) if self.bias_first else self.bias)[:, None, None]
        x = x + (bias if noise is None else torch.addcmul(bias, self.noise_weight[:, None, None], noise))
        scale, shift = self.style(w).chunk(2, 1)
        return restyle(F.leaky_relu_(x, SLOPE), scale + 1, shift, self.eps)


class State(NamedTuple):
    """What one layer hands to the next. smaller: the last map of the scale before, where the picture fades from it."""

    x: Tensor
    smaller: Tensor | None = None


class StyleGAN(StyleGenerator):
    """z -> w -> w+ (one code per layer) -> image.

    Layers: "layers.2k" and "layers.2k+1" are those of the scale 4 * 2^k; the code i of w+ is that of "layers.i".
    """

    def __init__(self, sizes: StyleGANSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.mapping = Mapping(
            sizes.mapping, sizes.classes, sizes.embedding, joint=True, weight_gain=2**0.5, output_gain=1.0
        )
        self.const = nn.Parameter(torch.empty(sizes.widths[0], 4, 4))
        layers: list[Layer] = []
        for i, width in enumerate(sizes.widths):
            before, side, kind = sizes.widths[max(i - 1, 0)], 4 << i, (sizes.eps, sizes.bias_first)
            layers.append(Layer(before, width, sizes.w, side, i > 0, i > 0, *kind))
            layers.append(Layer(width, width, sizes.w, side, True, False, *kind))
        self.layers = nn.ModuleList(layers)
        self.picture = Picture(sizes.widths, sizes.colors, sizes.fade, sizes.enlarge)
        self.register_buffer("average", torch.empty((sizes.averages, sizes.w) if sizes.averages > 1 else sizes.w))
        self.spaces = self.style_spaces(sizes.mapping[0], sizes.w, sizes.layers)
        if sizes.per_layer:
            del self.spaces["w"]
        self.classes, self.average_estimated = sizes.classes, sizes.average_estimated
        self.image_shape = (sizes.colors, sizes.side, sizes.side)

    @property
    def layer_names(self) -> tuple[str, ...]:
        return (*(f"layers.{i}" for i in range(len(self.layers))), "picture")

    def map(self, latents: Latents, to: str, options: RenderOptions = NEUTRAL) -> Latents:
        if not (self.sizes.per_layer and latents.space == "z" and to == "w+"):
            return super().map(latents, to, options)
        latents = self.check(latents)
        self.check_options(options)
        classes = self.class_vectors(latents) if self.classes else None
        ws = self.mapping(latents.values, classes).unflatten(1, self.spaces["w+"].shape)
        return Latents(
            truncate(ws, self.average, options.truncation, options.cutoff), "w+", latents.labels, latents.seeds
        )

    def stages(self, latents: Latents, options: RenderOptions) -> list[Stage]:
        """One per layer, given its w."""
        ws = separate(self.map(latents, "w+", options).values[:, : len(self.layers)])
        given = enumerate(zip(ws, self._noise(options.noise), strict=True))
        layers = [Stage((w, options.noise), partial(self._advance, i, w, noise)) for i, (w, noise) in given]
        return [*layers, Stage((), lambda state: self.picture(*state))]

    def _advance(self, index: int, w: Float[Tensor, "n d"], noise: Tensor | None, state: State | None) -> State:
        """One layer further, from the constant at the first."""
        if state is None:
            state = State(self.const.expand(len(w), -1, -1, -1).contiguous(memory_format=torch.channels_last))
        fades = self.sizes.fade and index == len(self.layers) - 2
        return State(self.layers[index](state.x, w, noise), state.x if fades else state.smaller)

    def _noise(self, noise: str | int) -> Iterator[Tensor | None]:
        """The map of every layer in turn: stored ones, none, or those of a seed."""
        random = torch.Generator().manual_seed(int(noise)) if noise not in ("const", "none") else None
        for stored in (layer.noise_map for layer in self.layers if isinstance(layer, Layer)):
            if random is None:
                yield stored if noise == "const" else None
            else:
                yield torch.randn(stored.shape, generator=random).to(stored)

    def entry_weights(self, space: str) -> dict[str, Float[Tensor, "out d"]]:
        """Of z the first mapping layer, of w and w+ the styles of every layer [2c, w]: scales, then shifts."""
        self.check_space(space)
        if space == "z":
            first = self.mapping.layers[0]
            assert isinstance(first, FullyConnected)
            return {"mapping.layers.0": (first.scale * first.weight[:, : self.sizes.mapping[0]]).detach()}
        styles = {f"layers.{i}.style": layer.style for i, layer in enumerate(self.layers) if isinstance(layer, Layer)}
        return {name: (style.scale * style.weight).detach() for name, style in styles.items()}
