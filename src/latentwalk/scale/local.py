"""The engine of one machine: a process per worker, one thread each; one that dies is replaced at once."""

import json
import os
import selectors
import signal
import subprocess
import sys
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from latentwalk.pool import Done, Opener
from latentwalk.scale.failures import MOST_DEATHS, error_of, too_many_deaths
from latentwalk.scale.opener import ONE_THREAD, name_of

PATIENCE = 1.0
"""Seconds without news after which it is looked whether all workers live."""


@dataclass(frozen=True)
class Local:
    """workers: processes at once. Raises ValueError for none."""

    workers: int = 1

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise ValueError(f"expected at least one worker, got {self.workers}")

    def run(self, opener: Opener, folder: Path, shards: Sequence[int]) -> Iterator[Done]:
        """See `pool.Engine`. Raises NoSpace when the disk is full."""
        waiting, deaths = deque(shards), Counter[int | None]()
        crew: list[_Worker] = []
        with selectors.DefaultSelector() as selector:
            try:
                while len(crew) < min(self.workers, len(shards)):
                    crew.append(_Worker.start(opener, folder, selector))
                while waiting or any(worker.busy for worker in crew):
                    for worker in _heard(selector, crew):
                        said = worker.hear()
                        if said is None:  # it died
                            crew.remove(worker)
                            how = worker.end(selector)
                            deaths[worker.shard] += worker.busy or not worker.ready
                            if deaths[worker.shard] >= MOST_DEATHS:
                                raise too_many_deaths(worker.shard, deaths[worker.shard], how)
                            if worker.shard is not None:
                                waiting.appendleft(worker.shard)
                            if waiting:
                                crew.append(_Worker.start(opener, folder, selector))
                            continue
                        for each in said:
                            if "error" in each:
                                raise error_of(each)
                            if "done" in each:
                                worker.shard = None
                                yield Done(**each["done"])
                            elif "ready" in each:
                                worker.ready, deaths[None] = True, 0
                            if waiting and not worker.busy:
                                worker.give(waiting.popleft())
            finally:
                for worker in crew:
                    worker.end(selector)


def _heard(selector: selectors.BaseSelector, crew: list["_Worker"]) -> list["_Worker"]:
    """Workers that said something or ended; also those whose own children keep the line open."""
    return [key.data for key, _ in selector.select(PATIENCE)] or [w for w in crew if w.process.poll() is not None]


@dataclass(eq=False)
class _Worker:
    """A process, and what it is doing."""

    process: "subprocess.Popen[bytes]"
    shard: int | None = None
    ready: bool = False
    rest: bytes = field(default=b"", repr=False)

    @staticmethod
    def start(opener: Opener, folder: Path, selector: selectors.BaseSelector) -> "_Worker":
        process = subprocess.Popen(
            # it finds what this process finds, in the same order: -P, or the folder it starts in would come first
            [sys.executable, "-P", "-m", "latentwalk.scale.worker", name_of(opener), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | ONE_THREAD | {"PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path)},
            start_new_session=True,  # Ctrl-C is for who started us; we end with our stdin
        )
        assert process.stdout
        os.set_blocking(process.stdout.fileno(), False)
        worker = _Worker(process)
        selector.register(process.stdout, selectors.EVENT_READ, worker)
        return worker

    @property
    def busy(self) -> bool:
        return self.shard is not None

    def give(self, shard: int) -> None:
        """The next thing to do. Who is dead will be heard to be."""
        self.shard = shard
        assert self.process.stdin
        with suppress(BrokenPipeError):
            self.process.stdin.write(f"{shard}\n".encode())
            self.process.stdin.flush()

    def hear(self) -> list[dict[str, Any]] | None:
        """Whole lines that came; None when there will be no more."""
        assert self.process.stdout
        ended = self.process.poll() is not None
        data = self.process.stdout.read()
        if data == b"" or (data is None and ended):
            return None
        *lines, self.rest = (self.rest + (data or b"")).split(b"\n")
        return [json.loads(line) for line in lines]

    def end(self, selector: selectors.BaseSelector) -> str:
        """End it and what it started, whatever they are doing: a shard is written whole or not at all.

        Returns how it ended, in words.
        """
        assert self.process.stdout and self.process.stdin
        selector.unregister(self.process.stdout)
        with suppress(ProcessLookupError, PermissionError):  # no such group any more
            os.killpg(self.process.pid, signal.SIGKILL)
        code = self.process.wait()
        self.process.stdout.close()
        with suppress(BrokenPipeError):
            self.process.stdin.close()
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
