"""Things by ids that nobody can guess, as long as there is room for them and somebody asks for them."""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Thing = TypeVar("Thing")

MOST, ROOM, LASTS = 16, 2**28, 3600.0
"""What is usual: things, bytes of them all, and seconds."""


@dataclass
class _Held(Generic[Thing]):
    thing: Thing
    size: int
    asked: float  # when somebody last did


class Store(Generic[Thing]):
    """For any threads.

    most: things. room: bytes of them all. lasts: seconds for which one is kept that nobody asks for.
    Where there are too many, those that nobody has asked for the longest go.
    """

    def __init__(
        self, most: int = MOST, room: int = ROOM, lasts: float = LASTS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.most, self.room, self.lasts, self.clock = most, room, lasts, clock
        self._held: dict[str, _Held[Thing]] = {}  # the one that was last asked for is the last
        self._guard = threading.Lock()

    def put(self, thing: Thing, size: int) -> str:
        """The id to ask for it by. Raises ValueError for one that there is no room for, even alone."""
        if size > self.room:
            raise ValueError(f"no room for {size} bytes: expected at most {self.room}")
        id = secrets.token_urlsafe(16)
        with self._guard:
            self._sweep()
            self._held[id] = _Held(thing, size, self.clock())
            while len(self._held) > self.most or sum(held.size for held in self._held.values()) > self.room:
                del self._held[next(iter(self._held))]
        return id

    def take(self, id: str) -> Thing:
        """It stays here. Raises KeyError for one that is not here (any more)."""
        with self._guard:
            self._sweep()
            held = self._held.pop(id)
            held.asked = self.clock()
            self._held[id] = held
        return held.thing

    def sweep(self) -> None:
        """Let go what is too old."""
        with self._guard:
            self._sweep()

    def __len__(self) -> int:
        return len(self._held)

    def _sweep(self) -> None:
        old = self.clock() - self.lasts
        self._held = {id: held for id, held in self._held.items() if held.asked > old}
