"""Open files of directions: our own, and those that people already have from other programs."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.direction import PER_LAYER, Direction, Directions
from latentwalk.edits import codes_for
from latentwalk.generator import Generator
from latentwalk.latents import concatenate
from latentwalk.nicknames import listed
from latentwalk.origin import Origin, Source
from latentwalk.safeload.reading import read_tree
from latentwalk.safeload.sniff import is_safetensors
from latentwalk.samples import sample_codes

MOST_BYTES = 2**30
"""What an archive of components may unpack to; a thousand components of a w+ code are a thirtieth of it."""

HEAD = 16
"""Bytes that tell what a file is."""

UNIT_CODES = 2000
"""Codes on which one standard deviation along a foreign direction is measured."""

GANSPACE = ("lat_comp", "act_comp")
"""Components of a GANSpace archive: in the code, and in the layer that was analysed, which may be the code too."""


def read_directions(
    path: str | Path, generator: Generator, space: str | None = None, force: bool = False
) -> Directions:
    """The directions of a file, for this generator.

    path: a file that `Directions.save` wrote; a boundary of InterFaceGAN (.npy [1, d], or [k, d] for several);
    components of GANSpace (.npz); or a factor file of rosinality's SeFa (torch: `eigvec` [d, d], one per column).
    Foreign ones say nothing of the generator: their size decides whether they fit, the unit is measured on its codes
    and the boundary is where its mean code is. Nothing in a file is executed.
    space: of foreign ones; without it w where vectors of this size fit, else the first space that they fit.
    force: take directions of another generator too, as long as they fit.
    Raises ValueError for a file that holds no directions, or such that do not fit.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"no file {path}: expected a file of directions")
    with path.open("rb") as file:
        start = file.read(HEAD)
    if is_safetensors(memoryview(start)):  # first: any bytes may stand in front of its header
        return _ours(path, generator, force)
    if start[:6] == b"\x93NUMPY":
        return _foreign(_read_array(path), "boundary", path, generator, space)
    if start[:4] == b"PK\x03\x04" and (found := _read_components(path)) is not None:
        return _foreign(found, "components", path, generator, space)
    if start[:4] == b"PK\x03\x04" or start[:1] == b"\x80":
        return _foreign(_read_factors(path), "factors", path, generator, space)
    return _ours(path, generator, force)  # says what is wrong with it


def read_one(text: str, generator: Generator, force: bool = False) -> Direction:
    """A direction from FILE:NAME or FILE:ID, or from FILE where it is alone.

    Names may hold colons, and be abbreviated: see `nicknames.find`. Raises ValueError for what is not there, and as
    `read_directions` does.
    """
    parts = text.split(":")
    ends = [i for i in range(len(parts), 0, -1) if Path(":".join(parts[:i])).is_file()]
    end = ends[0] if ends else max(len(parts) - 1, 1)
    file, name = ":".join(parts[:end]), ":".join(parts[end:])
    found = read_directions(file, generator, force=force)
    if name:
        return found[name]
    if len(found) != 1:
        names = [direction.name for direction in found]
        raise ValueError(
            f"{file} holds {len(found)} directions: expected {file}:NAME or {file}:ID, one of "
            f"{listed(range(len(names)), names)}"
        )
    return found[0]


def _ours(path: Path, generator: Generator, force: bool) -> Directions:
    found = Directions.load(path, None if force else generator.fingerprint)
    code = generator.sample([0], 0 if generator.classes else None)
    for direction in found:
        direction.shift(codes_for(generator, code, direction), 0.0)  # says what does not fit
    return found


def _foreign(rows: Float[Tensor, "k d"], kind: str, path: Path, generator: Generator, space: str | None) -> Directions:
    """Directions from rows of numbers, with the unit that codes of this generator have along them."""
    if len(rows) == 0 or not bool(rows.isfinite().all()) or bool((rows.norm(dim=1) == 0).any()):
        raise ValueError(f"{path}: expected rows of finite numbers that are not all 0")
    name = space or _space_for(rows.shape[1], generator, path)
    known = generator.spaces.get(name)
    if known is None or known.size != rows.shape[1]:
        raise ValueError(f"{path} holds vectors of {rows.shape[1]} numbers, not for {name}: {_sizes(generator)}")
    vectors = torch.nn.functional.normalize(rows.double(), dim=1)
    labels = torch.arange(generator.classes) if generator.classes else None
    codes = concatenate(list(sample_codes(generator, UNIT_CODES, 0, name, labels))).values.flatten(1).cpu().double()
    along = codes @ vectors.T
    stem = path.stem
    names = [stem] if len(rows) == 1 else [f"{stem} {i + 1}" for i in range(len(rows))]
    items = tuple(
        Direction(each, vector.float(), name, float(places.std()), -float(places.mean()))
        for each, vector, places in zip(names, vectors, along.T, strict=True)
    )
    return Directions(items, Origin(method=f"read from {kind}", generator=Source.of(generator)))


def _space_for(size: int, generator: Generator, path: Path) -> str:
    fitting = [name for name, space in generator.spaces.items() if space.size == size and not name.endswith(PER_LAYER)]
    if not fitting:
        raise ValueError(f"{path} holds vectors of {size} numbers, this generator has {_sizes(generator)}")
    return "w" if "w" in fitting else fitting[0]


def _sizes(generator: Generator) -> str:
    return ", ".join(f"{name} of {space.size}" for name, space in generator.spaces.items())


def _read_array(path: Path) -> Float[Tensor, "k d"]:
    try:
        return _rows(np.load(path, allow_pickle=False), path)
    except (OSError, ValueError, EOFError) as error:
        raise ValueError(f"cannot read the directions {path}: {error}") from error


def _read_components(path: Path) -> Float[Tensor, "k d"] | None:
    """The components of a GANSpace archive; None for an archive of another kind."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = {entry.filename: entry.file_size for entry in archive.infolist()}
        name = next((each for each in GANSPACE if f"{each}.npy" in entries), None)
        if name is None:
            return None
        if entries[f"{name}.npy"] > MOST_BYTES:
            raise ValueError(f"{name} would need {entries[f'{name}.npy']:,} bytes, at most {MOST_BYTES:,} are read")
        with np.load(path, allow_pickle=False) as file:
            return _rows(file[name], path)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"cannot read the components {path}: {error}") from error


def _read_factors(path: Path) -> Float[Tensor, "k d"]:
    tree: Any = read_tree(path)
    if isinstance(tree, Mapping) and isinstance(tree.get("eigvec"), Tensor):
        return _rows(tree["eigvec"].T, path)
    if isinstance(tree, Mapping) and isinstance(tree.get("comp"), Tensor):
        return _rows(tree["comp"], path)
    raise ValueError(f"{path} holds no directions: expected `eigvec` [d, d] or `comp` [k, d] in a torch file")


def _rows(values: np.ndarray | Tensor, path: Path) -> Float[Tensor, "k d"]:
    """[k, d] from [d], [k, d] or [k, 1, d]. Raises ValueError for other shapes, and for what is no number."""
    array = values if isinstance(values, Tensor) else torch.from_numpy(np.asarray(values, dtype=np.float32))
    if array.ndim == 3 and array.shape[1] == 1:
        array = array[:, 0]
    array = array[None] if array.ndim == 1 else array
    if array.ndim != 2:
        raise ValueError(f"{path}: expected directions [k, d], got {list(array.shape)}")
    return array.float()
