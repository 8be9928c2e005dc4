"""The arrays of any file by their names: .npy, .npz, safetensors, and what torch.save or pickle wrote."""

import io
import lzma
import math
import struct
import zipfile
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from tokenize import TokenError
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from latentwalk.safeload.nodes import CheckpointError, shown
from latentwalk.safeload.plain_tree import Foreign
from latentwalk.safeload.reading import read_tree
from latentwalk.safeload.sniff import is_safetensors

MOST_BYTES = 2**30
"""What an archive of arrays may unpack to; a thousand components of a w+ code are a thirtieth of it."""

MOST_ARRAYS, MOST_AXES = 100_000, 16

HEAD = 16
"""Bytes that tell what a file is."""

NUMPY, ZIP = b"\x93NUMPY", b"PK\x03\x04"

DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, RuntimeError, EOFError, ValueError, KeyError)
"""What zipfile raises for archives that are damaged, encrypted or of a kind that it cannot unpack."""

UNREADABLE = (ValueError, TypeError, SyntaxError, TokenError, EOFError, RecursionError, OverflowError)
"""What numpy raises for headers that are damaged."""

KINDS = "biufc"
"""Kinds of numpy's numbers; objects, texts and records are none."""

Key = tuple[str | int, ...]
"""Where an array is in a file: names in mappings and places in lists, from outside to inside; () when it is alone."""


class Arrays(NamedTuple):
    """What a file holds. arrays: by their keys, in the order of the file. kind: what latentwalk wrote there, or ""."""

    arrays: dict[Key, Tensor]
    kind: str = ""


def read_arrays(path: str | Path) -> Arrays:
    """Every array of a file; nothing in it is executed, and what is no array of numbers is left out.

    Raises CheckpointError (a ValueError) of one line that begins with the path.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            start = file.read(HEAD)
            if start.startswith(NUMPY):
                file.seek(0)
                return Arrays({(): _array(file, path.stat().st_size)})
            if start.startswith(ZIP) and (found := _archive(file)) is not None:
                return Arrays(found)
    except (CheckpointError, OSError) as error:
        raise CheckpointError(f"{path}: {_reason(error)}") from None
    tree = read_tree(path, everything=True)
    match tree:
        case {"metadata": {"kind": str(kind)}, "state": dict(state)} if is_safetensors(memoryview(start)):
            return Arrays(dict(_leaves(state)), kind)
    found = dict(islice(_leaves(tree), MOST_ARRAYS + 1))
    if len(found) > MOST_ARRAYS:
        raise CheckpointError(f"{path}: more than {MOST_ARRAYS:,} arrays")
    return Arrays(found)


def named(key: Key) -> str:
    """A key as a person reads it."""
    return shown("/".join(map(str, key)))


def _leaves(tree: Any, key: Key = ()) -> Iterator[tuple[Key, Tensor]]:
    """The tensors of a plain tree. Objects of unknown classes are no containers of arrays."""
    if isinstance(tree, Tensor):
        yield key, tree.detach()
    elif isinstance(tree, dict) and not isinstance(tree, Foreign):
        for name, part in tree.items():
            yield from _leaves(part, (*key, name if isinstance(name, str) else str(name)))
    elif isinstance(tree, list | tuple):
        for place, part in enumerate(tree):
            yield from _leaves(part, (*key, place))


def _archive(file: io.BufferedReader) -> dict[Key, Tensor] | None:
    """The arrays of an .npz; None for a zip archive of another kind."""
    try:
        with zipfile.ZipFile(file) as archive:
            entries = [entry for entry in archive.infolist() if entry.filename.endswith(".npy")]
            if not entries:
                return None
            size = sum(entry.file_size for entry in entries)
            if size > MOST_BYTES or len(entries) > MOST_ARRAYS:
                raise CheckpointError(f"its arrays would need {size:,} bytes, at most {MOST_BYTES:,} are read")
            found: dict[Key, Tensor] = {}
            for entry in entries:
                array = _numbers(io.BytesIO(archive.read(entry)), entry.file_size)
                if array is not None:
                    found[(entry.filename.removesuffix(".npy"),)] = array
            return found
    except CheckpointError:
        raise
    except DAMAGED as error:
        raise CheckpointError(f"a damaged or encrypted archive: {shown(error)}") from None


def _array(file: io.BufferedIOBase, size: int) -> Tensor:
    found = _numbers(file, size)
    if found is None:
        raise CheckpointError("it holds objects or texts: expected an array of numbers")
    return found


def _numbers(file: io.BufferedIOBase, size: int) -> Tensor | None:
    """One array of numpy's format that takes `size` bytes with its header; None for what is no number."""
    shape, fortran, dtype = _header(file)
    if dtype.kind not in KINDS or dtype.hasobject:
        return None
    count = math.prod(shape)
    if len(shape) > MOST_AXES or min(shape, default=0) < 0 or count * dtype.itemsize > size:
        raise CheckpointError(f"damaged or truncated: an array of the shape {shown(list(shape))} in {size:,} bytes")
    data = file.read(count * dtype.itemsize)
    if len(data) < count * dtype.itemsize:
        raise CheckpointError(f"damaged or truncated: {len(data):,} bytes for an array of the shape {list(shape)}")
    array = np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")
    wide = dtype.kind == "f" and dtype.itemsize > 8  # torch has no long double
    try:
        return torch.from_numpy(array.astype(np.float64 if wide else dtype.newbyteorder("="), order="C"))
    except TypeError:
        return None


def _header(file: io.BufferedIOBase) -> tuple[tuple[int, ...], bool, "np.dtype[Any]"]:
    """Shape, order and type from the header: a literal, which numpy parses and does not evaluate."""
    try:
        old = np.lib.format.read_magic(file) == (1, 0)
        return (np.lib.format.read_array_header_1_0 if old else np.lib.format.read_array_header_2_0)(file)
    except UNREADABLE as error:
        raise CheckpointError(f"damaged or truncated: {shown(error)}") from None


def _reason(error: Exception) -> str:
    return error.strerror or "no reason given" if isinstance(error, OSError) else str(error)
