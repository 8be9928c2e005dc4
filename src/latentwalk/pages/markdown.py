"""An evaluation as Markdown: the tables of the page, to paste into an issue or a paper's notes."""

from collections.abc import Sequence

from latentwalk.evaluation import Comparison, DirectionResult, Estimate, Evaluation, Ranked

GLOSSARY = {
    "judge": "a second scorer, which no direction was fitted on; all figures are what it sees",
    "unit of strength": "one standard deviation of the codes along the direction",
    "per unit (effect)": "change of its own attribute per unit, in standard deviations of the judge's logit",
    "off/on (leakage)": "mean change of the other attributes over that of its own: 0 is clean, at 1 they change alike",
    "others change (off)": "mean change of the other attributes, in the same standard deviations",
    "crosses (success)": "share of the codes that end on the other side of the judge's boundary",
    "identity": "whether it still is the same face or thing: 1 is the same picture, 0 any other one",
    "!": "the judge sees something else than the direction's name says",
}
"""The words of the page, a line each."""


def markdown(evaluation: Evaluation, commands: Sequence[str]) -> str:
    """Best direction per attribute, all rankings, all directions, costs, and the commands."""
    parts = [
        f"# Directions of {evaluation.generator.source}",
        f"{len(evaluation.directions)} directions on {evaluation.codes:,} held-out codes, judged by "
        f"{evaluation.judge.source or 'a scorer'}, which none of them was fitted on. Changes are counted in standard "
        "deviations of the judge's logits, intervals are 95% from a bootstrap over the codes.",
        "\n".join(f"- **{word}**: {meaning}" for word, meaning in GLOSSARY.items()),
        "## The best direction for each attribute",
        best_table(evaluation),
    ]
    for comparison in evaluation.comparisons:
        parts += [
            f"### {comparison.attribute}, all at a change of {comparison.change:.2f}",
            ranking_table(evaluation, comparison),
        ]
    parts += ["## All directions", direction_table(evaluation), "## What it cost", cost_table(evaluation)]
    if evaluation.stabilities:
        parts += ["## Whether another seed finds the same", stability_table(evaluation)]
    if commands:
        parts += ["## Commands", "\n".join(f"    {command}" for command in commands)]
    return "\n\n".join(parts) + "\n"


def best_table(evaluation: Evaluation) -> str:
    rows = []
    for comparison in evaluation.comparisons:
        first = comparison.ranking[0]
        second = comparison.ranking[1] if len(comparison.ranking) > 1 else None
        ahead = shown(second.behind) if second and second.behind else "-"
        rows.append(
            [comparison.attribute, flagged(evaluation[first.key]), f"{comparison.change:.2f}", shown(first.off), ahead]
        )
    return table(["attribute", "direction", "at a change of", "others change", "the next leaks more by"], rows)


def ranking_table(evaluation: Evaluation, comparison: Comparison) -> str:
    return table(
        ["direction", "strength", "others change", "most of them", "identity", "behind the best"],
        [[flagged(evaluation[ranked.key]), *ranking_row(ranked)] for ranked in comparison.ranking],
    )


def ranking_row(ranked: Ranked) -> list[str]:
    """All but the first cell."""
    if not ranked.reached:
        return ["does not get there", "-", "-", "-", "-"]
    behind = shown(ranked.behind) if ranked.behind else "best"
    change = [shown(ranked.off), shown(ranked.off_max)]
    return [number(ranked.strength), *change, number(ranked.identity), behind]


def direction_table(evaluation: Evaluation) -> str:
    names = list(evaluation.cards)
    rows = [[flagged(d), moves(d), *(shown(d.metrics.get(name)) for name in names)] for d in evaluation.directions]
    return table(["direction", "moves", *(name.replace("_", " ") for name in names)], rows)


def cost_table(evaluation: Evaluation) -> str:
    seen = {(d.origin.method, d.origin.file): d.origin for d in evaluation.directions}
    rows = [[o.method, number(o.seconds), count(o.images), count(o.labels), o.file or "-"] for o in seen.values()]
    return table(["method", "seconds", "scored images", "labels", "file"], rows)


def stability_table(evaluation: Evaluation) -> str:
    rows = [[s.method, *(file or "-" for file in s.files), number(s.value)] for s in evaluation.stabilities]
    return table(["method", "one file", "the other", "mean cosine"], rows)


def flagged(direction: DirectionResult) -> str:
    """The key of a direction, with a warning where the judge sees something else than its name says."""
    return direction.key + (f" (! {warning(direction)})" if direction.disagreement else "")


def warning(direction: DirectionResult) -> str:
    """One phrase; "" where judge and name agree."""
    return f"not what its name says: the judge sees {direction.disagreement}" if direction.disagreement else ""


def moves(direction: DirectionResult) -> str:
    """What a direction does, in words."""
    if direction.attribute is None:
        return "nothing measurable"
    return f"{'less' if direction.sign < 0 else 'more'} {direction.attribute}"


def shown(estimate: Estimate | None) -> str:
    """ "0.42 (0.40 to 0.44)", or a dash."""
    if estimate is None:
        return "-"
    if estimate.low is None or estimate.high is None:
        return number(estimate.value)
    return f"{number(estimate.value)} ({number(estimate.low)} to {number(estimate.high)})"


def number(value: float | None) -> str:
    """Two digits, three for small ones; a dash where there is none."""
    return "-" if value is None else f"{value:.3f}" if abs(value) < 0.1 else f"{value:.2f}"


def count(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headers, ["---"] * len(headers), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
