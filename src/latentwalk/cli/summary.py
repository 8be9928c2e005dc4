"""What came of an edit in a few lines: who arrived, how far it was, what was dragged along, and what looks wrong."""

from collections import Counter
from typing import TYPE_CHECKING, Any

from rich.text import Text

from latentwalk.cli.console import number, say, say_table

if TYPE_CHECKING:
    from latentwalk.jobs.edit import Edited
    from latentwalk.receipts import CodeReceipt

VISIBLE = 0.05
"""Change of a mean probability from which on a person sees it."""

LOST = 0.5
"""Change of one code's probability from which on a person would more likely than not say of its picture what was not
said before."""

DRIFTED = 0.15
"""Change of a mean probability from which on a held attribute was not held, though no single code lost it: three times
what is visible, since the mean of a few codes moves by that much where one of them stands near one half."""

WAYS = {"boundary": "along directions", "gradient": "along the gradients of the scorer"}
"""How a code walked, in words."""


def summarize(edited: "Edited") -> dict[str, Any]:
    """The numbers of an edit, as plain data; confirmed counts among the codes that were reached."""
    from latentwalk.jobs.captions import goals_of
    from latentwalk.receipts import EditRecipe

    recipe, rows = edited.receipt.recipe, edited.receipt.codes
    assert isinstance(recipe, EditRecipe)
    goals = {goal.attribute: goal for goal in goals_of(edited)}
    before, after = (logits.sigmoid().mean(0).tolist() for logits in (edited.before, edited.after))
    attributes = [
        {"attribute": name, "before": before[i], "after": after[i], "change": after[i] - before[i]}
        for i, name in enumerate(edited.scorer.attributes)
    ]
    for i, row in enumerate(attributes):
        if row["attribute"] in goals:
            goal = goals[row["attribute"]]
            met = edited.reached | (goal.missing(edited.after[:, i]) == 0)
            row |= {"target": goal.target, "reached": int(met.sum())}
        else:
            moved = (edited.after[:, i].sigmoid() - edited.before[:, i].sigmoid()).abs()
            row |= {"held": row["attribute"] in recipe.hold, "lost": int((moved >= LOST).sum())}
    others = sorted((row for row in attributes if "target" not in row), key=lambda row: -abs(row["change"]))
    along = {direction.name for direction in recipe.walk.directions} if recipe.walk.kind == "fixed" else set()
    return {
        "generator": recipe.generator.source,
        "scorer": recipe.scorer.source,
        "judge": recipe.judge.source if recipe.judge else None,
        "codes": len(edited),
        "reached": int(edited.reached.sum()),
        "had_before": had_before(edited),
        "confirmed": sum(bool(row.reached and row.confirmed) for row in rows) if recipe.judge else None,
        "median_steps": float(edited.steps.double().quantile(0.5)),
        "mean_distance": sum(row.distance for row in rows) / len(rows),
        "ways": dict(Counter(row.way for row in rows if row.way)),
        "goals": [row for row in attributes if "target" in row],
        "swept": bool(recipe.walk.settings.get("begin")),
        "moves": moves_of(recipe.walk),
        "along": [row for row in others if row["attribute"] in along],
        "others": [row for row in others if row["attribute"] not in along],
        "results": [result_of(i, row) for i, row in enumerate(rows)],
        "not_reached": [
            {"index": i, "seed": row.seed, **{name: row.after[name] for name in goals}}
            for i, row in enumerate(rows)
            if not row.reached
        ],
        "not_held": [row for row in others if row["held"] and (row["lost"] or abs(row["change"]) >= DRIFTED)],
        "like_no_sample": [
            {"index": i, "seed": row.seed, "usual": row.usual} for i, row in enumerate(rows) if row.strange
        ],
        "like_no_sample_before": sum(row.strange_before for row in rows),
    }


def had_before(edited: "Edited") -> int:
    """How many codes had reached every goal before they walked."""
    from latentwalk.jobs.captions import goals_of
    from latentwalk.walk import all_reached

    goals = goals_of(edited)
    return int(all_reached(goals, edited.before, edited.scorer).sum()) if goals else 0


def result_of(index: int, code: "CodeReceipt") -> dict[str, Any]:
    """What happened to one code, without its values."""
    return {"index": index, **code.model_dump(exclude={"end", "change"})}


def moves_of(walk: Any) -> list[str]:
    """What a fixed walk did: "hat +2", "hat from -3 to +3", "hat to 2" where it placed codes; empty for other walks."""
    if walk.kind != "fixed":
        return []
    lasts, place = walk.settings["strengths"], walk.settings.get("place")
    firsts = walk.settings.get("begin") or [None] * len(lasts)
    return [
        move_of(direction, first, last, bool(place))
        for direction, first, last in zip(walk.directions, firsts, lasts, strict=True)
    ]


def move_of(direction: Any, first: float | None, last: float, place: bool) -> str:
    """What one direction of a fixed walk did; first: where a sweep began."""
    how = f"to {last:g}" if place else f"{last:+g}"
    layers = direction.layers
    where = f" on the layers {layers[0]} to {layers[1] - 1}" if layers else ""
    return direction.name + (f" {how}" if first is None else f" from {first:+g} to {last:+g}") + where


def say_summary(summary: dict[str, Any]) -> None:
    if summary["goals"]:
        _say_goals(summary)
    else:
        say(f"{_count(summary['codes'], summary['codes'])} codes moved by {', '.join(summary['moves'])}")
        far = "from the first strength to the last" if summary["swept"] else "from where they were"
        say(f"{summary['mean_distance']:.2f} {far}, on average")
        say()
    if summary["along"]:
        _say_changes("moved along", summary["along"])
    if summary["others"]:
        _say_changes("what else moved", summary["others"])
    if summary["goals"]:
        say("before, after: mean probability; steps: median; distance: mean", "dim")
    elif summary["scorer"]:
        ends = "at the first and the last strength" if summary["swept"] else ""
        say(f"before, after: mean probability {ends}".rstrip(), "dim")
    if summary["ways"]:
        say(f"{', '.join(f'{count:,} {WAYS[way]}' for way, count in summary['ways'].items())}", "dim")
    if summary["judge"]:
        confirmed = _count(summary["confirmed"], summary["reached"])
        say(f"independently confirmed by {summary['judge']}: {confirmed} that got there")
    elif summary["goals"]:
        say("confirmed by nobody: without a judge, who walks and who counts is the same scorer (see --judge)", "yellow")
    if summary["had_before"]:
        say(f"{summary['reached'] - summary['had_before']:,} reached, {summary['had_before']:,} had it before")
    if summary["not_reached"]:
        say(f"not reached: {name_codes(summary['not_reached'])}", "yellow")
    if summary["not_held"]:
        say(f"not held: {', '.join(map(name_lost, summary['not_held']))}", "yellow")
    say_strange(summary["like_no_sample"], summary["like_no_sample_before"])


def say_strange(rows: list[dict[str, Any]], before: int) -> None:
    """Which pictures left what the generator draws by itself, where some did."""
    if rows:
        verb = "looks" if len(rows) == 1 else "look"
        say(f"{_codes(len(rows))} {verb} like no sample of the generator: {name_codes(rows)}", "yellow")
    if before:
        say(f"{_codes(before)} looked like no sample before the edit", "dim")


def name_lost(row: dict[str, Any]) -> str:
    """ "turned_right 0.920 -> 0.020 (3 codes)", the mean probability before and after, and how many codes lost it."""
    lost = f" ({_codes(row['lost'])})" if row["lost"] else ""
    return f"{row['attribute']} {number(row['before'])} -> {number(row['after'])}{lost}"


def name_codes(rows: list[dict[str, Any]], most: int = 20) -> str:
    """ "seeds 3, 8" or, for codes that came from a file, "codes 0, 4"; not more than a line of them."""
    seeded = all(row["seed"] is not None for row in rows)
    names = [str(row["seed" if seeded else "index"]) for row in rows]
    more = f" and {len(names) - most:,} more (see the receipt)" if len(names) > most else ""
    word = "seed" if seeded else "code"
    return f"{word}{'s' if len(names) > 1 else ''} {', '.join(names[:most])}{more}"


def _say_goals(summary: dict[str, Any]) -> None:
    """One row per goal; what only holds for all goals together stands in the last one."""
    goals, total = summary["goals"], summary["codes"]
    together = [
        _count(summary["reached"], total),
        _count(summary["confirmed"], summary["reached"]) if summary["judge"] else "-",
        f"{summary['median_steps']:g}",
        f"{summary['mean_distance']:.1f} sigma",
    ]
    rows = []
    for goal in goals:
        sign = ">=" if goal["target"] >= 0.5 else "<="
        wanted = [f"{goal['attribute']} {sign} {goal['target']:.12g}", number(goal["before"]), number(goal["after"])]
        rows.append([*wanted, *(together if len(goals) == 1 else [_count(goal["reached"], total), "", "", ""])])
    if len(goals) > 1:
        rows.append(["all together", "", "", *together])
    say_table(("goal", ">before", ">after", ">reached", ">confirmed", ">steps", ">distance"), rows)


def _say_changes(title: str, changed: list[dict[str, Any]]) -> None:
    rows = [
        (
            row["attribute"] + (" (held)" if row["held"] else ""),
            number(row["before"]),
            number(row["after"]),
            Text(f"{round(row['change'], 3) or 0.0:+.3f}", "yellow" if abs(row["change"]) >= VISIBLE else "dim"),
        )
        for row in changed
    ]
    say_table((title, ">before", ">after", ">change"), rows)


def _count(some: int, total: int) -> str:
    return f"{some:,} of {total:,}"


def _codes(count: int) -> str:
    return f"{count:,} code{'' if count == 1 else 's'}"
