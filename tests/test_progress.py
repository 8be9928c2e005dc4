"""How fast it goes, and how it is said."""

import pytest

from latentwalk.progress import Speed, clock, rate


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_speed_is_that_of_the_recent_past():
    at = Clock()
    speed = Speed(span=60, clock=at)
    assert speed.per_second is None and speed.left(10) is None
    for second in range(601):  # ten a second for five minutes, then forty
        at.now = float(second)
        done = 1000 + 10 * min(second, 300) + 40 * max(second - 300, 0)
        speed(done)
        if second == 200:
            assert speed.per_second == pytest.approx(10), "what was there at the start was done by somebody else"
    assert speed.per_second == pytest.approx(40)
    assert speed.left(done + 400) == pytest.approx(10) and speed.left(done) == 0


def test_a_pause_counts():
    at = Clock()
    speed = Speed(span=60, clock=at)
    speed(0)
    at.now = 100.0
    speed(100)
    assert speed.per_second == pytest.approx(1)


def test_many_calls_need_little_room():
    at = Clock()
    speed = Speed(span=60, clock=at)
    for step in range(100_000):
        at.now = step / 1000
        speed(step)
    assert speed.per_second == pytest.approx(1000) and len(speed.marks) < 70


def test_people_read_them():
    assert [clock(s) for s in (7, 750, 7020, None)] == ["0:07", "12:30", "1:57:00", "0:00"]
    assert [rate(s) for s in (67.6, 2.46, 12345)] == ["68/s", "2.5/s", "12,345/s"]
