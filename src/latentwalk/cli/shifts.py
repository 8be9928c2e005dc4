"""Directions on the command line: which ones, how far, on which layers, and without what."""

from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from latentwalk.cli.errors import complain

if TYPE_CHECKING:
    from latentwalk.generator import Generator
    from latentwalk.walks.fixed import FixedWalk

T = TypeVar("T")

MOVE = "Fixed strengths"
"""Panel of the help that says how codes move along directions."""

Chosen = Annotated[
    list[str] | None,
    typer.Option(
        "--direction",
        metavar="FILE:NAME",
        help="Move along this direction by --strength, instead of to a probability. Repeatable, in this order.",
        rich_help_panel=MOVE,
    ),
]
Strengths = Annotated[
    list[float] | None,
    typer.Option(
        "--strength",
        metavar="X",
        help="How far, in standard deviations; one for all, or one per direction. Default: 2.",
        rich_help_panel=MOVE,
        show_default=False,
    ),
]
Layers = Annotated[
    list[str] | None,
    typer.Option(
        metavar="A-B",
        help="Layers that a direction moves, such as 4-8; one for all, or one per direction.",
        rich_help_panel=MOVE,
    ),
]
Without = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FILE:NAME",
        help="Take this direction out of all others first (conditional projection). Repeatable.",
        rich_help_panel=MOVE,
    ),
]
Placed = Annotated[
    bool,
    typer.Option("--place", help="To --strength behind the boundary, wherever a code is.", rich_help_panel=MOVE),
]
ForceGenerator = Annotated[
    bool,
    typer.Option(
        "--force-generator", help="Take directions of another generator too, if they fit.", rich_help_panel=MOVE
    ),
]


def read_shifts(
    generator: "Generator",
    chosen: list[str],
    strengths: list[float] | None,
    layers: list[str] | None,
    without: list[str] | None,
    place: bool,
    force: bool,
) -> "FixedWalk":
    """The walk that was asked for. Raises ValueError for what is not there, and for counts that do not fit."""
    from latentwalk.direction import Directions
    from latentwalk.jobs.directions import read_one
    from latentwalk.walks.fixed import FixedWalk

    directions = [read_one(text, generator, force) for text in chosen]
    conditions = [read_one(text, generator, force) for text in without or []]
    ranges = [read_layers(text) for text in each(layers or [], len(chosen), "--layers")] or [None] * len(chosen)
    moved = []
    for direction, span in zip(directions, ranges, strict=True):
        alone = direction.conditioned(conditions)
        moved.append(alone if span is None else alone.on_layers(*span))
    lengths = each(strengths or [2.0], len(chosen), "--strength")
    for direction, length in zip(directions, lengths, strict=True):
        low, high = direction.range
        if not low <= length <= high and not place:
            complain(f"{direction.name!r} was seen to work from {low:g} to {high:g}, {length:g} is further", "note")
    return FixedWalk(Directions(tuple(moved)), tuple(lengths), place)


def each(given: list[T], count: int, option: str) -> list[T]:
    """One for each, from one for all or one for each. Raises ValueError for another count."""
    if len(given) not in (0, 1, count):
        raise ValueError(f"expected one {option} for all, or one for each of {count} directions, got {len(given)}")
    return given * count if len(given) == 1 else given


def read_layers(text: str) -> tuple[int, int]:
    """A half-open range from "4-8" (with both ends) or "4". Raises ValueError."""
    first, _, last = text.partition("-")
    if not first.isdecimal() or (last and not last.isdecimal()) or int(last or first) < int(first):
        raise ValueError(f"--layers {text}: expected layers such as 4-8 or 5, counted from 0")
    return int(first), int(last or first) + 1
