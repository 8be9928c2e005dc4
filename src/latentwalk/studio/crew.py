"""Whoever does the jobs of all pages: few at once, and few that wait."""

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

from latentwalk.studio.jobs.job import Enough, Job, Stopped
from latentwalk.studio.session import Session
from latentwalk.studio.turns import Turns

HANDS, PLACES = 2, 8
"""Jobs at once; jobs that may wait for them."""

Send = Callable[[str, bytes | None, dict[str, Any]], None]
"""Kind, picture and details of what is told; raises `Stopped` when nobody listens."""


class Running:
    """A job that was asked for: its `Teller`, and how it is ended. name: stands in all that it tells, as `job`."""

    def __init__(self, turns: Turns, name: str, send: Send) -> None:
        self.turns, self.name, self._send = turns, name, send
        self._unwanted, self._enough = threading.Event(), threading.Event()
        self._heard = False  # that it is enough
        self._away = False

    def stop(self) -> None:
        """It ends at the next thing that it tells."""
        self._unwanted.set()

    def enough(self) -> None:
        """The same, but it may tell what it has so far. Said twice it is said once."""
        self._enough.set()

    def __call__(self, kind: str, picture: bytes | None = None, /, **details: Any) -> None:
        with self.aside():
            self._send(kind, picture, {"job": self.name, **details})

    @contextmanager
    def aside(self) -> Iterator[None]:
        self._check()
        if self._away:  # others have their turn already
            yield
        else:
            self.turns.leave()
            self._away = True
            try:
                yield
            finally:
                self._away = False
                self.turns.take()
        self._check()

    def work(self, job: Job, session: Session) -> None:
        """From the first to the last word, unless nobody wants to hear that any more."""
        with suppress(Stopped):
            error, stopped = None, False
            try:
                self._check()
                with self.turns.turn():
                    job.run(session, self)
            except ValueError as wrong:
                error = str(wrong)
            except Enough:
                stopped = True
            except Stopped:
                raise
            except Exception:
                logging.getLogger(__name__).exception("a job of the studio failed")
                error = f"{self.name} failed: what happened stands where the studio was started"
            self._check()
            self._send("ended", None, {"job": self.name, "error": error, "stopped": stopped})

    def _check(self) -> None:
        if self._unwanted.is_set():
            raise Stopped
        if self._enough.is_set() and not self._heard:
            self._heard = True
            raise Enough


class Crew:
    """Threads for jobs. turns: who may use the model now."""

    def __init__(self, turns: Turns, hands: int = HANDS, places: int = PLACES) -> None:
        self.turns = turns
        self._hands = ThreadPoolExecutor(hands, "job")
        self._free = threading.Semaphore(hands + places)

    def start(self, job: Job, session: Session, name: str, send: Send) -> Running:
        """Raises ValueError when too many wait already."""
        if not self._free.acquire(blocking=False):
            raise ValueError("the studio is busy with other jobs: try again when one of them has ended")
        running = Running(self.turns, name, send)
        self._hands.submit(running.work, job, session).add_done_callback(lambda _: self._free.release())
        return running
