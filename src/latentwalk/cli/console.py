"""How commands speak: text and tables or one JSON object on stdout, progress on stderr."""

import json
import math
import shlex
import sys
import time
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
from latentwalk.progress import Speed, clock, rate

LINES = 60.0
"""Seconds between two lines of progress where there is no bar."""


def say(text: str = "", style: str = "") -> None:
    """One line as it is: not wrapped, so that names can be copied, and nothing in it is markup."""
    Console(highlight=False).print(readable(text), style=style or None, markup=False, soft_wrap=True)


def say_files(files: Iterable[Path | str]) -> None:
    for file in files:
        say(f"wrote {file}")


def say_next(*words: str | Path) -> None:
    """The command that goes on from here."""
    say(f"next: {shlex.join(['latentwalk', *map(str, words)])}", "dim")


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
    """How much is done, how fast, and how long the rest will take; the time that passed where no end is in sight."""

    def render(self, task: Task) -> Text:
        if task.total is None:
            return Text(f"{clock(task.elapsed)}")
        speed = f"  {rate(task.speed)}" if task.speed and task.speed >= 1 else ""
        left = f"  {clock(task.time_remaining)} left" if task.time_remaining is not None else ""
        return Text(f"{task.completed:,.0f}/{task.total:,.0f}{speed}{left}")


class Lines(Bar):
    """The same where stderr is a file or a pipe: a plain line now and then, and none for what is done soon."""

    def __init__(self) -> None:
        self._what, self._speed, self._said = "", Speed(), time.monotonic()

    def __call__(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if what != self._what:
            self._what, self._speed, self._said = what, Speed(), now
        self._speed(done)
        if now - self._said >= LINES:
            self._said = now
            print(line_of(what, done, total, self._speed), file=sys.stderr, flush=True)

    def wait(self, what: str) -> None:
        """What nobody can count is not said."""


def line_of(what: str, done: int, total: int, speed: Speed) -> str:
    """ "training, pictures: 123,400 of 600,000, 68/s, 1:57:00 left"."""
    parts = [f"{done:,} of {total:,}"]
    parts += [rate(speed.per_second)] if speed.per_second else []
    left = speed.left(total)
    parts += [f"{clock(left)} left"] if left is not None else []
    return f"{what}: {', '.join(parts)}"


@contextmanager
def working(what: str, quiet: bool, lines: bool = False) -> Iterator[Bar]:
    """Show progress inside the block, gone at the end; never with `quiet`.

    Where stderr is no terminal there is nothing, or with `lines` one now and then, for what takes hours.
    """
    console = Console(stderr=True)
    if lines and not quiet and not console.is_terminal:
        yield Lines()
        return
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
