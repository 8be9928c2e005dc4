"""A number over time, as the points of a small SVG drawing."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from latentwalk.pages.curves import Tick, steps

WIDTH, HEIGHT = 400, 150
LEFT, RIGHT, TOP, BOTTOM = 50, 10, 10, 22
"""Margins, in pixels: room for the numbers of both axes."""

POINTS = 200
"""Of a line: what lies closer together is drawn as its mean."""

CUT = 0.02
"""Share of the values at each end that may lie outside of the drawing: the first often tower above all others."""


class Line(NamedTuple):
    """name: what is drawn. line: its points as "x,y x,y". last: the newest value. across, up: numbers at the axes."""

    name: str
    line: str
    last: float
    across: list[Tick]
    up: list[Tick]


def line(name: str, points: Sequence[tuple[float, float]], right: float) -> Line | None:
    """A line through (x, y), with x from 0 to `right`. None when there are less than two to connect."""
    points = thinned([point for point in points if math.isfinite(point[1])])
    if len(points) < 2 or right <= 0:
        return None
    values = sorted(y for _, y in points)
    aside = int(CUT * len(values))
    low, high = values[aside], values[len(values) - 1 - aside]
    if high - low < 1e-3 * max(abs(low), abs(high), 1e-9):  # a constant lies in the middle
        low, high = low - 0.5 * max(abs(low), 1e-6), high + 0.5 * max(abs(high), 1e-6)

    def place(x: float, y: float) -> tuple[float, float]:
        share = min(max((y - low) / (high - low), 0.0), 1.0)
        return (
            round(LEFT + (WIDTH - LEFT - RIGHT) * min(x / right, 1.0), 1),
            round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share, 1),
        )

    return Line(
        name,
        " ".join("{},{}".format(*place(x, y)) for x, y in points),
        points[-1][1],
        [Tick(place(x, low)[0], f"{x:g}") for x in steps(right)],
        [Tick(place(0, y)[1], f"{y:.4g}") for y in between(low, high)],
    )


def thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most about `POINTS`: means of as many neighbours each."""
    size = -(-len(points) // POINTS) or 1
    groups = [points[start : start + size] for start in range(0, len(points), size)]
    return [(sum(x for x, _ in group) / len(group), sum(y for _, y in group) / len(group)) for group in groups]


def between(low: float, high: float) -> list[float]:
    """Round numbers from low to high, one to five of them."""
    power = 10.0 ** math.floor(math.log10(high - low))
    size = next(power * factor for factor in (0.5, 1, 2, 5) if (high - low) / (power * factor) < 4.5)
    first, last = math.ceil(low / size - 1e-9), math.floor(high / size + 1e-9)
    return [round(size * i, 12) for i in range(first, last + 1)]
