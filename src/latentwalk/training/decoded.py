"""Picture files as bytes of one size: decoded once, kept, and those that cannot be used left out."""

import hashlib
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from jaxtyping import Int, UInt8
from PIL import Image
from torch import Tensor
from torchvision import transforms

from latentwalk.filenames import readable
from latentwalk.kept import kept
from latentwalk.photos import Photo, read_photo
from latentwalk.progress import Progress

MOST_LOST = 0.01
"""The share of files that may be unusable before nobody should train on the rest."""

SHOWN = 5
"""How many of those are named."""

HOW = "1"
"""Counts how files become bytes: what was kept by another way is not used."""


def squared(photo: Photo, size: int) -> UInt8[Tensor, "3 size size"]:
    """A photograph as bytes: the short side resized to `size`, then the middle square, as work with CelebA does.

    Of CelebA's 178x218 that is the middle 178x178. Raises ValueError for what is no photograph, or a smaller one.
    """
    picture = read_photo(photo)
    if min(picture.size) < size:
        raise ValueError(f"has {picture.width}x{picture.height} pixels: expected {size} or more a side")
    return transforms.PILToTensor()(transforms.CenterCrop(size)(_resized(picture, size)))


def decode_files(
    files: Sequence[Path], size: int, progress: Progress, note: Callable[[str], object]
) -> tuple[UInt8[Tensor, "k 3 size size"], Int[Tensor, "k"]]:
    """Pictures that can be used as bytes, and their rows in `files`.

    They are kept, and decoded again when a file has changed. note: is told in one line which files were left out.
    Raises ValueError that names the first five, when more than 1% cannot be used.
    """
    if not files:
        return torch.empty(0, 3, size, size, dtype=torch.uint8), torch.empty(0, dtype=torch.long)
    found = kept(
        "pictures",
        _key(files, size),
        lambda: _decode(files, size, progress),
        lambda old: old.keys() == {"images", "rows"} and old["images"].shape[1:] == (3, size, size),
    )
    images, rows = found["images"], found["rows"]
    if len(rows) < len(files):
        there = set(rows.tolist())
        lost = [readable(file) for row, file in enumerate(files) if row not in there]
        note(f"{len(lost)} of {len(files)} pictures cannot be used and are left out: {_few(lost)}")
    return images, rows


def _decode(files: Sequence[Path], size: int, progress: Progress) -> dict[str, Tensor]:
    images, rows, lost = torch.empty(len(files), 3, size, size, dtype=torch.uint8), [], []

    def attempt(file: Path) -> Tensor | str:
        try:
            return squared(file, size)
        except ValueError as error:
            return str(error) if readable(file) in str(error) else f"{readable(file)} {error}"

    # Decoding lets go of the interpreter, so threads are enough.
    with ThreadPoolExecutor() as pool:
        for row, made in enumerate(pool.map(attempt, files)):
            if isinstance(made, str):
                lost.append(made)
            else:
                images[len(rows)] = made
                rows.append(row)
            if row % 256 == 255 or row + 1 == len(files):
                progress("decoding pictures", row + 1, len(files))
    if len(lost) > MOST_LOST * len(files):
        raise ValueError(f"{len(lost)} of {len(files)} pictures cannot be used: {_few(lost)}")
    return {"images": images[: len(rows)].clone() if lost else images, "rows": torch.tensor(rows, dtype=torch.long)}


def _resized(picture: Image.Image, size: int) -> Image.Image:
    return picture if min(picture.size) == size else transforms.Resize(size)(picture)


def _few(things: Sequence[str]) -> str:
    more = len(things) - SHOWN
    return "; ".join(things[:SHOWN]) + (f"; and {more} more" if more > 0 else "")


def _key(files: Sequence[Path], size: int) -> str:
    """What the bytes depend on: which files, their sizes and when they were written."""
    digest = hashlib.sha256(f"{HOW} {size}".encode())
    for file in files:
        try:
            stat = file.stat()
        except OSError:
            return ""  # nothing is kept of a file that is not there; decoding says so
        digest.update(json.dumps([str(file.absolute()), stat.st_size, stat.st_mtime_ns]).encode())
    return digest.hexdigest()[:32]
