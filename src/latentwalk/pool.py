"""Who does the shards of a job: one small protocol, so that a job does not know whether one machine works or many."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable


@dataclass(frozen=True)
class Done:
    """A shard that lies in its file.

    shard: its number. sum: sha256 of the file. bytes: of it. rows: in it. failed: those that could not be made.
    seconds: that it took. batch: rows at once; half of what was asked for where memory ended. where: host and process.
    """

    shard: int
    sum: str
    bytes: int
    rows: int
    failed: int
    seconds: float
    batch: int
    where: str


RunShard = Callable[[int], Done]
"""Makes one shard by its number and writes its file: a pure function of the job, however often it is called."""

Opener = Callable[[Path], RunShard]
"""Opens what a job needs (generator, scorer), once per worker, from the job's folder. A function of a module, because
workers find it by name."""


@runtime_checkable
class Engine(Protocol):
    """Does shards, at any time and in any order, with workers that may die and are replaced."""

    def run(self, opener: Opener, folder: Path, shards: Sequence[int]) -> Iterator[Done]:
        """Every shard once it is done. Leaving the iterator ends all workers.

        Raises ValueError for what no worker can do: of one line, naming the shard.
        """
        ...
