"""The file of one shard: tensors, what is said of them, and a sum over both, whole or not there at all."""

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from latentwalk.files import write_bytes

FOLDER, ENDING = "shards", ".safetensors"
KEY = "latentwalk"
"""The one entry of the metadata: with several, their order in the file would change from run to run."""


class Shard(NamedTuple):
    """tensors: by name. facts: plain data beside them, with the job's name and the number."""

    tensors: dict[str, Tensor]
    facts: dict[str, Any]


def shard_file(folder: Path, shard: int) -> Path:
    return folder / FOLDER / f"{shard:08}{ENDING}"


def write_shard(folder: Path, shard: int, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> tuple[str, int]:
    """Write it: under another name, onto the disk, then renamed. Returns sha256 and bytes of the file.

    The same tensors and facts give the same bytes. Raises NoSpace when the disk is full.
    """
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    said = {**facts, "shard": shard}
    said["sum"] = _sum(plain, said)
    data = save(plain, {KEY: json.dumps(said, sort_keys=True)})
    path = shard_file(folder, shard)
    write_bytes(path, data)
    sync_folder(path.parent)
    return hashlib.sha256(data).hexdigest(), len(data)


def read_shard(path: Path, sum: str = "") -> Shard:
    """What is in a file. sum: sha256 that it must have. Raises ValueError when it is not what was written."""
    try:
        data = path.read_bytes()
        if sum and hashlib.sha256(data).hexdigest() != sum:
            raise ValueError(f"{path} is not what was written: its sum is another")
        tensors, facts = load(data), json.loads(_metadata(data)[KEY])
        if facts["sum"] != _sum(tensors, {name: value for name, value in facts.items() if name != "sum"}):
            raise ValueError(f"{path} is damaged: its sum is another")
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}") from error
    except (SafetensorError, KeyError, TypeError, AttributeError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} is damaged: {error}") from error
    return Shard(tensors, facts)


def file_sum(path: Path) -> str:
    """sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync_folder(folder: Path) -> None:
    """The names in a folder onto the disk itself; where a system has no such thing, nothing."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        with suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)


def remove_remains(folder: Path, shards: range) -> None:
    """Remove what workers that were killed while they wrote these shards left behind."""
    for left in (folder / FOLDER).glob(f".*{ENDING}"):
        number = left.name[1:].partition("-")[0]
        if number.isdecimal() and int(number) in shards:
            left.unlink(missing_ok=True)


def _sum(tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> str:
    """Over what is said and over every number, whatever their order in the file."""
    shapes = {name: [str(tensor.dtype), *tensor.shape] for name, tensor in tensors.items()}
    digest = hashlib.sha256(json.dumps([facts, shapes], sort_keys=True).encode())
    for name in sorted(tensors):
        digest.update(tensors[name].flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _metadata(data: bytes) -> dict[str, str]:
    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + length])["__metadata__"]
