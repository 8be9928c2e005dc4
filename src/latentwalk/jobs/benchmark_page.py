"""A benchmark as a page, as Markdown, and as JSON."""

from collections.abc import Sequence
from pathlib import Path

from latentwalk.disentanglement import Benchmark
from latentwalk.files import write_text
from latentwalk.pages.benchmark import benchmark_html, benchmark_markdown


def save_benchmark(benchmark: Benchmark, path: str | Path, commands: Sequence[str] = ()) -> list[Path]:
    """Write the page, .html, and beside it the same as Markdown and JSON; each whole or not at all.

    commands: what a person types to get all this again. Returns the three paths.
    """
    path = Path(path)
    written = [path, path.with_suffix(".md"), path.with_suffix(".json")]
    write_text(written[0], benchmark_html(benchmark, commands))
    write_text(written[1], benchmark_markdown(benchmark, commands))
    benchmark.save(written[2])
    return written
