"""An encoder that learned along with a generator: from a picture to its code and its labels. It has a file of its own."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from latentwalk.files import write_tensors
from latentwalk.safeload.reading import read_tree
from latentwalk.weights import check_finite

KIND, VERSION = "latentwalk.encoder", 1
"""What a file says that it is, and the newest version of the format that is known."""

SLOPE = 0.2
"""Of the leaky ReLU."""

WIDEST = 10.0
"""Logarithms of a variance go from minus this to this."""


class Encoded(NamedTuple):
    """What an encoder says of pictures: a normal distribution of codes, and logits of the labels."""

    mean: Float[Tensor, "n z"]
    log_variance: Float[Tensor, "n z"]
    logits: Float[Tensor, "n l"]


@dataclass(frozen=True)
class ImageEncoderSizes:
    """What an encoder is built from.

    picture: channels, height and width. widths: channels of its maps, each half as large as the one before; none for a
    linear encoder. z, labels: numbers of a code and of a label. exclusive: whether a label is one class, rather than
    some conditions. groups: of channels that are normalised together.
    Raises ValueError for sizes of nothing, pictures that cannot be halved so often, and widths that are no groups.
    """

    picture: tuple[int, int, int]
    widths: tuple[int, ...]
    z: int
    labels: int
    exclusive: bool = False
    groups: int = 8

    def __post_init__(self) -> None:
        if min(*self.picture, *self.widths, self.z, self.groups) < 1 or self.labels < 0:
            raise ValueError(f"expected pictures, widths and codes of sizes above 0, got {self}")
        if any(side % 2 ** len(self.widths) for side in self.picture[1:]):
            raise ValueError(f"pictures {list(self.picture)} cannot be halved {len(self.widths)} times")
        if any(width % self.groups for width in self.widths):
            raise ValueError(f"expected widths that are multiples of {self.groups} groups, got {list(self.widths)}")


class ImageEncoder(nn.Module):
    """Strided convolutions with GroupNorm, so that every picture is seen by itself; then a matrix.

    base: the fingerprint of the generator that its codes are for.
    """

    def __init__(self, sizes: ImageEncoderSizes, base: str = "") -> None:
        super().__init__()
        self.sizes, self.base = sizes, base
        channels, height, width = sizes.picture
        layers: list[nn.Module] = []
        for inside, outside in pairwise((channels, *sizes.widths)):
            layers += [nn.Conv2d(inside, outside, 4, 2, 1, bias=False), nn.GroupNorm(sizes.groups, outside)]
            layers += [nn.LeakyReLU(SLOPE)]
            height, width = height // 2, width // 2
        self.look = nn.Sequential(*layers, nn.Flatten())
        last = sizes.widths[-1] if sizes.widths else channels
        self.say = nn.Linear(last * height * width, 2 * sizes.z + sizes.labels)

    def forward(self, images: Float[Tensor, "n c h w"]) -> Encoded:
        said = self.say(self.look(images)).float()
        mean, log_variance, logits = said.split((self.sizes.z, self.sizes.z, self.sizes.labels), 1)
        return Encoded(mean, log_variance.clamp(-WIDEST, WIDEST), logits)

    def labels(self, encoded: Encoded) -> Float[Tensor, "n l"]:
        """How likely each condition is, in [0, 1]."""
        return encoded.logits.softmax(1) if self.sizes.exclusive else encoded.logits.sigmoid()
