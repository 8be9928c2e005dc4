"""BigGAN-deep (Brock et al., 2019): bottleneck blocks, and the whole code enters at every one of them.

Every block, and the 4x4 input, is given z and the class embedding. Each of them may be given a z of its own ("z+",
called skip-z edits), as a class may be a mixture. Truncation chooses the statistics of the batch normalisations, of
which the network carries one row for each of 0, 0.02 ... 1; it does not change the code. Spectral normalisation of a
fixed network is a constant factor, which readers fold into the weights.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, cast

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

BOTTOM = 4
"""Side of the first feature map."""

COLORS = 3
"""Channels of the image. The last convolution may give more: the rest is not used."""


class BlockSizes(NamedTuple):
    """One block: does it double the side, and how many channels go in and come out."""

    up: bool
    inside: int
    outside: int


@dataclass(frozen=True)
class BigGANDeepSizes:
    """Numbers that fix a BigGAN-deep.

    classes: classes it was trained on.
    z, embedding: numbers in a code and in a class embedding.
    blocks: from the 4x4 input to the image.
    attention: blocks before which self-attention comes.
    rows: statistics that each normalisation carries, for truncations from 0 to 1.
    eps: what normalisations add to the variance.
    """

    classes: int
    z: int
    embedding: int
    blocks: tuple[BlockSizes, ...]
    attention: frozenset[int]
    rows: int = 51
    eps: float = 1e-4

    @property
    def side(self) -> int:
        return BOTTOM * 2 ** sum(block.up for block in self.blocks)


class Bottleneck(nn.Module):
    """1x1, 3x3, 3x3 and 1x1 convolutions on a quarter of the channels, beside the first channels of the input."""

    def __init__(self, sizes: BlockSizes, condition: int, attention: bool, rows: int, eps: float) -> None:
        super().__init__()
        narrow = sizes.inside // 4
        self.attention = SelfAttention(sizes.inside) if attention else None
        self.norms = nn.ModuleList(ConditionalNorm(c, condition, rows, eps) for c in (sizes.inside, *[narrow] * 3))
        self.convs = nn.ModuleList(
            [
                nn.Conv2d(sizes.inside, narrow, 1),
                nn.Conv2d(narrow, narrow, 3, padding=1),
                nn.Conv2d(narrow, narrow, 3, padding=1),
                nn.Conv2d(narrow, sizes.outside, 1),
            ]
        )
        self.up, self.outside = sizes.up, sizes.outside

    def forward(
        self, x: Float[Tensor, "n c h w"], condition: Float[Tensor, "n v"], position: float
    ) -> Float[Tensor, "n c2 h2 w2"]:
        x = x if self.attention is None else self.attention(x)
        y, kept = x, x[:, : self.outside]
        for i, (norm, conv) in enumerate(zip(self.norms, self.convs, strict=True)):
            y = norm(y, condition, position).relu()
            y = conv(F.interpolate(y, scale_factor=2) if self.up and i == 1 else y)
        return y + (F.interpolate(kept, scale_factor=2) if self.up else kept)

    def entry(self, start: int, end: int) -> Float[Tensor, "rows d"]:
        """The affine maps that all normalisations make of the columns [start, end) of the condition."""
        return torch.cat([norm.entry(start, end) for norm in cast("Iterable[ConditionalNorm]", self.norms)])


class BigGANDeep(Generator):
    """z [z] (or "z+" [1 + blocks, z]: a code for the input and for each block) and a class -> image."""

    def __init__(self, sizes: BigGANDeepSizes) -> None:
        super().__init__()
        self.sizes, self.classes = sizes, sizes.classes
        condition, first, last = sizes.z + sizes.embedding, sizes.blocks[0].inside, sizes.blocks[-1].outside
        inputs = 1 + len(sizes.blocks)
        self.spaces = {"z": LatentSpace("z", (sizes.z,)), "z+": LatentSpace("z+", (inputs, sizes.z))}
        self.image_shape = (COLORS, sizes.side, sizes.side)
        self.embedding = nn.Parameter(torch.empty(sizes.classes, sizes.embedding))
        self.dense = nn.Linear(condition, BOTTOM**2 * first)
        self.blocks = nn.ModuleList(
            Bottleneck(block, condition, i in sizes.attention, sizes.rows, sizes.eps)
            for i, block in enumerate(sizes.blocks)
        )
        self.norm = StoredNorm(last, sizes.rows, sizes.eps)
        self.paint = nn.Conv2d(last, COLORS, 3, padding=1)

    @property
    def layer_names(self) -> tuple[str, ...]:
        return ("dense", *(f"blocks.{i}" for i in range(len(self.blocks))))

    def map(self, latents: Latents, to: str, options: RenderOptions = NEUTRAL) -> Latents:
        """A code for every input from one for all. Truncation changes statistics, not codes.

        Raises ValueError for other spaces, and for the way back: there may be no single z.
        """
        latents = self.check(latents)
        self.check_options(options)
        if to == latents.space:
            return latents
        if to != "z+":
            known = "codes per block have no single z" if to == "z" else "this generator has the spaces 'z' and 'z+'"
            raise ValueError(f"{latents.space!r} cannot be mapped to {to!r}: {known}")
        values = latents.values[:, None].expand(-1, *self.spaces["z+"].shape)
        return Latents(values, to, latents.labels, latents.seeds)

    def stages(self, latents: Latents, options: RenderOptions) -> list[Stage]:
        """The input and one per block: given a z, the class and where in the statistics the truncation is.

        A truncation in [0, 1] chooses the statistics of codes whose size was that. Raises ValueError for others.
        """
        if not 0 <= options.truncation <= 1:
            raise ValueError(f"BigGAN-deep knows statistics for truncations from 0 to 1, got {options.truncation}")
        at = options.truncation * (self.sizes.rows - 1)
        codes = self.map(latents, "z+").values
        classes = (self.class_vectors(latents) @ self.embedding)[:, None].expand(-1, codes.shape[1], -1)
        first, *given = torch.cat([codes, classes], 2).unbind(1)
        blocks = [
            Stage((one, at), partial(block, condition=one, position=at))
            for block, one in zip(self.blocks, given, strict=True)
        ]
        return [Stage((first,), lambda _: self._bottom(first)), *blocks, Stage((at,), partial(self._finish, at))]

    def _bottom(self, condition: Float[Tensor, "n v"]) -> Float[Tensor, "n c 4 4"]:
        return self.dense(condition).unflatten(1, (BOTTOM, BOTTOM, -1)).permute(0, 3, 1, 2)

    def _finish(self, position: float, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n 3 h w"]:
        return self.paint(self.norm(x, position).relu()).tanh()

    def entry_weights(self, space: str) -> dict[str, Float[Tensor, "out d"]]:
        """By layer: what a z meets, the same for both spaces."""
        self.check_space(space)
        width = self.sizes.z
        blocks = [block.entry(0, width) for block in cast("Iterable[Bottleneck]", self.blocks)]
        return dict(zip(self.layer_names, [self.dense.weight[:, :width].detach(), *blocks], strict=True))
