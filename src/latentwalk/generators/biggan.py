"""BigGAN (Brock et al., 2019): a class-conditional generator whose code enters at every block.

The code z is cut into equal slots: the first becomes the 4x4 input, and each of the others, behind the class
embedding, sets the scales and shifts of one block. So "z+" [slots, chunk] is z itself, seen slot by slot.
Spectral normalisation of a fixed network is a constant factor, which readers fold into the weights.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from latentwalk.generator import Generator
from latentwalk.generators.layers.attention import SelfAttention
from latentwalk.generators.layers.stored_norm import ConditionalNorm, StoredNorm
from latentwalk.latents import Latents, LatentSpace
from latentwalk.options import NEUTRAL, RenderOptions
from latentwalk.stages import Stage

OUTPUT_EPS = 1e-5
"""The last normalisation always adds this much to the variance."""


@dataclass(frozen=True)
class BigGANSizes:
    """Numbers that fix a BigGAN.

    classes: classes it was trained on.
    embedding: numbers in the class embedding that all blocks share; 0 where every block has a table of its own.
    chunk: numbers in one slot of z (all of z where only the input gets it).
    hierarchical: whether every block gets a slot of z.
    bottom: side of the first feature map.
    channels: of the first feature map, then of what each block gives; every block doubles the side.
    attention: blocks (from 0) after which self-attention comes.
    colors: channels of the image.
    eps: what the blocks' normalisations add to the variance.
    """

    classes: int
    embedding: int
    chunk: int
    hierarchical: bool
    bottom: int
    channels: tuple[int, ...]
    attention: frozenset[int]
    colors: int = 3
    eps: float = 1e-5

    @property
    def blocks(self) -> int:
        return len(self.channels) - 1

    @property
    def slots(self) -> int:
        return self.blocks + 1 if self.hierarchical else 1

    @property
    def given(self) -> int:
        """Numbers that the class gives to every block: they stand before those of z."""
        return self.embedding or self.classes

    @property
    def condition(self) -> int:
        return self.given + self.chunk * self.hierarchical


class Block(nn.Module):
    """Normalise, ReLU, double the side, convolve; again without doubling; plus a 1x1 shortcut; attention may follow."""

    def __init__(self, inside: int, outside: int, condition: int, attention: bool, eps: float) -> None:
        super().__init__()
        self.norm1 = ConditionalNorm(inside, condition, rows=1, eps=eps)
        self.conv1 = nn.Conv2d(inside, outside, 3, padding=1)
        self.norm2 = ConditionalNorm(outside, condition, rows=1, eps=eps)
        self.conv2 = nn.Conv2d(outside, outside, 3, padding=1)
        self.shortcut = nn.Conv2d(inside, outside, 1)
        self.attention = SelfAttention(outside) if attention else None

    def forward(self, x: Float[Tensor, "n c h w"], condition: Float[Tensor, "n v"]) -> Float[Tensor, "n c2 h2 w2"]:
        y = self.conv1(F.interpolate(self.norm1(x, condition).relu(), scale_factor=2))
        y = self.conv2(self.norm2(y, condition).relu())
        y = y + F.interpolate(self.shortcut(x), scale_factor=2)  # a 1x1 convolution gives the same before doubling
        return y if self.attention is None else self.attention(y)

    def entry(self, start: int, end: int) -> Float[Tensor, "rows d"]:
        """The affine maps that both normalisations make of the columns [start, end) of the condition."""
        return torch.cat([self.norm1.entry(start, end), self.norm2.entry(start, end)])


class BigGAN(Generator):
    """z [slots * chunk] (or "z+" [slots, chunk]) and a class -> image. Truncation makes codes smaller."""

    def __init__(self, sizes: BigGANSizes) -> None:
        super().__init__()
        self.sizes, self.classes = sizes, sizes.classes
        first, last = sizes.channels[0], sizes.channels[-1]
        self.spaces = {"z": LatentSpace("z", (sizes.slots * sizes.chunk,))}
        if sizes.hierarchical:
            self.spaces["z+"] = LatentSpace("z+", (sizes.slots, sizes.chunk))
        side = sizes.bottom * 2**sizes.blocks
        self.image_shape = (sizes.colors, side, side)
        self.embedding = nn.Parameter(torch.empty(sizes.classes, sizes.embedding)) if sizes.embedding else None
        self.dense = nn.Linear(sizes.chunk, first * sizes.bottom**2)
        self.blocks = nn.ModuleList(
            Block(inside, outside, sizes.condition, i in sizes.attention, sizes.eps)
            for i, (inside, outside) in enumerate(zip(sizes.channels, sizes.channels[1:], strict=False))
        )
        self.norm = StoredNorm(last, rows=1, eps=OUTPUT_EPS)
        self.paint = nn.Conv2d(last, sizes.colors, 3, padding=1)

    @property
    def layer_names(self) -> tuple[str, ...]:
        return ("dense", *(f"blocks.{i}" for i in range(self.sizes.blocks)))

    def map(self, latents: Latents, to: str, options: RenderOptions = NEUTRAL) -> Latents:
        """Codes slot by slot ("z+") or in one piece ("z"), times the truncation. Raises ValueError for other spaces."""
        latents, psi = self.check(latents), options.truncation
        self.check_options(options)
        self.check_space(to)
        values = psi * latents.values.reshape(len(latents), *self.spaces[to].shape)
        return Latents(values, to, latents.labels, latents.seeds if psi == 1 else None)

    def stages(self, latents: Latents, options: RenderOptions) -> list[Stage]:
        """The input and one per block: given a slot of z, the blocks the class as well."""
        sizes = self.sizes
        first, *slots = (options.truncation * latents.values.reshape(-1, sizes.slots, sizes.chunk)).unbind(1)
        classes = self.class_vectors(latents)
        if self.embedding is not None:
            classes = classes @ self.embedding
        given = [torch.cat([classes, slot], 1) for slot in slots] or [classes] * sizes.blocks
        blocks = [Stage((one,), partial(block, condition=one)) for block, one in zip(self.blocks, given, strict=True)]
        return [Stage((first,), lambda _: self._bottom(first)), *blocks, Stage((), self._finish)]

    def _bottom(self, slot: Float[Tensor, "n d"]) -> Float[Tensor, "n c h w"]:
        return self.dense(slot).unflatten(1, (-1, self.sizes.bottom, self.sizes.bottom))

    def _finish(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c2 h w"]:
        return self.paint(self.norm(x).relu()).tanh()

    def entry_weights(self, space: str) -> dict[str, Float[Tensor, "out d"]]:
        """By layer: what a slot meets ("z+"), or the same with zeros for the other slots of the code ("z")."""
        self.check_space(space)
        weights = [self.dense.weight.detach()]
        if self.sizes.hierarchical:
            start, end = self.sizes.given, self.sizes.condition
            weights += [block.entry(start, end) for block in cast("Iterable[Block]", self.blocks)]
        if space == "z":
            chunk, slots = self.sizes.chunk, self.sizes.slots
            weights = [F.pad(w, (i * chunk, (slots - 1 - i) * chunk)) for i, w in enumerate(weights)]
        return dict(zip(self.layer_names, weights, strict=False))
