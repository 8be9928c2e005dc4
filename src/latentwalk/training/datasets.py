"""Pictures to learn from out of memory: data sets of torchvision, and files of arrays."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Float, UInt8
from PIL import Image
from torch import Tensor
from torchvision.transforms.functional import to_pil_image

from latentwalk.progress import Progress, silent
from latentwalk.safeload.arrays import Key, read_arrays
from latentwalk.training.data import Pictures
from latentwalk.training.decoded import squared

ARRAYS = {".npz", ".npy", ".pt", ".pth", ".pkl", ".safetensors"}
"""Names of files of arrays."""

IMAGES = ("images", "image", "imgs", "data", "x", "X", "x_train")
VALUES = ("values", "attributes", "labels", "label", "targets", "y", "c", "y_train")
"""Names of arrays in a file, the surest first."""


@runtime_checkable
class Dataset(Protocol):
    """Pairs of a picture and what is known of it, as torchvision and torch.utils.data have them."""

    def __len__(self) -> int: ...
    def __getitem__(self, row: int, /) -> Any: ...


def from_dataset(dataset: Dataset, size: int = 64, progress: Progress = silent) -> Pictures:
    """A data set whose items are (picture, label), without a transform that makes numbers of them.

    The picture is one of Pillow or bytes [c, h, w]; it is cut to a square of `size`. The label is a class (its name is
    out of `dataset.classes`), or a row of numbers (their names are out of `dataset.attr_names`).
    Raises ValueError for other items, none at all, and pictures that are smaller.
    """
    if len(dataset) == 0:
        raise ValueError("the data set is empty: expected pairs of a picture and a label")
    images, labels = torch.empty(len(dataset), 3, size, size, dtype=torch.uint8), []
    for row in range(len(dataset)):  # not all have an iterator that ends
        item = dataset[row]
        if not isinstance(item, tuple | list) or len(item) != 2:
            raise ValueError(f"item {row} of the data set is no pair of a picture and a label")
        images[row] = _square(item[0], size, f"picture {row} of the data set")
        labels.append(torch.as_tensor(item[1]))
        if row % 256 == 255 or row + 1 == len(dataset):
            progress("reading the data set", row + 1, len(dataset))
    known = getattr(dataset, "classes", None) if labels[0].dim() == 0 else getattr(dataset, "attr_names", None)
    return _with_labels(images, torch.stack(labels), [name for name in known or () if name])


def from_arrays(path: str | Path, size: int | None = None) -> Pictures:
    """Pictures out of a .npz, .npy, .pt or safetensors file; nothing in it is executed.

    The file holds bytes [n, c, h, w], [n, h, w, c] or [n, h, w] under a name such as images, or as its only array; and
    classes [n] or values [n, a] under a name such as labels, or none. size: of the squares that they are cut to; as
    they are when not given.
    Raises ValueError for other files, and pictures that are smaller.
    """
    arrays = {_name(key): array for key, array in read_arrays(path).arrays.items()}
    found = next((arrays[name] for name in IMAGES if name in arrays), None)
    if found is None and len(arrays) == 1:
        (found,) = arrays.values()
    if found is None or found.dtype != torch.uint8 or found.dim() not in (3, 4) or len(found) == 0:
        got = ", ".join(f"{name} {list(a.shape)} {str(a.dtype)[6:]}" for name, a in arrays.items()) or "no arrays"
        raise ValueError(f"{path}: expected images [n, c, h, w], bytes from 0 to 255, got {got:.200}")
    images = _channels_first(found, path)
    if size is not None and images.shape[2:] != (size, size):
        images = torch.stack(
            [_square(each, size, f"picture {row} of {path}")[: images.shape[1]] for row, each in enumerate(images)]
        )
    labels = next((arrays[name] for name in VALUES if name in arrays), torch.zeros(len(images), 0))
    if len(labels) != len(images) or labels.dim() > 2:
        raise ValueError(f"{path}: {len(images)} pictures and labels {list(labels.shape)}: expected one row for each")
    return _with_labels(images, labels, [])


def _square(picture: Any, size: int, where: str) -> UInt8[Tensor, "3 size size"]:
    if isinstance(picture, Tensor) and picture.dtype == torch.uint8:
        picture = to_pil_image(picture)
    if not isinstance(picture, Image.Image):
        raise ValueError(f"{where} is {type(picture).__name__}: expected one of Pillow or bytes; leave transforms out")
    try:
        return squared(picture, size)
    except ValueError as error:
        raise ValueError(f"{where} {str(error).removeprefix('the picture ')}") from error


def _channels_first(images: UInt8[Tensor, "..."], path: str | Path) -> UInt8[Tensor, "n c h w"]:
    if images.dim() == 3:
        return images[:, None]
    if images.shape[1] in (1, 3):
        return images
    if images.shape[3] in (1, 3):
        return images.permute(0, 3, 1, 2).contiguous()
    raise ValueError(f"{path}: expected images of 1 or 3 channels, got {list(images.shape)}")


def _with_labels(images: Tensor, labels: Tensor, names: Sequence[str]) -> Pictures:
    """Classes [n] become a column each; values [n, a] are columns. Those without a name are numbered."""
    if labels.dim() == 1:
        if labels.is_floating_point() or int(labels.min()) < 0:
            raise ValueError(f"expected classes counted from 0, got {labels.dtype} from {labels.min().item()}")
        count = max(len(names), int(labels.max()) + 1)
        table: Float[Tensor, "n a"] = torch.nn.functional.one_hot(labels.long(), count).float()
        stem = "class"
    else:
        table, stem = labels.float(), "value"
    named = [*names, *(f"{stem}{number}" for number in range(len(names), table.shape[1]))]
    return Pictures(images, tuple(named[: table.shape[1]]), table)


def _name(key: Key) -> str:
    return ".".join(map(str, key))
