"""An encoder that learned along with a generator: from a picture to its code and labels. It has a file of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

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


class PictureReader(nn.Module):
    """Strided convolutions with GroupNorm, so that every picture is seen by itself; then a matrix.

    picture, widths, groups: as in `ImageEncoderSizes`. outputs: numbers that are said of a picture.
    """

    def __init__(self, picture: tuple[int, int, int], widths: tuple[int, ...], outputs: int, groups: int) -> None:
        super().__init__()
        channels, height, width = picture
        layers: list[nn.Module] = []
        for inside, outside in pairwise((channels, *widths)):
            layers += [nn.Conv2d(inside, outside, 4, 2, 1, bias=False), nn.GroupNorm(groups, outside)]
            layers += [nn.LeakyReLU(SLOPE)]
            height, width = height // 2, width // 2
        last = widths[-1] if widths else channels
        self.features = nn.Sequential(*layers)
        self.score = nn.Sequential(nn.Flatten(), nn.Linear(last * height * width, outputs))

    def forward(self, images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n outputs"]:
        return self.score(self.features(images))


class ImageEncoder(nn.Module):
    """Two networks that know nothing of each other: one finds codes, the other reads labels.

    base: the fingerprint of the generator that the codes are for. coder, reader: where they are there already.
    """

    def __init__(
        self,
        sizes: ImageEncoderSizes,
        base: str = "",
        coder: PictureReader | None = None,
        reader: PictureReader | None = None,
    ) -> None:
        super().__init__()
        self.sizes, self.base = sizes, base
        self.coder = coder or PictureReader(sizes.picture, sizes.widths, sizes.z, sizes.groups)
        if sizes.labels:
            self.reader = reader or PictureReader(sizes.picture, sizes.widths, sizes.labels, sizes.groups)

    def codes(self, images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n z"]:
        """The likeliest code of each picture."""
        return self.coder(images).float()

    def labels(self, images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n l"]:
        """How likely each condition is, in [0, 1]; [n, 0] without labels."""
        if not self.sizes.labels:
            return images.new_zeros(len(images), 0)
        logits = self.reader(images).float()
        return logits.softmax(1) if self.sizes.exclusive else logits.sigmoid()

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
