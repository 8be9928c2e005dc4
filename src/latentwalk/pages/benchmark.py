"""A benchmark as one HTML file that needs no network, and as Markdown."""

from collections.abc import Mapping, Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined

from latentwalk.disentanglement import FIGURES, Benchmark, Spread
from latentwalk.pages.html import heat
from latentwalk.pages.markdown import count, table

WORDS = {
    "mig": "MIG",
    "disentanglement": "D",
    "completeness": "C",
    "informativeness": "I",
    "sap": "SAP",
    "modularity": "modularity",
}
"""How the figures are headed."""


def benchmark_html(benchmark: Benchmark, commands: Sequence[str]) -> str:
    """The page: a table per number of directions, and what every direction knows of every factor."""
    environment = Environment(
        loader=PackageLoader("latentwalk.pages", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"spread": spread, "count": count}
    most = benchmark.counts[-1]
    return environment.get_template("benchmark.html").render(
        b=benchmark,
        words=WORDS,
        figures=FIGURES,
        commands=commands,
        heat=heat,
        shown=[benchmark.of(method, most)[0] for method in benchmark.ranking(most)],
    )


def benchmark_markdown(benchmark: Benchmark, commands: Sequence[str]) -> str:
    """The same tables, to paste elsewhere."""
    parts = [f"# Directions of {benchmark.setup.generator.source} against exact factors", about(benchmark)]
    for number in benchmark.counts:
        parts += [f"## {number} directions", count_table(benchmark, number)]
    if benchmark.left_out:
        parts += ["\n".join(f"- left out {method}: {why}" for method, why in benchmark.left_out.items())]
    parts += ["\n".join(f"- **{WORDS[name]}**: {line}" for name, line in FIGURES.items())]
    parts += ["## Commands", "\n".join(f"    {command}" for command in commands)]
    return "\n\n".join(parts) + "\n"


def about(benchmark: Benchmark) -> str:
    """What was measured on what, in a few sentences."""
    made, seeds = benchmark.setup, len(benchmark.seeds)
    told = (
        f"read by an encoder in {made.drawings:,} drawings with exact factors, which no network has seen; for the "
        f"first column in {made.codes:,} samples whose factors {made.judge.source} reads"
        if made.drawings
        else f"in {made.codes:,} samples, whose factors {made.judge.source} reads"
    )
    return (
        f"Every method learned from {made.samples:,} samples, those that need scores from {made.scorer.source}. "
        f"Figures compare coordinates along the directions with {len(benchmark.factors)} factors: {told}. "
        f"Means over {seeds} seed{'s and their standard deviations' if seeds > 1 else ''}, from 0 to 1, more is better."
    )


def count_table(benchmark: Benchmark, number: int) -> str:
    """One row per method, the best first."""
    rows = []
    for method in benchmark.ranking(number):
        spaces: Mapping[str, None] = dict.fromkeys(trial.space for trial in benchmark.of(method, number))
        judged = spread(benchmark.figure(method, number, "mig", judged=True))
        figures = [spread(benchmark.figure(method, number, name)) for name in WORDS]
        rows.append([method, ", ".join(spaces), judged, *figures])
    return table(["method", "space", "MIG, judge", *WORDS.values()], rows)


def spread(value: Spread | None) -> str:
    """ "0.42 ± 0.01", or a dash."""
    if value is None:
        return "-"
    return f"{value.mean:.3f}" + ("" if value.deviation is None else f" ± {value.deviation:.3f}")
