"""CelebA (Liu et al., 2015) on disk, in the layout that torchvision unpacks.

celeba/list_attr_celeba.txt      count, names of the attributes, then one line per picture: file and -1 or 1 each
celeba/list_eval_partition.txt   one line per picture: file and 0 (train), 1 (valid) or 2 (test)
celeba/img_align_celeba/*.jpg    178x218
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from PIL import Image, UnidentifiedImageError
from torch import Tensor
from torchvision import transforms

from latentwalk.progress import Progress, silent
from latentwalk.training.attribute_list import read_attribute_list
from latentwalk.training.data import Pictures
from latentwalk.training.decoded import decode_files

ATTRIBUTES, PARTITION, PICTURES = "list_attr_celeba.txt", "list_eval_partition.txt", "img_align_celeba"
PARTS = ("train", "valid", "test")


@dataclass(frozen=True, eq=False)
class CelebAPart:
    """The pictures of one partition with some of the attributes.

    files: [n]; labels: [n, a], 1 or 0; size: side of the square that `read` gives.
    """

    files: tuple[Path, ...]
    labels: Float[Tensor, "n a"]
    attributes: tuple[str, ...]
    size: int = 64

    def read(self, rows: Tensor) -> UInt8[Tensor, "n 3 h w"]:
        """Pictures of the rows as bytes: the short side resized to `size`, then the middle square.

        Raises ValueError that names a file which is no picture.
        """
        # Decoding lets go of the interpreter, so threads are enough.
        with ThreadPoolExecutor() as pool:
            return torch.stack(list(pool.map(self._read_one, rows.tolist())))

    def _read_one(self, row: int) -> Tensor:
        try:
            with Image.open(self.files[row]) as picture:
                whole = transforms.Resize(self.size)(picture.convert("RGB"))
                return transforms.PILToTensor()(transforms.CenterCrop(self.size)(whole))
        except (OSError, UnidentifiedImageError) as error:
            raise ValueError(f"{self.files[row]} is no readable picture: replace it or drop its lines") from error


def read_celeba(folder: str | Path, attributes: Sequence[str], size: int = 64) -> dict[str, CelebAPart]:
    """ "train", "valid" and "test" of a CelebA folder (or of the folder that holds `celeba`).

    Raises ValueError for a missing file or picture, a line that does not fit, an unknown attribute, or a partition in
    which some attribute is the same everywhere.
    """
    folder = _find(Path(folder))
    names, table = read_attribute_list(folder / ATTRIBUTES, binary=True)
    unknown = [name for name in attributes if name not in names]
    if unknown or not attributes or len(set(attributes)) < len(attributes):
        wrong = f"no attribute {unknown[0]!r}" if unknown else "expected some attributes, each once"
        raise ValueError(f"{folder / ATTRIBUTES}: {wrong}: there are {', '.join(names)}")
    columns = [names.index(name) for name in attributes]
    parts = _partition(folder, table)
    found = {}
    for part, files in parts.items():
        values = np.array([table[file][columns] for file in files], dtype=np.float32).reshape(len(files), len(columns))
        _check_both(values, attributes, part, folder)
        paths = tuple(folder / PICTURES / file for file in files)
        found[part] = CelebAPart(paths, torch.from_numpy(values), tuple(attributes), size)
    return found


def celeba_pictures(
    folder: str | Path,
    size: int = 64,
    part: str = "train",
    progress: Progress = silent,
    note: Callable[[str], object] = warnings.warn,
) -> Pictures:
    """The pictures of one part of a CelebA folder with all forty attributes, decoded once and kept.

    part: "train", "valid" or "test". note: is told in one line which files cannot be used.
    Raises ValueError for a folder that does not fit, another part, and one of whose pictures more than 1% are unusable.
    """
    if part not in PARTS:
        raise ValueError(f"no part {part!r} of CelebA: expected {', '.join(PARTS)}")
    folder = _find(Path(folder))
    names, table = read_attribute_list(folder / ATTRIBUTES, binary=True)
    files = _partition(folder, table)[part]
    if not files:
        raise ValueError(f"{folder / PARTITION} puts no pictures into {part!r}: use another part")
    images, rows = decode_files([folder / PICTURES / file for file in files], size, progress, note)
    return Pictures(images, tuple(names), torch.from_numpy(np.stack([table[file] for file in files]))[rows])


def is_celeba(folder: Path) -> bool:
    """Whether a folder is laid out as torchvision unpacks CelebA, or holds one that is."""
    return any((each / ATTRIBUTES).is_file() for each in (folder, folder / "celeba"))


def _find(folder: Path) -> Path:
    folder = folder / "celeba" if (folder / "celeba").is_dir() else folder
    for name in (ATTRIBUTES, PARTITION, PICTURES):
        if not (folder / name).exists():
            raise ValueError(
                f"no {name} in {folder}: expected a folder in torchvision's layout, celeba/{ATTRIBUTES}, "
                f"celeba/{PARTITION} and celeba/{PICTURES}/"
            )
    return folder


def _partition(folder: Path, table: Mapping[str, np.ndarray]) -> dict[str, list[str]]:
    """The files of every part that have attributes. Raises ValueError where a picture is missing."""
    parts: dict[str, list[str]] = {part: [] for part in PARTS}
    for file, part in _read_partition(folder / PARTITION).items():
        if file in table:
            parts[part].append(file)
    _check_pictures(folder / PICTURES, [file for files in parts.values() for file in files])
    return parts


def _read_partition(path: Path) -> dict[str, str]:
    found = {}
    for number, line in enumerate(_lines(path), start=1):
        file, _, part = line.strip().rpartition(" ")
        if part not in ("0", "1", "2") or not file.strip():
            raise ValueError(f"{path}, line {number}: expected a file and 0, 1 or 2, got {line!r:.80}")
        found[file.strip()] = PARTS[int(part)]
    return found


def _lines(path: Path) -> list[str]:
    try:
        return [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"cannot read {path}: {error}") from error


def _check_pictures(folder: Path, files: Sequence[str]) -> None:
    there = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    missing = [file for file in files if file not in there]
    if missing:
        raise ValueError(
            f"{folder} lacks {len(missing)} of the {len(files)} pictures that are listed, {missing[0]} first: "
            "unpack img_align_celeba.zip there"
        )


def _check_both(values: np.ndarray, attributes: Sequence[str], part: str, folder: Path) -> None:
    for name, column in zip(attributes, values.T, strict=True):
        if not 0 < column.sum() < len(column):
            raise ValueError(
                f"{folder}: {name} is {int(column.sum())} times 1 among the {len(column)} pictures of {part!r}: "
                "expected both kinds; leave it out, or give all three partitions"
            )
