"""`latentwalk label`: say by hand which samples have an attribute, in the terminal or on a sheet."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentwalk.cli.console import say, say_files, say_json, say_next, working
from latentwalk.cli.errors import STOPPED
from latentwalk.cli.options import (
    OUTPUT,
    Columns,
    Force,
    GeneratorName,
    Json,
    Scale,
    UnclassedOptions,
    check_generator,
    load_generator,
)
from latentwalk.cli.outputs import IMAGES, check_ending, outputs

if TYPE_CHECKING:
    from latentwalk.generator import Generator
    from latentwalk.labels import LabelTable

FIRST, CANDIDATES = "0-99", "0-1999"
"""Seeds to label when none are named, and those that --next chooses from."""

ENOUGH = 2
"""Labels of each kind from which a direction can be found."""

MOST = 1000
"""Pictures on one sheet."""

KEYS = "y yes   n no   s skip   b back   q quit"


@dataclass(frozen=True)
class QuestionOptions:
    """What to ask about which samples."""

    attribute: Annotated[
        list[str],
        typer.Option(
            metavar="NAME", help="The attribute to label, such as smiling. Repeatable: a column of the table each."
        ),
    ]
    seeds: Annotated[
        str | None,
        typer.Option(
            metavar="LIST",
            help=f"Seeds of the samples to label, such as 0-59. Default: {FIRST}; with --next those to choose from, "
            f"{CANDIDATES}.",
            show_default=False,
        ),
    ] = None
    following: Annotated[
        int | None,
        typer.Option(
            "--next",
            metavar="N",
            min=1,
            max=MOST,
            help="Choose the N samples that tell most beside the labels that there are (active learning).",
            show_default=False,
        ),
    ] = None


@dataclass(frozen=True)
class LabelOutput:
    """The table, and the sheet to fill it in from."""

    labels: Annotated[
        Path, typer.Option(metavar="FILE", help="The labels, .csv. What is in it stays.", rich_help_panel=OUTPUT)
    ] = Path("out/labels.csv")
    sheet: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Do not ask: write the samples as a sheet, .png, .jpg or .webp, and empty rows for them into "
            "the labels, to be filled in elsewhere.",
            rich_help_panel=OUTPUT,
        ),
    ] = None
    scale: Scale = None
    columns: Columns = None
    force: Force = False
    as_json: Json = False


def label(generator: GeneratorName, question: QuestionOptions, look: UnclassedOptions, output: LabelOutput) -> None:
    """Label samples by hand: 1 has it, 0 has it not, nothing where it cannot be told.

    In a terminal one sample at a time is shown, and a key answers: y yes, n no,
    s skip, b back, q quit. Every answer is kept at once; the same command goes on
    with what is still open. Or write a --sheet and fill in the table yourself.

    \bExamples:
      latentwalk label faces64 --attribute smiling --seeds 0-59
      latentwalk label faces64 --attribute smiling --next 20
      latentwalk label faces64 --attribute hat --sheet out/sheet.png
    """
    labels, sheet, following, as_json = output.labels, output.sheet, question.following, output.as_json
    check_ending(labels, ".csv")
    files = [check_ending(sheet, *IMAGES)] if sheet else []
    names = list(dict.fromkeys(check_name(name) for name in question.attribute))
    wanted = choose(question.seeds, following, names, sheet)
    check_generator(generator)
    with outputs(files, output.force, sheet), working(f"loading {generator}", as_json) as progress:
        from latentwalk.jobs.label import open_table

        known = open_table(labels, names)
        if not (sheet or following or as_json or in_terminal()):
            raise ValueError("labelling needs a terminal: write a sheet with --sheet FILE and fill in the labels")
        made = load_generator(generator, look, progress)
        check_unconditional(made)
        if following:
            wanted = next_seeds(made, labels, names[0], wanted, following)
        if sheet:
            progress.wait(f"rendering {len(wanted)} pictures")
            with outputs([labels], True):
                write_sheet(made, wanted, sheet, output.columns, output.scale)
                known.with_rows(wanted, names).write(labels)
            files.append(labels)
    tell(wanted, bool(following), files, as_json)
    if not (sheet or as_json) and in_terminal():
        ask(made, known, labels, wanted, names)


def check_name(name: str) -> str:
    """A name that can head a column. Raises ValueError for one that means something else there."""
    if not name.strip() or name.strip() in ("seed", "index") or any(mark in name for mark in "=:,/\n"):
        raise ValueError(f"--attribute {name}: expected a name without = : , / that is not seed or index")
    return name.strip()


def check_unconditional(generator: "Generator") -> None:
    """Raises ValueError where a seed alone is no picture."""
    if generator.classes:
        raise ValueError(
            f"labels are kept by seed, and this generator has {generator.classes} classes for every seed: "
            "expected a generator without classes"
        )


def choose(seeds: str | None, following: int | None, names: Sequence[str], sheet: Path | None) -> list[int]:
    """The seeds that are named. Raises ValueError for more than fit on a sheet, and for --next of several names."""
    from latentwalk.seeds import parse_seeds

    if following and len(names) > 1:
        raise ValueError(f"--next is about one attribute, got {', '.join(names)}: name one")
    chosen = list(dict.fromkeys(parse_seeds(seeds or (CANDIDATES if following else FIRST))))
    if sheet and not following and len(chosen) > MOST:
        raise ValueError(f"a sheet holds at most {MOST} pictures, got {len(chosen):,} seeds: name fewer")
    return chosen


def next_seeds(generator: "Generator", labels: Path, name: str, seeds: list[int], count: int) -> list[int]:
    from latentwalk.jobs.label import propose

    return propose(generator, labels, name, seeds, count)


def write_sheet(generator: "Generator", seeds: list[int], path: Path, columns: int | None, scale: int | None) -> None:
    from latentwalk.images import save_image
    from latentwalk.jobs.label import label_sheet

    save_image(path, label_sheet(generator, seeds, columns, scale))


def tell(seeds: Sequence[int], proposed: bool, files: Sequence[Path], as_json: bool) -> None:
    if as_json:
        say_json({"seeds": list(seeds), "files": files})
        return
    if proposed:
        from latentwalk.seeds import format_seeds

        say(f"label next: {format_seeds(seeds)}")
    say_files(files)


def in_terminal() -> bool:
    """Whether somebody sits there to answer."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def ask(generator: "Generator", table: "LabelTable", path: Path, seeds: Sequence[int], names: Sequence[str]) -> None:
    """Show what is open, one sample at a time, and keep every answer. Ends at the last, with q and with Ctrl-C."""
    from latentwalk.files import check_writable
    from latentwalk.labels import NO, YES
    from latentwalk.seeds import seed_name

    check_writable(path)
    answers = {"y": YES, "1": YES, "n": NO, "0": NO}
    open_questions, now = table.open_questions(seeds, names), 0
    stopped = False
    try:
        while now < len(open_questions):
            seed, name = open_questions[now]
            show(generator, seed)
            say(f"seed {seed_name(seed)}   {name}?   {now + 1} of {len(open_questions)}   {KEYS}")
            key = read_key((*answers, "s", "b", "q"))
            if key == "q":
                break
            if key in answers:
                table = table.with_cell(seed, name, answers[key])
                table.write(path)
            now = max(now - 1, 0) if key == "b" else now + 1
    except (KeyboardInterrupt, EOFError):
        stopped = True
    for name in names:
        yes, no = table.counts(name)
        say(f"{name}: {yes} yes, {no} no in {path}")
        if min(yes, no) >= ENOUGH:
            opened = (generator.source, *generator.choices.words)
            say_next("discover", *opened, "--method", "fewshot", "--labels", path, "--attribute", name)
    still = len(table.open_questions(seeds, names))
    if still:
        say(f"{still} are open: the same command goes on with them", "dim")
    if stopped:
        raise typer.Exit(STOPPED)


def read_key(known: Sequence[str]) -> str:
    """The next key that means something. Raises EOFError when there will be none, KeyboardInterrupt for Ctrl-C."""
    while (key := typer.getchar().lower()) not in known:
        if not key:
            raise EOFError
        if key == "\x03":
            raise KeyboardInterrupt
    return key


def show(generator: "Generator", seed: int) -> None:
    """One sample, as large as the terminal allows."""
    from rich.console import Console

    from latentwalk.cli.blocks import blocks
    from latentwalk.images import to_pictures

    console = Console(highlight=False)
    (picture,) = to_pictures(generator.render(generator.sample([seed])))
    console.clear()
    console.print(blocks(picture, min(console.width, 128), max(console.height - 3, 8)))
