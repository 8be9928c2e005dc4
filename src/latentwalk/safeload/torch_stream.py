"""The two containers that torch.save has written: the stream of pickles of 2016 to 2020, and the zip archive since.

Both are a pickle in which every storage is a persistent id, beside the raw bytes of the storages. Here they are taken
apart into an inert tree and a table of storages; nothing is copied and nothing is executed.
"""

import codecs
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from latentwalk.safeload.nodes import ADVICE, CheckpointError, Global, Persistent, shown
from latentwalk.safeload.opcodes import unpickle
from latentwalk.safeload.pickle_machine import truncated
from latentwalk.safeload.storage import Storage, is_count, torch_type

MAGIC = 0x1950A86A20F9469CFC6C
"""The first object of a legacy stream. Then come its version, the machine that wrote it, the object, the keys."""

codecs.lookup("cp437")  # which zipfile would import in the middle of reading an archive with old names

VERSION = 1001
MOST_ENTRIES = 100_000
LOCAL_HEADER = 30
"""Bytes before the name in front of each file of an archive."""


@dataclass(frozen=True)
class Place:
    """Where a storage is: some numbers from `start` on of the run of numbers named `key`."""

    key: str
    dtype: torch.dtype
    start: int
    count: int


def describe(node: Persistent) -> Place | None:
    """The place in ("storage", class, key, device, numbers[, view]); None for other persistent ids.

    view: (key, start, numbers) when the storage is a part of another, as in old streams; else None.
    """
    parts = node.key
    if not isinstance(parts, tuple) or parts[:1] != ("storage",):
        return None
    if len(parts) in (5, 6) and isinstance(parts[1], Global) and isinstance(parts[2], str):
        view = parts[5] if len(parts) == 6 else None
        span = (0, parts[4]) if view is None else view[1:] if isinstance(view, tuple) and len(view) == 3 else ()
        if span and all(map(is_count, span)):
            return Place(parts[2], torch_type(parts[1].path), *span)
    raise CheckpointError(f"damaged: a storage is described by {shown(parts[:5])}: {ADVICE}")


@dataclass(eq=False)
class Stream:
    """An inert tree and the bytes of its storages by their keys. swapped: from a big-endian machine."""

    root: Any
    storages: Mapping[str, memoryview]
    swapped: bool = False
    made: dict[Place, Storage] = field(default_factory=dict)

    def storage(self, node: Persistent) -> Storage | None:
        """The storage that a persistent id stands for, None when it stands for something else."""
        place = describe(node)
        if place is None:
            return None
        data, width = self.storages.get(place.key), place.dtype.itemsize
        if data is None:
            raise CheckpointError(f"damaged or truncated: the storage {shown(place.key)!r} is missing: {ADVICE}")
        start, end = place.start * width, (place.start + place.count) * width
        if end > len(data):
            raise truncated(start, end - start, len(data))
        return self.made.setdefault(place, Storage(data[start:end], place.dtype, self.swapped))


def read_legacy(data: memoryview, position: int) -> Stream:
    """The stream whose magic number ends at `position`."""
    version, position, _ = unpickle(data, position)
    if version != VERSION:
        raise CheckpointError(f"a torch stream of version {shown(version)}: expected {VERSION}; save it again")
    _, position, _ = unpickle(data, position)
    root, position, persistent = unpickle(data, position)
    keys, position, _ = unpickle(data, position)
    if not isinstance(keys, list):
        raise CheckpointError(f"damaged: a torch stream without its list of storages: {ADVICE}")
    widths = {place.key: place.dtype.itemsize for place in map(describe, persistent) if place is not None}
    storages: dict[str, memoryview] = {}
    for key in keys:
        if not isinstance(key, str) or key not in widths or key in storages:
            raise CheckpointError(f"damaged: nothing uses the storage {shown(key)!r} of a torch stream: {ADVICE}")
        size = int.from_bytes(_part(data, position, 8), "little") * widths[key]
        storages[key] = _part(data, position + 8, size)
        position += 8 + size
    return Stream(root, storages)


def read_archive(path: Path, data: memoryview) -> Stream:
    """The zip archive at `path`, whose bytes `data` are. Its files must be stored as they are, as torch does it."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = {entry.filename: entry for entry in archive.infolist()}
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise CheckpointError(f"damaged or truncated: {shown(error)}: {ADVICE}") from None
    roots = [name for name in entries if name.endswith("/data.pkl")]
    if len(roots) != 1 or len(entries) > MOST_ENTRIES:
        raise CheckpointError("a zip archive that torch.save did not write: unpack it, and load the checkpoint inside")
    folder = roots[0].removesuffix("data.pkl")
    if f"{folder}constants.pkl" in entries:
        raise CheckpointError("a TorchScript program, not weights: expected torch.save(network.state_dict(), path)")
    order = entries.get(f"{folder}byteorder")
    storages = {
        name.removeprefix(f"{folder}data/"): _stored(data, entry)
        for name, entry in entries.items()
        if name.startswith(f"{folder}data/")
    }
    root = unpickle(_stored(data, entries[roots[0]])).root
    return Stream(root, storages, order is not None and bytes(_stored(data, order)) == b"big")


def _stored(data: memoryview, entry: zipfile.ZipInfo) -> memoryview:
    """The bytes of one file of an archive, which is neither compressed nor encrypted."""
    if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1 or entry.compress_size != entry.file_size:
        raise CheckpointError("a compressed zip archive: unpack it, and load the checkpoint inside, or save it again")
    header = _part(data, entry.header_offset, LOCAL_HEADER)
    if header[:4] != b"PK\x03\x04":
        raise CheckpointError(f"damaged: {shown(entry.filename)} is not where the archive says: {ADVICE}")
    name, extra = int.from_bytes(header[26:28], "little"), int.from_bytes(header[28:30], "little")
    return _part(data, entry.header_offset + LOCAL_HEADER + name + extra, entry.file_size)


def _part(data: memoryview, start: int, count: int) -> memoryview:
    if start < 0 or start + count > len(data):
        raise truncated(start, count, len(data))
    return data[start : start + count]
