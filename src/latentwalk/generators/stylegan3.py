"""StyleGAN3 (Karras et al., 2021), configurations t (translation) and r (rotation): w moves waves, not pixels.

The first w turns and shifts a set of sine waves; each of the others modulates one convolution, whose non-linearity
is filtered so that no detail sticks to the pixel grid. Maps carry a margin around the picture until the last layers.
There are no noise maps.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, cast

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from latentwalk.generators.layers.filters import filtered_leaky_relu, gather
from latentwalk.generators.layers.mapping import FullyConnected, Mapping, StyleGenerator, separate
from latentwalk.latents import Latents
from latentwalk.options import RenderOptions
from latentwalk.stages import Stage

BAND_PIXELS = 2**20
"""Numbers of a map that are convolved at once: what a convolution keeps aside is as large."""

LARGEST = {
    "resolution": 8192,
    "mapping": 256,
    "num_layers": 256,
    "margin_size": 256,
    "conv_kernel": 31,
    "filter_size": 64,
    "lrelu_upsampling": 16,
}
"""Sizes above these are those of no network."""


class LayerSizes(NamedTuple):
    """One layer: channels and side of its map, samples across the picture on the way in and out, kernel and filters.

    cutoff: highest frequency that its map is meant to hold. up, down: factors to and from the finer grid of its
    non-linearity (1 and 1: there is none). radial: whether the filter on the way down is.
    """

    inside: int
    channels: int
    side: int
    rate: int
    cutoff: float
    kernel: int
    up: int
    down: int
    radial: bool


@dataclass(frozen=True)
class StyleGAN3Sizes:
    """Numbers that fix a StyleGAN3, by the names that its training gives them; sizes of the layers follow.

    z, w: numbers in a code. classes, embedding: 0 for unconditional networks. mapping: layers of the mapping network.
    lr_multiplier: see `Mapping`.
    resolution: side of the picture. colors: its channels. clamp: limit of the non-linearity, None for no limit.
    average_estimated: the file had no average code, so truncation acts around an estimate.
    """

    z: int
    w: int
    resolution: int
    classes: int = 0
    embedding: int = 0
    mapping: int = 2
    colors: int = 3
    channel_base: float = 32768
    channel_max: int = 512
    num_layers: int = 14
    num_critical: int = 2
    first_cutoff: float = 2
    first_stopband: float = 2**2.1
    last_stopband_rel: float = 2**0.3
    margin_size: int = 10
    output_scale: float = 0.25
    conv_kernel: int = 3
    filter_size: int = 6
    lrelu_upsampling: int = 2
    use_radial_filters: bool = False
    clamp: float | None = 256
    average_estimated: bool = False
    lr_multiplier: float = 0.01

    def __post_init__(self) -> None:
        if (
            min(self.z, self.w, self.colors, self.channel_max) < 1
            or self.num_layers <= self.num_critical
            or self.resolution & (self.resolution - 1)
        ):
            raise ValueError(
                f"{self.num_layers} layers, {self.num_critical} of them critical, for {self.resolution} px and codes "
                f"of {self.z}: no StyleGAN3 has such sizes"
            )
        for name, most in LARGEST.items():
            if not 0 < getattr(self, name) <= most:
                raise ValueError(f"{name} is {getattr(self, name)}, expected a number from 1 to {most}")
        if min(self.first_cutoff, self.first_stopband, self.last_stopband_rel) < 1:
            raise ValueError("its bands begin below one cycle per picture: no StyleGAN3 has such filters")

    def layers(self) -> list[LayerSizes]:
        """Every layer, the one that gives colours last. The first entry's input is the waves: same channels, side."""
        last = self.resolution / 2
        e = np.minimum(np.arange(self.num_layers + 1) / (self.num_layers - self.num_critical), 1)
        cutoffs = self.first_cutoff * (last / self.first_cutoff) ** e
        stops = self.first_stopband * (last * self.last_stopband_rel / self.first_stopband) ** e
        rates = np.exp2(np.ceil(np.log2(np.minimum(stops * 2, self.resolution)))).astype(int)
        sides = rates + 2 * self.margin_size
        sides[-2:] = self.resolution
        channels = np.rint(np.minimum(self.channel_base / 2 / cutoffs, self.channel_max)).astype(int)
        channels[-1] = self.colors
        found = []
        for i in range(self.num_layers + 1):
            before, colors = max(i - 1, 0), i == self.num_layers
            fine = max(rates[before], rates[i]) * (1 if colors else self.lrelu_upsampling)
            found.append(
                LayerSizes(
                    inside=int(channels[before]),
                    channels=int(channels[i]),
                    side=int(sides[i]),
                    rate=int(rates[i]),
                    cutoff=float(cutoffs[i]),
                    kernel=1 if colors else self.conv_kernel,
                    up=int(fine // rates[before]),
                    down=int(fine // rates[i]),
                    radial=self.use_radial_filters and i < self.num_layers - self.num_critical,
                )
            )
        return found


class Waves(nn.Module):
    """Sine waves of stored frequencies and phases on a grid, turned and shifted by w, then mixed.

    transform: [3, 3], takes picture coordinates to those of the waves: the inverse of the motion that one sees.
    Waves beyond the bandwidth of the grid fade out.
    """

    freqs: Tensor
    phases: Tensor
    transform: Tensor

    def __init__(self, w: int, first: LayerSizes) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(first.inside, first.inside))
        self.affine = FullyConnected(w, 4, linear=True)
        self.register_buffer("freqs", torch.empty(first.inside, 2))
        self.register_buffer("phases", torch.empty(first.inside))
        self.register_buffer("transform", torch.empty(3, 3))
        self.side, self.rate, self.cutoff = first.side, first.rate, first.cutoff

    def forward(self, w: Float[Tensor, "n w"]) -> Float[Tensor, "n c h w2"]:
        motion = self.motion(w)
        freqs = self.freqs @ motion[:, :2, :2]  # [n, c, 2]
        phases = self.phases + (self.freqs @ motion[:, :2, 2:]).squeeze(2)  # [n, c]
        room = self.rate / 2 - self.cutoff
        loudness = (1 - (freqs.norm(dim=2) - self.cutoff) / room).clamp(0, 1)
        grid = (torch.arange(self.side, device=w.device, dtype=w.dtype) + 0.5 - self.side / 2) / self.rate
        across = freqs[:, :, 0, None] * grid + phases[..., None]  # [n, c, side]
        angle = across[:, :, None, :] + (freqs[:, :, 1, None] * grid)[..., None]
        waves = (2 * math.pi * angle).sin() * loudness[..., None, None]
        return torch.einsum("oc,nchw->nohw", self.weight / math.sqrt(len(self.weight)), waves)

    def motion(self, w: Float[Tensor, "n w"]) -> Float[Tensor, "n 3 3"]:
        """What w does to the coordinates: a shift, then a turn, after the transform of the user."""
        values = self.affine(w)
        cos, sin, right, down = (values / values[:, :2].norm(dim=1, keepdim=True)).unbind(1)
        zero, one = torch.zeros_like(cos), torch.ones_like(cos)
        turn = torch.stack((cos, -sin, zero, sin, cos, zero, zero, zero, one), 1).unflatten(1, (3, 3))
        shift = torch.stack((one, zero, -right, zero, one, -down, zero, zero, one), 1).unflatten(1, (3, 3))
        return turn @ shift @ self.transform


class Layer(nn.Module):
    """A modulated convolution with all edges kept, bias, and the filtered leaky ReLU; or, last, plain colours.

    magnitude: average square of its inputs in training, which are divided by its root.
    """

    magnitude: Tensor
    up_filter: Tensor
    down_filter: Tensor

    def __init__(self, w: int, sizes: LayerSizes, filter_size: int, colors: bool, clamp: float | None) -> None:
        super().__init__()
        self.sizes, self.colors, self.clamp = sizes, colors, clamp
        self.weight = nn.Parameter(torch.empty(sizes.channels, sizes.inside, sizes.kernel, sizes.kernel))
        self.bias = nn.Parameter(torch.empty(sizes.channels))
        self.affine = FullyConnected(w, sizes.inside, linear=True)
        self.register_buffer("magnitude", torch.empty(()))
        if not colors:
            taps = filter_size * sizes.down
            self.register_buffer("up_filter", torch.empty(filter_size * sizes.up))
            self.register_buffer("down_filter", torch.empty((taps, taps) if sizes.radial else (taps,)))

    def forward(self, x: Float[Tensor, "n c h w"], w: Float[Tensor, "n v"]) -> Float[Tensor, "n c2 h2 w2"]:
        styles, sizes, pull = self.affine(w), self.sizes, self.magnitude.rsqrt()
        if self.colors:
            styles = styles / math.sqrt(self.weight[0].numel())
            x = self.convolve(x, styles * pull, styles.new_ones(len(x), sizes.channels))
            return x if self.clamp is None else x.clamp(-self.clamp, self.clamp)
        styles = styles * styles.square().mean(1, keepdim=True).rsqrt()
        x = self.convolve(x, styles * pull, demodulation(self.weight, styles))
        return filtered_leaky_relu(
            x, self.up_filter, sizes.up, self.down_filter, sizes.down, sizes.side, clamp=self.clamp, spare=True
        )

    def convolve(
        self, x: Float[Tensor, "n c h w"], before: Float[Tensor, "n c"], after: Float[Tensor, "n c2"]
    ) -> Float[Tensor, "n c2 h2 w2"]:
        """The convolution of the scaled channels with all edges kept, scaled again, and the bias.

        Without gradients it goes band by band of rows, so that beside both maps there is never a third.
        """
        edge, before, after = self.sizes.kernel - 1, before[..., None, None], after[..., None, None]
        rows, count = x.shape[2], x.shape[2] + edge
        step = count if torch.is_grad_enabled() else max(16, BAND_PIXELS // (x[:, :, 0].numel()))

        def band(start: int) -> Tensor:
            first, end = start - edge, min(start + step, count)  # rows of the map that these rows of the result meet
            part = x[:, :, max(first, 0) : min(end, rows)] * before
            if first < 0 or end > rows:
                part = F.pad(part, (0, 0, max(-first, 0), max(end - rows, 0)))
            y = F.conv2d(part, self.weight, padding=(0, edge))
            return torch.addcmul(self.bias[:, None, None], y, after)

        bands = (band(start) for start in range(0, count, step))
        return gather(bands, lambda: x.new_empty(len(x), self.sizes.channels, count, x.shape[3] + edge), axis=2)


def demodulation(weight: Float[Tensor, "o i k k"], styles: Float[Tensor, "n i"]) -> Float[Tensor, "n o"]:
    """What makes the outputs of a modulated convolution of unit variance, for weights taken to unit size first."""
    power = weight.square().sum((2, 3))  # [o, i]
    size = power.sum(1) / weight[0].numel()
    return size.rsqrt() * (styles.square() @ power.T / size + 1e-8).rsqrt()


class StyleGAN3(StyleGenerator):
    """z [z], w [w] or w+ [layers + 2, w] -> image. The first code of w+ moves the waves, each other is a layer's."""

    option_names = frozenset({"truncation", "cutoff"})

    def __init__(self, sizes: StyleGAN3Sizes) -> None:
        super().__init__()
        layers, self.sizes, self.clamps = sizes.layers(), sizes, sizes.clamp is not None
        self.classes, self.average_estimated = sizes.classes, sizes.average_estimated
        self.spaces = self.style_spaces(sizes.z, sizes.w, len(layers) + 1)
        self.image_shape = (sizes.colors, sizes.resolution, sizes.resolution)
        self.mapping = Mapping(
            (sizes.z, *[sizes.w] * sizes.mapping), sizes.classes, sizes.embedding, sizes.lr_multiplier
        )
        self.register_buffer("average", torch.empty(sizes.w))
        self.waves = Waves(sizes.w, layers[0])
        self.layers = nn.ModuleList(
            Layer(sizes.w, layer, sizes.filter_size, layer is layers[-1], sizes.clamp) for layer in layers
        )

    @property
    def layer_names(self) -> tuple[str, ...]:
        return ("waves", *(f"layers.{i}" for i in range(len(self.layers))))

    def stages(self, latents: Latents, options: RenderOptions) -> list[Stage]:
        """The waves and one per layer, each given its w."""
        first, *ws = separate(self.map(latents, "w+", options).values)
        layers = [Stage((w,), partial(layer, w=w)) for layer, w in zip(self.layers, ws, strict=True)]
        scale = self.sizes.output_scale
        return [Stage((first,), lambda _: self.waves(first)), *layers, Stage((), lambda x: x * scale)]

    def entry_weights(self, space: str) -> dict[str, Float[Tensor, "out d"]]:
        """The style affines by layer for w and w+; the first layer of the mapping network for z."""
        self.check_space(space)
        if space == "z":
            return {"mapping.layers.0": self.mapping.entry_weight}
        parts = cast("list[Waves | Layer]", [self.waves, *self.layers])
        affines = [(part.affine.weight * part.affine.scale).detach() for part in parts]
        return dict(zip(self.layer_names, affines, strict=True))

    def transformed(self, matrix: Float[Tensor, "3 3"] | Sequence[Sequence[float]]) -> "StyleGAN3":
        """The same network, sharing its weights, whose pictures are moved: `matrix` is the inverse of the motion.

        Coordinates are those of the waves: the picture spans [-0.5, 0.5]. Raises ValueError for another shape.
        """
        matrix = torch.as_tensor(matrix, device=self.device, dtype=self.dtype)
        if matrix.shape != (3, 3) or not bool(matrix.isfinite().all()):
            raise ValueError(f"a transform is a finite 3x3 matrix, got one of the shape {list(matrix.shape)}")
        with torch.device("meta"):
            moved = StyleGAN3(self.sizes)
        moved.load_state_dict(self.state_dict() | {"waves.transform": matrix}, assign=True)
        moved.freeze()
        moved.source, moved.choices = self.source, self.choices
        return moved
