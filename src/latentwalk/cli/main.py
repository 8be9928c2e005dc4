"""`latentwalk`: the command line, put together."""

import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated

import typer

from latentwalk.cli import train
from latentwalk.cli.benchmark import benchmark
from latentwalk.cli.convert import convert
from latentwalk.cli.discover import discover
from latentwalk.cli.edit import edit
from latentwalk.cli.errors import Commands
from latentwalk.cli.evaluate import evaluate
from latentwalk.cli.groups import flat
from latentwalk.cli.info import info
from latentwalk.cli.inspect import inspect
from latentwalk.cli.interpolate import interpolate
from latentwalk.cli.invert import invert
from latentwalk.cli.invocation import TYPED
from latentwalk.cli.label import label
from latentwalk.cli.replay import replay
from latentwalk.cli.report import report
from latentwalk.cli.sample import sample
from latentwalk.cli.score import score
from latentwalk.cli.status import compact, status, verify
from latentwalk.cli.studio import studio

app = typer.Typer(
    name="latentwalk",
    cls=Commands,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
for each in (
    sample,
    studio,
    label,
    invert,
    edit,
    interpolate,
    discover,
    evaluate,
    report,
    benchmark,
    replay,
    score,
    status,
    verify,
    compact,
    inspect,
    convert,
    info,
):
    app.command()(flat(each))
app.add_typer(train.app, name="train")


def say_version(wanted: bool) -> bool:
    if wanted:
        from latentwalk.version import VERSION

        print(f"latentwalk {VERSION}")
        raise typer.Exit
    return wanted


@app.callback()
def root(
    _version: Annotated[
        bool, typer.Option("--version", callback=say_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Control over a generator that is already trained and stays fixed.

    Choose an attribute, move the latent code, see the picture change, and know what else changed.

    \bExamples:
      latentwalk sample faces64
      latentwalk edit faces64 --seeds 0-15 --set eyeglasses --out out/glasses
      latentwalk edit faces64 --set smiling=0.1 --hold others
      latentwalk replay out/glasses/strip.png
    """


@cache
def commands() -> Callable[..., None]:
    """All commands, read once however often they are called."""
    return typer.main.get_command(app)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line, which ends in SystemExit: 0 all well, 1 not all reached, 2 bad input."""
    sys.path.append(str(Path.cwd()))  # where --scorer module:function is looked for, after all that is installed
    TYPED.set(list(sys.argv[1:] if arguments is None else arguments))
    commands()(args=TYPED.get(), prog_name="latentwalk")
