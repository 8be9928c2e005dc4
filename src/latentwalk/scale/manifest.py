"""The ledger of a job: one line per shard that is done, appended under a lock by whoever did it."""

import hashlib
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from io import FileIO
from pathlib import Path

from pydantic import ConfigDict, TypeAdapter, ValidationError

from latentwalk.files import space_for
from latentwalk.pool import Done
from latentwalk.scale.claims import lockable
from latentwalk.scale.job import Job
from latentwalk.scale.locks import fcntl
from latentwalk.scale.shard import FOLDER, file_sum, read_shard, shard_file

MANIFEST = "manifest.jsonl"


@dataclass(frozen=True)
class Entry(Done):
    """A shard as `Done` says it. ended: when, in seconds since 1970; 0 where the ledger was made from the files."""

    __pydantic_config__ = ConfigDict(extra="forbid", allow_inf_nan=False)

    ended: float


LINES = TypeAdapter(Entry)
"""Reads and writes an entry as a line of JSON."""


def append(folder: Path, done: Done, ended: float | None = None) -> Entry:
    """One more line; the last line about a shard holds. ended: see `Entry`; now if None.

    Raises NoSpace on a full disk; the file is then as it was.
    """
    entry = Entry(**asdict(done), ended=time.time() if ended is None else ended)
    line = LINES.dump_json(entry) + b"\n"
    path = folder / MANIFEST
    with space_for(path, len(line)), path.open("ab", buffering=0) as file, _locked(file, folder):
        size = file.seek(0, os.SEEK_END)
        # a line that was torn when the power failed is ended, and skipped when the file is read
        rest = line if not size or _ends_line(path) else b"\n" + line
        try:
            while rest:
                rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
        except BaseException:
            os.truncate(path, size)
            raise
    return entry


def entries(folder: Path) -> dict[int, Entry]:
    """The last line about each shard; lines that are damaged count as not written."""
    found = {}
    try:
        lines = (folder / MANIFEST).read_bytes().splitlines()
    except FileNotFoundError:
        return {}
    for line in lines:
        try:
            entry = LINES.validate_json(line)
        except ValidationError:
            continue
        found[entry.shard] = entry
    return found


def check_shards(
    folder: Path, job: Job, shards: Iterable[int], keep: bool = True
) -> Iterator[tuple[int, Entry | None]]:
    """Each shard with its entry if its file is what was written, else with None.

    A file that no line tells of (the process ended between both) is taken by the sum inside it, and gets its line.
    keep: False writes nothing.
    """
    known = entries(folder)
    present = {path.name for path in (folder / FOLDER).glob("*")}
    for shard in shards:
        path, entry = shard_file(folder, shard), known.get(shard)
        if path.name not in present:
            yield shard, None
        elif entry is not None and _is(path, entry):
            yield shard, entry
        elif (found := _told(path, job, shard)) is None:
            yield shard, None
        else:
            yield shard, append(folder, found, ended=0.0) if keep else Entry(**asdict(found), ended=0.0)


def _is(path: Path, entry: Entry) -> bool:
    try:
        return path.stat().st_size == entry.bytes and file_sum(path) == entry.sum
    except OSError:  # such as a folder of that name, or a disk that cannot read it any more
        return False


def _told(path: Path, job: Job, shard: int) -> Done | None:
    """A file as its own header tells of it, if it is whole and of this job."""
    try:
        facts = read_shard(path).facts
        if (facts["job"], facts["shard"], facts["rows"]) != (job.name, shard, len(job.rows_of(shard))):
            return None
        size, failed, batch = path.stat().st_size, facts["failed"], facts["batch"]
        return Done(shard, file_sum(path), size, facts["rows"], failed, 0.0, batch, "its file")
    except (OSError, ValueError, KeyError):
        return None


def digest(found: Iterable[Entry]) -> str:
    """One sum over the sums of all shards in their order: equal for equal results."""
    return hashlib.sha256("".join(e.sum for e in sorted(found, key=lambda e: e.shard)).encode()).hexdigest()


@contextmanager
def _locked(file: FileIO, folder: Path) -> Iterator[None]:
    with lockable(folder):
        fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


def _ends_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
