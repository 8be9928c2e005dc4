"""Small jobs for tests: rows that are functions of their number, done in this process or in one that may be killed."""

import hashlib
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from latentwalk.jobs.shard_opened import Made, MakeRows
from latentwalk.numerics.counted import normal_rows
from latentwalk.origin import Source
from latentwalk.pool import Done, Opener
from latentwalk.scale.job import Job

KIND = "rows"


def small_job(**changes: Any) -> Job:
    """Ten shards of four rows, the last one of two, with two numbers each."""
    usual = {
        "kind": KIND,
        "rows": 38,
        "shard": 4,
        "batch": 2,
        "seed": 3,
        "generator": Source(source="some/where.pkl", fingerprint="0123456789abcdef"),
        "scorer": Source(source="scorer.safetensors", fingerprint="fedcba9876543210"),
        "attributes": ["one", "two"],
        "settings": {"numbers": 2},
    }
    return Job.model_validate(usual | changes)


def open_rows(job: Job, folder: Path) -> MakeRows:
    """The kind `rows`; settings: numbers in each, `bad` rows that cannot be made."""
    del folder
    bad, numbers = job.settings.get("bad", []), job.settings["numbers"]

    def make(rows: range, batch: int) -> Made:
        del batch
        scores = normal_rows(job.seed, rows.start, len(rows), numbers)
        return Made({"scores": scores}, {row: "a picture with NaN" for row in rows if row in bad})

    return make


@dataclass
class Here:
    """An engine without processes: shards in an order of its own. wait: seconds over each. seen: what was done."""

    order: Callable[[Sequence[int]], Sequence[int]] = list
    wait: float = 0.0

    def __post_init__(self) -> None:
        self.seen: list[int] = []

    def run(self, opener: Opener, folder: Path, shards: Sequence[int]) -> Iterator[Done]:
        run = opener(folder)
        for shard in self.order(shards):
            time.sleep(self.wait)
            self.seen.append(shard)
            yield run(shard)


def forked(do: Callable[[], object]) -> int:
    """A process of its own that does something, and is killed by whoever called. Returns its number."""
    process = os.fork()
    if process == 0:
        try:
            do()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return process


def kill(process: int) -> None:
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)


def succeeded(process: int) -> bool:
    """Did it do what it should, once it ended?"""
    return os.waitpid(process, 0)[1] == 0


def files_of(folder: Path) -> dict[str, str]:
    """Every shard file, hidden ones too, by its sha256."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (folder / "shards").iterdir()}
