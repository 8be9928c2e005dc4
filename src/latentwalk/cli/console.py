"""How commands speak: text and tables or one JSON object on stdout, progress on stderr."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from latentwalk.filenames import readable


def say(text: str = "", style: str = "") -> None:
    """One line as it is: not wrapped, so that names can be copied, and nothing in it is markup."""
    Console(highlight=False).print(readable(text), style=style or None, markup=False, soft_wrap=True)


def say_files(files: Iterable[Path | str]) -> None:
    for file in files:
        say(f"wrote {file}")


def say_json(data: Mapping[str, Any]) -> None:
    """One JSON object; numbers that JSON does not have become null."""
    print(json.dumps(_plain(data), indent=2, allow_nan=False))


def say_table(headers: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> None:
    """A compact table and an empty line. Headers that begin with ">" stand above numbers, which end at the right."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for header in headers:
        table.add_column(Text(header.lstrip(">")), justify="right" if header.startswith(">") else "left")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(readable(cell)) for cell in row))
    console = Console(highlight=False)
    if not console.is_terminal:  # a file has no right edge
        endless = console.options.update(max_width=10_000)
        console.width = max(console.width, console.measure(table, options=endless).maximum)
    console.print(table)
    console.print()


def say_facts(title: str, facts: Mapping[str, str]) -> None:
    """A title and lines of name and value below each other."""
    say(title, "bold")
    width = max(map(len, facts), default=0)
    for name, value in facts.items():
        say(f"  {name:<{width}}  {value}")


def number(value: float | None, digits: int = 3) -> str:
    """A number of a table; a dash where there is none."""
    return "-" if value is None or math.isnan(value) else f"{value:.{digits}f}"


class Bar:
    """What is being done now, as one line on stderr: a bar where the end is in sight, else the time that passed.

    Calling it is the progress of every job.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._now: tuple[str, TaskID] | None = None

    def __call__(self, what: str, done: int, total: int) -> None:
        self._progress.update(self._task(what, total), completed=done, total=total)
        if done >= total:
            self.wait("working")

    def wait(self, what: str) -> None:
        """From now on something is done that nobody can count."""
        self._task(what, None)

    def _task(self, what: str, total: int | None) -> TaskID:
        if self._now is None or self._now[0] != what:
            if self._now:
                self._progress.remove_task(self._now[1])
            self._now = what, self._progress.add_task(what, total=total)
        return self._now[1]


class Pace(ProgressColumn):
    """How much is done and how long the rest will take; the time that passed where the end is not in sight."""

    def render(self, task: Task) -> Text:
        if task.total is None:
            return Text(f"{clock(task.elapsed)}")
        left = f"{clock(task.time_remaining)} left" if task.time_remaining is not None else ""
        return Text(f"{task.completed:,.0f}/{task.total:,.0f}  {left}")


def clock(seconds: float | None) -> str:
    whole = round(seconds or 0)
    return (
        f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}" if whole >= 3600 else f"{whole // 60}:{whole % 60:02}"
    )


@contextmanager
def working(what: str, quiet: bool) -> Iterator[Bar]:
    """Show progress inside the block: never with `quiet` or where stderr is no terminal, and gone at the end."""
    console = Console(stderr=True)
    columns = (SpinnerColumn("line"), TextColumn("{task.description}", markup=False), BarColumn(24), Pace())
    with Progress(
        *columns, console=console, transient=True, disable=quiet or not console.is_terminal, redirect_stdout=False
    ) as progress:
        bar = Bar(progress)
        bar.wait(what)
        yield bar


def _plain(data: Any) -> Any:
    if isinstance(data, Mapping):
        return {readable(str(key)): _plain(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_plain(value) for value in data]
    if isinstance(data, Path | str):
        return readable(data)
    return None if isinstance(data, float) and not math.isfinite(data) else data
