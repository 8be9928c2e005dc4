"""Curves of effect against leakage, as points of an SVG drawing."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from latentwalk.evaluation import DirectionResult, Evaluation

WIDTH, HEIGHT = 460, 260
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 12, 38
"""Margins, in pixels: room for the numbers of both axes."""


class Curve(NamedTuple):
    """One direction: its key, the points of its line as "x,y x,y", the points alone, and which colour it has."""

    key: str
    line: str
    points: list[tuple[float, float, str]]
    colour: int


class Tick(NamedTuple):
    at: float
    text: str


class Plot(NamedTuple):
    """A drawing of `WIDTH` x `HEIGHT`: curves, and the numbers at its axes."""

    curves: list[Curve]
    across: list[Tick]
    up: list[Tick]


def plot(evaluation: Evaluation, keys: Sequence[str]) -> Plot | None:
    """On-target change to the right, mean |change| of the others upwards, one curve per direction.

    Only strengths that give more of the attribute are drawn. None when there is nothing to draw.
    """
    found = {key: effects(evaluation[key]) for key in keys}
    xs = [x for points in found.values() for x, _, _ in points]
    ys = [y for points in found.values() for _, y, _ in points]
    if not xs or max(xs) <= 0 or max(ys) <= 0:
        return None
    right, top = max(xs), max(ys)

    def place(x: float, y: float) -> tuple[float, float]:
        across = LEFT + (WIDTH - LEFT - RIGHT) * x / right
        return round(across, 1), round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * y / top, 1)

    curves = []
    for colour, (key, points) in enumerate(found.items()):
        dots = [(*place(x, y), label) for x, y, label in points]
        curves.append(Curve(key, " ".join(f"{x},{y}" for x, y, _ in dots), dots, colour))
    return Plot(
        curves,
        [Tick(place(value, 0)[0], f"{value:g}") for value in steps(right)],
        [Tick(place(0, value)[1], f"{value:g}") for value in steps(top)],
    )


def effects(result: DirectionResult) -> list[tuple[float, float, str]]:
    """(on-target change, mean |change| of the others, what a person reads there) from strength 0 on."""
    rows = []
    for point in sorted(result.points, key=lambda p: p.strength * result.sign):
        if point.strength * result.sign < 0 or point.on is None or point.dependency is None:
            continue
        on = max(point.on.value, 0.0) if point.strength else 0.0
        rows.append(
            (on, point.dependency, f"{result.key} at {point.strength:+g}: on {on:.2f}, off {point.dependency:.2f}")
        )
    return rows


def steps(most: float) -> list[float]:
    """Round numbers from 0 to the largest, three to six of them."""
    power = 10.0 ** math.floor(math.log10(most))
    size = next(power * factor for factor in (0.2, 0.5, 1, 2) if most / (power * factor) < 5.5)
    return [round(size * i, 9) for i in range(int(most / size + 1e-9) + 1)]
