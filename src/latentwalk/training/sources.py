"""Whatever a person names as pictures to learn from, read by what it is."""

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from latentwalk.progress import Progress, silent
from latentwalk.training.avatars import avatars
from latentwalk.training.celeba_folder import celeba_pictures, is_celeba
from latentwalk.training.data import Pictures
from latentwalk.training.datasets import ARRAYS, Dataset, from_arrays, from_dataset
from latentwalk.training.image_folder import read_image_folder

AVATARS = "avatars"
"""The name of the pictures that are drawn here. A folder of that name is ./avatars."""

Source = str | Path | Pictures | Dataset


def read_pictures(
    source: Source,
    size: int = 64,
    attributes: str | Path | None = None,
    conditions: Sequence[str] | None = None,
    progress: Progress = silent,
    note: Callable[[str], object] = warnings.warn,
    workers: int = 1,
) -> Pictures:
    """Pictures [n, c, size, size] out of a source.

    source: "avatars"; a folder of pictures, or CelebA's own (its training part); a file of arrays; a data set of
    (picture, label); or pictures that are read already. attributes: for a folder, a list of what is in its pictures.
    conditions: the columns to learn with, checked (`Pictures.only`); all, unchecked, when not given.
    progress, note, workers: as in `avatars` and `read_image_folder`.
    Raises ValueError for a source that is none of these, and what its reader refuses.
    """
    if attributes is not None and not (isinstance(source, str | Path) and Path(source).is_dir()):
        raise ValueError("a list of attributes belongs to a folder of pictures: leave it out, or name the folder")
    pictures = _read(source, size, attributes, progress, note, workers)
    if pictures.images.shape[2:] != (size, size):
        height, width = pictures.images.shape[2:]
        raise ValueError(f"the pictures have {width}x{height} pixels: expected {size}x{size}")
    return pictures if conditions is None else pictures.only(conditions)


def _read(
    source: Source,
    size: int,
    attributes: str | Path | None,
    progress: Progress,
    note: Callable[[str], object],
    workers: int,
) -> Pictures:
    if isinstance(source, Pictures):
        return source
    if source == AVATARS:
        return avatars(size=size, workers=workers, progress=progress, note=note)
    if not isinstance(source, str | Path):
        return from_dataset(source, size, progress)
    path = Path(source)
    if path.is_dir() and attributes is None and is_celeba(path):
        return celeba_pictures(path, size, progress=progress, note=note)
    if path.is_dir():
        return read_image_folder(path, size, attributes, progress, note)
    if path.is_file() and path.suffix.lower() in ARRAYS:
        return from_arrays(path, size)
    raise ValueError(
        f"no pictures at {path}: expected avatars, a folder of pictures, or a file of arrays "
        f"({', '.join(sorted(ARRAYS))})"
    )
