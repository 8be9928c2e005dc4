"""The mapping network of the StyleGANs (Karras et al., 2019 and 2020), and the spaces z, w and w+ that it makes.

Shared by StyleGAN, StyleGAN2 and StyleGAN3: fully connected layers with equalised learning rate take z (and, for
conditional networks, an embedding of the class) to w; one w per layer of the synthesis is w+.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from latentwalk.generator import Generator
from latentwalk.latents import Latents, LatentSpace
from latentwalk.options import NEUTRAL, RenderOptions

SLOPE = 0.2
"""Of the leaky ReLU below zero, in every StyleGAN."""

AVERAGED, AVERAGE_SEED = 4096, 0
"""Codes that the average is estimated from when a file has none, and their seed."""


def normalize_second_moment(x: Float[Tensor, "n d"], eps: float = 1e-8) -> Float[Tensor, "n d"]:
    """Rows whose mean square is one (pixel norm of a code)."""
    return x * (x.square().mean(1, keepdim=True) + eps).rsqrt()


class FullyConnected(nn.Module):
    """A fully connected layer with equalised learning rate: weights are stored divided by their scale.

    y = output_gain * f(weight_gain * lr_multiplier / sqrt(inside) * W x + lr_multiplier * b), f the leaky ReLU or,
    with `linear`, nothing (and no output gain).
    """

    def __init__(
        self,
        inside: int,
        outside: int,
        lr_multiplier: float = 1.0,
        linear: bool = False,
        weight_gain: float = 1.0,
        output_gain: float = math.sqrt(2),
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outside, inside))
        self.bias = nn.Parameter(torch.empty(outside))
        self.scale = weight_gain * lr_multiplier / math.sqrt(inside)
        self.lr_multiplier, self.linear, self.output_gain = lr_multiplier, linear, output_gain

    def forward(self, x: Float[Tensor, "n i"]) -> Float[Tensor, "n o"]:
        x = torch.addmm(self.bias, x, self.weight.T, beta=self.lr_multiplier, alpha=self.scale)
        return x if self.linear else F.leaky_relu(x, SLOPE) * self.output_gain


class Mapping(nn.Module):
    """z [n, z] and class vectors [n, classes] -> w [n, w].

    widths: z, then the outputs of every layer; the last one is w.
    classes, embedding: sizes of the class vector and of its embedding, which joins z; 0 for unconditional networks.
    joint: whether z and the embedding are normalised together (genforce) or each by itself (NVIDIA).
    weight_gain, output_gain: see `FullyConnected`; the first StyleGAN has sqrt 2 and 1, the others 1 and sqrt 2.
    """

    def __init__(
        self,
        widths: Sequence[int],
        classes: int = 0,
        embedding: int = 0,
        lr_multiplier: float = 0.01,
        joint: bool = False,
        weight_gain: float = 1.0,
        output_gain: float = math.sqrt(2),
    ) -> None:
        super().__init__()
        self.widths, self.classes, self.joint = tuple(widths), classes, joint
        self.embed = FullyConnected(classes, embedding, linear=True) if classes else None
        inputs = (widths[0] + (embedding if classes else 0), *widths[1:])
        layers = [FullyConnected(a, b, lr_multiplier, False, weight_gain, output_gain) for a, b in pairwise(inputs)]
        self.layers, self.first = nn.Sequential(*layers), (layers[0].scale, widths[0])

    def forward(self, z: Float[Tensor, "n z"], classes: Float[Tensor, "n c"] | None = None) -> Float[Tensor, "n w"]:
        parts = [z]
        if self.embed is not None:
            if classes is None:
                raise ValueError(f"this network has {self.classes} classes: expected class vectors")
            parts.append(self.embed(classes))
        if not self.joint:
            parts = [normalize_second_moment(part) for part in parts]
        x = torch.cat(parts, 1)
        return self.layers(normalize_second_moment(x) if self.joint else x)

    @property
    def entry_weight(self) -> Float[Tensor, "out z"]:
        """What multiplies z (normalised) in the first layer."""
        scale, size = self.first
        return scale * self.get_parameter("layers.0.weight").detach()[:, :size]

    @torch.no_grad()
    def average(self, codes: int = AVERAGED, seed: int = AVERAGE_SEED) -> Float[Tensor, "w"]:
        """The mean w of seeded normal codes, with classes chosen evenly: an estimate for files that carry none."""
        random = torch.Generator().manual_seed(seed)
        z = torch.randn(codes, self.widths[0], generator=random)
        labels = torch.randint(max(self.classes, 1), (codes,), generator=random)
        weight = next(self.parameters())
        classes = F.one_hot(labels, self.classes).to(weight) if self.classes else None
        return self(z.to(weight), classes).double().mean(0).to(weight.dtype)


def truncate(
    ws: Float[Tensor, "n l w"], average: Float[Tensor, "*l w"], truncation: float, cutoff: int | None = None
) -> Float[Tensor, "n l w"]:
    """Codes of the first `cutoff` layers (None: all) moved towards the average: average + truncation (w - average)."""
    if truncation == 1:
        return ws
    pulled = torch.lerp(average.expand_as(ws[0]), ws, truncation)
    return pulled if cutoff is None else torch.cat((pulled[:, :cutoff], ws[:, cutoff:]), 1)


def separate(ws: Float[Tensor, "n l w"]) -> list[Float[Tensor, "n w"]]:
    """The code of every layer by itself in memory, so that what a layer makes of it depends on its values alone."""
    return [w.clone() for w in ws.unbind(1)]


class StyleGenerator(Generator):
    """What the StyleGANs share: the spaces z, w and w+, truncation, labels.

    A family sets `mapping`, `spaces` (in the order z, w, w+, with [layers, w] for w+) and the buffer `average`
    ([w], or [layers, w]); `average_estimated` says that the file had none.
    """

    option_names = frozenset({"truncation", "cutoff", "noise"})
    label_free = frozenset({"w", "w+", "s"})
    mapping: Mapping
    average: Tensor
    average_estimated: bool = False

    @staticmethod
    def style_spaces(z: int, w: int, layers: int) -> dict[str, LatentSpace]:
        """The three spaces, for codes of z and w numbers and `layers` codes per image."""
        shapes = {"z": (z,), "w": (w,), "w+": (layers, w)}
        return {name: LatentSpace(name, shape) for name, shape in shapes.items()}

    def map(self, latents: Latents, to: str, options: RenderOptions = NEUTRAL) -> Latents:
        """Codes further along z -> w -> w+, truncated when they arrive in w or w+.

        Raises ValueError for the way back, and for a cutoff on the way to w, where there is one code for all layers.
        """
        latents, psi, cutoff = self.check(latents), options.truncation, options.cutoff
        self.check_options(options)
        self.check_way(latents.space, to)
        values = latents.values
        if to == "z":
            if options.truncates:
                raise ValueError("truncation acts on 'w' and 'w+', got codes that stay in 'z': map them to 'w+'")
            return latents
        if latents.space == "z":
            values = self.mapping(values, self.class_vectors(latents) if self.classes else None)
        if to == "w":
            if cutoff is not None or (psi != 1 and self.average.ndim > 1):
                raise ValueError("a code in 'w' is one for all layers, so it has no cutoff: map to 'w+' instead")
            values = truncate(values[:, None], self.average, psi)[:, 0]
            return Latents(values, "w", latents.labels, latents.seeds)
        if latents.space != "w+":
            values = values[:, None].expand(-1, *self.spaces["w+"].shape)
        return Latents(truncate(values, self.average, psi, cutoff), "w+", latents.labels, latents.seeds)

    def check_way(self, start: str, to: str) -> None:
        """Raises ValueError unless codes can go from one space to the other: spaces are in the order of the network."""
        order = list(self.spaces)
        self.check_space(to)
        if order.index(to) < order.index(start):
            raise ValueError(
                f"codes go the way {' -> '.join(order)} only, got {start!r} to {to!r}: invert for the rest"
            )
