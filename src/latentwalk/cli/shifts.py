"""Directions on the command line: which ones, how far, on which layers, and without what."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Annotated, NamedTuple, TypeVar

import typer

from latentwalk.bundled import find_directions
from latentwalk.cli.errors import remark
from latentwalk.cli.options import DirectionSpace, check_file

if TYPE_CHECKING:
    from latentwalk.direction import Direction
    from latentwalk.generator import Generator
    from latentwalk.walks.fixed import FixedWalk

T = TypeVar("T")

MOVE = "Fixed strengths"
"""Panel of the help that says how codes move along directions."""

STRENGTH = "2"
MOST = 101
"""Strengths in one sweep."""


class Sweep(NamedTuple):
    """Strengths from first to last, so many of them; a single one is a sweep of 1."""

    first: float
    last: float
    size: int = 1


@dataclass(frozen=True)
class ShiftOptions:
    """Fixed steps along directions."""

    direction: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE:NAME",
            help="Move by --strength along this direction, such as out/directions/sefa.safetensors:hat, instead of "
            "to a probability. Needs no scorer. Repeatable: one after the other.",
            rich_help_panel=MOVE,
        ),
    ] = None
    strength: Annotated[
        list[str] | None,
        typer.Option(
            metavar="X",
            help="How far, in standard deviations: 2, -1.5, or a sweep -3:3:7 of seven strengths from -3 to 3, a row "
            f"of pictures per code. One for all directions, or one for each. Default: {STRENGTH}.",
            rich_help_panel=MOVE,
            show_default=False,
        ),
    ] = None
    layers: Annotated[
        list[str] | None,
        typer.Option(
            metavar="A-B",
            help="Move only these layers of a W+ or S code, such as 4-8, counted from 0. One for all directions, or "
            "one for each.",
            rich_help_panel=MOVE,
        ),
    ] = None
    without: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE:NAME",
            help="Project this direction out of all others first (conditional manipulation). Repeatable.",
            rich_help_panel=MOVE,
        ),
    ] = None
    direction_space: DirectionSpace = None
    place: Annotated[
        bool,
        typer.Option(
            "--place",
            help="Move every code to --strength from the boundary, wherever it is, instead of by --strength.",
            rich_help_panel=MOVE,
        ),
    ] = False
    force_generator: Annotated[
        bool,
        typer.Option(
            "--force-generator",
            help="Also take directions that were found on another generator, if they fit.",
            rich_help_panel=MOVE,
        ),
    ] = False

    def check(self) -> None:
        """Raises ValueError for files that are not there, numbers that cannot be read, and options without use."""
        if not self.direction:
            for name in ("strength", "layers", "without", "place"):
                if getattr(self, name):
                    raise ValueError(f"--{name} goes with --direction: leave it out, or choose a direction")
            return
        for text in (*self.direction, *(self.without or [])):
            check_file(find_directions(split_name(text)[0]), "a file of directions")
        for text in self.layers or []:
            read_layers(text)
        self.sweeps()

    def sweeps(self) -> list[Sweep]:
        """The strengths of every direction. Raises ValueError for counts that do not fit."""
        count = len(self.direction or [])
        found = [read_strength(text) for text in each(self.strength or [STRENGTH], count, "--strength")]
        counts = {one.size for one in found} - {1}
        if len(counts) > 1:
            raise ValueError(f"expected sweeps of equally many strengths, got {' and '.join(map(str, sorted(counts)))}")
        return found

    @property
    def pictures(self) -> int:
        """Strengths that are swept; 1 for a single step."""
        return max((one.size for one in self.sweeps()), default=1) if self.direction else 1


def read_shifts(generator: "Generator", given: ShiftOptions) -> "FixedWalk":
    """The walk that was asked for. Raises ValueError for what is not there, and for counts that do not fit."""
    from latentwalk.direction import Directions
    from latentwalk.jobs.directions import read_one
    from latentwalk.walks.fixed import FixedWalk

    chosen = given.direction or []
    how = (generator, given.force_generator, given.direction_space, remark)
    directions = [read_one(text, *how) for text in chosen]
    conditions = [read_one(text, *how) for text in given.without or []]
    ranges = [read_layers(text) for text in each(given.layers or [], len(chosen), "--layers")] or [None] * len(chosen)
    moved = []
    for direction, span in zip(directions, ranges, strict=True):
        alone = direction.conditioned(conditions)
        moved.append(alone if span is None else alone.on_layers(*span))
    sweeps = given.sweeps()
    if not given.place:
        warn(directions, sweeps)
    first, last = tuple(one.first for one in sweeps), tuple(one.last for one in sweeps)
    if given.pictures == 1:
        return FixedWalk(Directions(tuple(moved)), last, given.place)
    return FixedWalk(Directions(tuple(moved)), last, given.place, begin=first, frames=given.pictures)


def warn(directions: "Sequence[Direction]", sweeps: Sequence[Sweep]) -> None:
    """Say which strengths are further than those at which a direction was seen to work."""
    for direction, sweep in zip(directions, sweeps, strict=True):
        low, high = direction.range
        for length in sorted({sweep.first, sweep.last}):
            if not low <= length <= high:
                remark(f"{direction.name!r} was seen to work from {low:g} to {high:g}, {length:g} is further")


def read_strength(text: str) -> Sweep:
    """A strength from "2" or a sweep from "-3:3:7". Raises ValueError."""
    try:
        sweep = _as_sweep(*text.split(":"))
    except (TypeError, ValueError):  # too many parts or too few, or one that is no number
        sweep = None
    if sweep is None or not isfinite(sweep.first) or not isfinite(sweep.last):
        raise ValueError(
            f"--strength {text}: expected a number such as 2 or -1.5, or a sweep FIRST:LAST:COUNT such as -3:3:7 "
            f"with 2 to {MOST} strengths"
        )
    return sweep


def _as_sweep(first: str, last: str = "", count: str = "1") -> Sweep | None:
    if not last:
        return Sweep(float(first), float(first))
    return Sweep(float(first), float(last), int(count)) if 2 <= int(count) <= MOST else None


def each(given: list[T], count: int, option: str) -> list[T]:
    """One for each, from one for all or one for each. Raises ValueError for another count."""
    if len(given) not in (0, 1, count):
        raise ValueError(f"expected one {option} for all, or one for each of {count} directions, got {len(given)}")
    return given * count if len(given) == 1 else given


def split_name(text: str) -> tuple[str, str]:
    """The file and the name in FILE:NAME; no name where the whole text is a file, or has none."""
    if find_directions(text).is_file() or ":" not in text:
        return text, ""
    file, _, name = text.rpartition(":")
    return file, name


def read_layers(text: str) -> tuple[int, int]:
    """A half-open range from "4-8" (with both ends) or "4". Raises ValueError."""
    first, _, last = text.partition("-")
    if not first.isdecimal() or (last and not last.isdecimal()) or int(last or first) < int(first):
        raise ValueError(f"--layers {text}: expected layers such as 4-8 or 5, counted from 0")
    return int(first), int(last or first) + 1
