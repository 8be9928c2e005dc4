"""How a long job says how far it is, and how fast it goes."""

import time
from collections import deque
from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""


def silent(_what: str, _done: int, _total: int) -> None:
    """Progress for nobody."""


class Speed:
    """How much is done per second of the recent past, and how long the rest will take at that.

    span: seconds that count. What was done before this one was made does not count, so a job that goes on has the speed
    that it has now.
    """

    def __init__(self, span: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        self.span, self.clock = span, clock
        self.marks: deque[tuple[float, int]] = deque()
        self.now = 0.0, 0

    def __call__(self, done: int) -> None:
        """Note that so much is done by now."""
        self.now = self.clock(), done
        if not self.marks or self.now[0] - self.marks[-1][0] >= self.span / 60:
            self.marks.append(self.now)
        # One mark older than the span stays: what was done since then is measured.
        while len(self.marks) > 1 and self.now[0] - self.marks[1][0] >= self.span:
            self.marks.popleft()

    @property
    def per_second(self) -> float | None:
        """None before there are two moments to compare."""
        if not self.marks or self.now[0] <= self.marks[0][0]:
            return None
        return (self.now[1] - self.marks[0][1]) / (self.now[0] - self.marks[0][0])

    def left(self, total: int) -> float | None:
        """Seconds until everything is done; None while nobody can tell."""
        return (total - self.now[1]) / self.per_second if self.per_second else None


def clock(seconds: float | None) -> str:
    """A time as people read it: 0:07, 12:30, 1:57:00."""
    whole = round(seconds or 0)
    return (
        f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}" if whole >= 3600 else f"{whole // 60}:{whole % 60:02}"
    )


def rate(per_second: float) -> str:
    """A speed as people read it: 68/s, 2.5/s."""
    return f"{per_second:,.0f}/s" if per_second >= 10 else f"{per_second:.1f}/s"
