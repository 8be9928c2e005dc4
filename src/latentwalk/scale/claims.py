"""Who is at work on which shards: one process per shard, on any machine that sees the folder.

A claim is a lock on as many bytes of one file as there are shards. The system gives it back when a process ends,
however it ends. Beside it lies a note with a name, so that who comes second can be told who is there.
"""

import errno
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from latentwalk.files import space_for
from latentwalk.scale.locks import fcntl

LOCK, NOTES = "claims.lock", "claims"
HOST = socket.gethostname()

BEGIN = 2**40
"""The byte that is locked while a job is begun, behind those of all shards."""

PATIENCE = 0.5
"""Seconds in which a lock may be taken by somebody who only looks whether it is."""

NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL}
"""What systems say of files that cannot be locked."""


class _Held:
    """The claims of this process on one folder, by one open file: to close any would give all of its locks back."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.process, self.spans = file, os.getpid(), list[range]()


_held: dict[Path, _Held] = {}
_turn = threading.RLock()


@contextmanager
def claimed(folder: Path, shards: range) -> Iterator[None]:
    """Inside the block nobody else does these shards.

    Raises ValueError that names who does, for no shards, and for a folder whose files cannot be locked.
    """
    if not shards or shards.step != 1 or shards.stop > BEGIN:
        raise ValueError(f"expected some shards without gaps, got {shards}")
    notes = folder / NOTES
    notes.mkdir(parents=True, exist_ok=True)
    mine = notes / f"{HOST}-{os.getpid()}-{shards.start}.json"
    said = {"host": HOST, "process": os.getpid(), "shards": [shards.start, shards.stop]}
    text = json.dumps(said | {"since": time.strftime("%Y-%m-%d %H:%M:%S")})
    _take(folder, shards)
    try:
        for note, _ in _overlapping(notes, shards):  # whoever wrote it is gone: the lock is ours
            note.unlink(missing_ok=True)
        with space_for(mine, len(text)):
            mine.write_text(text, encoding="utf-8")
        yield
    finally:
        mine.unlink(missing_ok=True)
        _give_back(folder, shards)


@contextmanager
def beginning(folder: Path) -> Iterator[None]:
    """Inside the block nobody else begins a job in the folder; waits for who does. Raises ValueError as `claimed`."""
    folder.mkdir(parents=True, exist_ok=True)
    with _turn:
        if _ours(folder):  # closing the file would give our claims back, and whoever has some has begun
            yield
            return
        with (folder / LOCK).open("ab") as file:
            with lockable(folder):
                fcntl.lockf(file, fcntl.LOCK_EX, 1, BEGIN)
            yield


def at_work(folder: Path) -> list[str]:
    """Those who hold a claim now, in words. It changes nothing, and needs no more than to read the folder."""
    notes = _overlapping(folder / NOTES, range(BEGIN))
    with _turn:
        if held := _ours(folder):
            return [_words(said) for _, said in notes if not _free(held.file, said, held.spans)]
        try:
            file = (folder / LOCK).open("rb")
        except OSError:
            return []
        with file:
            return [_words(said) for _, said in notes if not _free(file, said, [])]


@contextmanager
def lockable(folder: Path) -> Iterator[None]:
    """The block locks files in the folder. Raises ValueError of one line where that cannot be done."""
    try:
        yield
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        raise ValueError(
            f"files in {folder} cannot be locked ({error.strerror}), so two processes could do the same shards: choose "
            "a folder on another disk, or mount this one with locks"
        ) from error


def _take(folder: Path, shards: range) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        with _turn:
            held = _ours(folder) or _Held((folder / LOCK).open("a+b"))
            try:
                # a lock of our own would be given twice
                if not any(_meet(shards, span) for span in held.spans):
                    with lockable(folder):
                        fcntl.lockf(held.file, fcntl.LOCK_EX | fcntl.LOCK_NB, len(shards), shards.start)
                    held.spans.append(shards)
                    _held[folder.resolve()] = held
                    return
            except (BlockingIOError, PermissionError):
                pass
            finally:
                if not held.spans:
                    held.file.close()
        if time.monotonic() > until:
            raise ValueError(f"{folder} is being worked on{_who(folder / NOTES, shards)}: wait for it, or stop it")
        time.sleep(0.05)


def _give_back(folder: Path, shards: range) -> None:
    with _turn:
        held = _ours(folder)
        if held is None:  # of a process that forked
            return
        held.spans.remove(shards)
        if held.spans:
            fcntl.lockf(held.file, fcntl.LOCK_UN, len(shards), shards.start)
        else:
            held.file.close()
            del _held[folder.resolve()]


def _ours(folder: Path) -> _Held | None:
    """What this process holds; a process that was forked has none of the locks of the first."""
    held = _held.get(folder.resolve())
    if held and held.process != os.getpid():
        held = _held.pop(folder.resolve()).file.close()
    return held


def _free(file: BinaryIO, said: dict[str, Any], ours: list[range]) -> bool:
    """Could the shards of a note be claimed? A shared lock is enough to know, and stops nobody else who looks."""
    first, end = said["shards"]
    if any(_meet(range(first, end), span) for span in ours):
        return False
    try:
        fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB, end - first, first)
    except OSError:
        return False
    with suppress(OSError):
        fcntl.lockf(file, fcntl.LOCK_UN, end - first, first)
    return True


def _who(notes: Path, shards: range) -> str:
    said = [_words(told) for _, told in _overlapping(notes, shards)]
    return f" by {', '.join(said)}" if said else " by another process"


def _words(said: dict[str, Any]) -> str:
    first, end = said["shards"]
    return f"process {said['process']} on {said['host']} since {said['since']} (shards {first}:{end})"


def _meet(one: range, other: range) -> bool:
    return one.start < other.stop and other.start < one.stop


def _overlapping(notes: Path, shards: range) -> list[tuple[Path, dict[str, Any]]]:
    """Notes about some of these shards; what is no note, or half of one, counts as not there."""
    found = []
    for note in sorted(notes.glob("*.json")):
        try:
            said = json.loads(note.read_text(encoding="utf-8"))
            first, end = map(int, said["shards"])
            _words(said)
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if 0 <= first < end <= BEGIN and _meet(range(first, end), shards):
            found.append((note, said))
    return found
