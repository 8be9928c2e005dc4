"""Directions in words: what each moves, and how sure that is."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from latentwalk.cli.console import number, say, say_table

if TYPE_CHECKING:
    from latentwalk.direction import Directions


def summary(found: "Directions") -> dict[str, Any]:
    """What was found, as plain data."""
    return {
        "directions": [
            {"id": i, "name": d.name, "unit": d.unit, "offset": d.offset, "effects": [e._asdict() for e in d.effects]}
            for i, d in enumerate(found)
        ],
        **found.origin.model_dump(mode="json"),
        "command": found.origin.command(),
    }


def say_directions(found: "Directions") -> None:
    """One row per direction: what it moves if that was measured, and how well its boundary tells new codes apart."""
    cost, figures = found.origin.cost, found.origin.figures
    say(f"{found.origin.method or 'directions'}: {len(found)} in {found[0].space}", "bold")
    used = [f"fitted in {cost.seconds:.1f} s"] if cost.seconds is not None else []
    used += [f"{n:,} {what}" for n, what in ((cost.images, "scored images"), (cost.labels, "labels")) if n]
    if used:
        say(", ".join(used), "dim")
    for reason in found.origin.skipped.values():
        say(f"left out: {reason}", "yellow")
    if any("correlation" in figures.get(direction.name, {}) for direction in found):
        _say_taught(found, figures)
        return
    if not any(direction.effects for direction in found):
        _say_figures(found, figures)
        return
    rows = [
        (str(i), d.name, ", ".join(f"{e.attribute} {e.effect:+.2f}" for e in d.effects[:3]))
        for i, d in enumerate(found)
    ]
    say_table((">id", "direction", "what it moves"), rows)
    say("change per unit of strength, in standard deviations of the attribute's logit; the id goes into FILE:ID", "dim")


def _say_figures(found: "Directions", figures: Mapping[str, Mapping[str, Any]]) -> None:
    """What the method itself says of each direction."""
    names = list(dict.fromkeys(name for seen in figures.values() for name in seen))
    rows = [(str(i), d.name, *(_figure(figures.get(d.name, {}).get(n)) for n in names)) for i, d in enumerate(found)]
    say_table((">id", "direction", *(f">{name}" for name in names)), rows)


def _figure(value: object) -> str:
    """A figure of any kind: four digits of a number, a dash for none."""
    return "-" if value is None else f"{value:.4g}" if isinstance(value, int | float) else str(value)


def _say_taught(found: "Directions", figures: Mapping[str, Mapping[str, Any]]) -> None:
    rows = []
    for i, direction in enumerate(found):
        seen = figures.get(direction.name, {})
        shares = [number(seen.get(name)) for name in ("validation", "rest", "correlation")]
        positive = seen.get("positive")
        rows.append((str(i), direction.name, *shares, "-" if positive is None else f"{positive:.0%}"))
    say_table((">id", "direction", ">accuracy", ">of others", ">correlation", ">share"), rows)
    say(
        "on held-out codes. accuracy: who is on the right side of the boundary, of those that score most and least; "
        "of others: of the rest; correlation: of score and place; share: how many have the attribute",
        "dim",
    )
