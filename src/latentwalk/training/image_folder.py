"""A folder of pictures to learn from: classes by sub-folder, or attributes by a list."""

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from latentwalk.progress import Progress, silent
from latentwalk.training.attribute_list import read_attribute_list
from latentwalk.training.data import Pictures
from latentwalk.training.decoded import decode_files

ENDINGS = {".avif", ".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"}
"""Names of files that are taken for pictures. Hidden files are none."""


def read_image_folder(
    folder: str | Path,
    size: int = 64,
    attributes: str | Path | None = None,
    progress: Progress = silent,
    note: Callable[[str], object] = warnings.warn,
) -> Pictures:
    """All pictures in a folder and below, as squares of `size`, in the order of their names.

    attributes: a list of them (`attribute_list`), whose files are paths inside the folder; pictures that are not in it
    are left out. Without, the sub-folders are classes where every picture lies in one of two or more.
    note: is told in one line what was left out.
    Raises ValueError for a folder without pictures, one of which more than 1% cannot be used, and a list that does not
    fit.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(f"no folder {folder}: expected one with pictures")
    files = [path.relative_to(folder) for path in sorted(folder.rglob("*")) if _is_picture(path.relative_to(folder))]
    if not files:
        raise ValueError(f"no pictures in {folder}: expected files that end in {', '.join(sorted(ENDINGS))}")
    files, names, values = _classes(files) if attributes is None else _listed(folder, files, Path(attributes), note)
    images, rows = decode_files([folder / file for file in files], size, progress, note)
    return Pictures(images, tuple(names), torch.from_numpy(values)[rows])


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in ENDINGS and not any(part.startswith(".") for part in path.parts)


def _classes(files: Sequence[Path]) -> tuple[list[Path], list[str], np.ndarray]:
    """A column per sub-folder; none where they are no classes."""
    tops = [file.parts[0] if len(file.parts) > 1 else None for file in files]
    names = sorted({top for top in tops if top is not None})
    if None in tops or len(names) < 2:
        return list(files), [], np.zeros((len(files), 0), dtype=np.float32)
    places = [names.index(top) for top in tops if top is not None]
    return list(files), names, np.eye(len(names), dtype=np.float32)[places]


def _listed(
    folder: Path, files: Sequence[Path], path: Path, note: Callable[[str], object]
) -> tuple[list[Path], list[str], np.ndarray]:
    """The pictures that are in the list, with its columns."""
    names, table = read_attribute_list(path)
    there = {file.as_posix(): file for file in files}
    both = [name for name in table if name in there]
    if not both:
        raise ValueError(
            f"{path} names none of the {len(files)} pictures in {folder}: expected paths inside the folder, such as "
            f"{files[0].as_posix()}; the list has {next(iter(table))}"
        )
    if len(both) < len(files) or len(both) < len(table):
        missing = next((name for name in table if name not in there), None)
        lacking = "" if missing is None else f" ({missing} is not there)"
        note(
            f"{len(both)} pictures are both among the {len(files)} in {folder} and the {len(table)} of {path}{lacking}"
        )
    return [there[name] for name in both], names, np.stack([table[name] for name in both])
