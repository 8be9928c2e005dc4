"""An encoder that learned along with a generator: from a picture to its code and its labels. It has a file of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from latentwalk.described import check_version, read_sizes, write_sizes
from latentwalk.files import write_tensors
from latentwalk.safeload.nodes import ADVICE, shown
from latentwalk.safeload.reading import read_tree
from latentwalk.weights import check_finite, fingerprint

KIND, VERSION = "latentwalk.encoder", 1
"""What a file says that it is, and the newest version of the format that is known."""

ENDING = ".encoder.safetensors"
"""Of the file beside the generator's."""

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

    def save(self, path: str | Path) -> None:
        """Write one safetensors file, atomically."""
        header = {"kind": KIND, "version": str(VERSION), "base": self.base, "sizes": write_sizes(self.sizes)}
        tensors = self.state_dict()
        write_tensors(path, tensors, {**header, "fingerprint": fingerprint(tensors)})

    @staticmethod
    def load(path: str | Path) -> "ImageEncoder":
        """Read a file written by `save`, frozen; nothing in it is executed. Raises ValueError on any other file."""
        tree = read_tree(path)
        header = tree.get("metadata") if isinstance(tree, Mapping) else None
        if not isinstance(header, Mapping) or header.get("kind") != KIND:
            raise ValueError(f"{path} holds no encoder: expected the {ENDING} that was written beside a generator")
        try:
            return _assembled(header, tree["state"])
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error


def beside(generator: str | Path) -> Path:
    """The file of the encoder that belongs to the file of a generator: my.safetensors -> my.encoder.safetensors."""
    path = Path(generator)
    return path.with_name(path.stem + ENDING)


def _assembled(header: Mapping[str, str], tensors: Mapping[str, Tensor]) -> ImageEncoder:
    """The encoder of a header, built without memory before the tensors are put in. Raises ValueError."""
    check_version(header.get("version", ""), VERSION)
    sizes = read_sizes(ImageEncoderSizes, header.get("sizes", ""))
    try:
        with torch.device("meta"):
            encoder = ImageEncoder(sizes, header.get("base", ""))
    except (RuntimeError, LookupError, ArithmeticError) as error:  # torch builds no such layers
        raise ValueError(f"no encoder has the sizes {shown(sizes)}: the file is damaged, {ADVICE}") from error
    wanted = {name: tensor.shape for name, tensor in encoder.state_dict().items()}
    if {name: tensor.shape for name, tensor in tensors.items()} != wanted:
        raise ValueError(f"its tensors are not those of an encoder of its sizes: the file is damaged, {ADVICE}")
    if fingerprint(tensors) != header.get("fingerprint"):
        raise ValueError(f"its weights are not those that were written: the file is damaged, {ADVICE}")
    check_finite(tensors, "the encoder")
    encoder.load_state_dict({name: tensor.float() for name, tensor in tensors.items()}, assign=True)
    return encoder.requires_grad_(False).eval()
