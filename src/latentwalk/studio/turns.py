"""One model, many who ask: first come, first served, so that a long job never keeps a picture waiting for long."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """A lock that is handed on in the order in which it was asked for (`threading.Lock` goes to whoever is quickest,
    and a job that lets it go and takes it again would always be)."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._line: deque[threading.Event] = deque()  # who has the turn, then who waits

    def take(self) -> None:
        """Wait for the turn."""
        mine = threading.Event()
        with self._guard:
            self._line.append(mine)
            if len(self._line) == 1:
                mine.set()
        mine.wait()

    def leave(self) -> None:
        """Hand the turn on."""
        with self._guard:
            self._line.popleft()
            if self._line:
                self._line[0].set()

    @contextmanager
    def turn(self) -> Iterator[None]:
        self.take()
        try:
            yield
        finally:
            self.leave()
