"""What all commands of `latentwalk train` share: a file at the end, a folder to go on from, and Ctrl-C."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from latentwalk.cli.console import Bar, working
from latentwalk.cli.errors import STOPPED
from latentwalk.cli.invocation import command_line
from latentwalk.cli.options import OUTPUT, Force, Json
from latentwalk.cli.outputs import check_ending, outputs


@dataclass(frozen=True)
class TrainingOutput:
    """What is trained."""

    out: Annotated[Path, typer.Option(metavar="FILE", help="What is trained.", rich_help_panel=OUTPUT)]
    run: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Where the checkpoint lies, to go on from there later. Default: beside --out, removed at the end.",
            rich_help_panel=OUTPUT,
            show_default=False,
        ),
    ] = None
    force: Force = False
    as_json: Json = False

    @property
    def folder(self) -> Path:
        """Where the run is kept."""
        return self.run or self.out.with_name(f"{self.out.name}.run")


@contextmanager
def training(output: TrainingOutput, first: str) -> Iterator[Bar]:
    """The block trains, beginning with what `first` says: outputs are checked, Ctrl-C can be gone on from."""
    from latentwalk.training.ranks import is_first

    out, quiet = check_ending(output.out, ".safetensors"), output.as_json or not is_first()
    announce(output.folder / "checkpoint.pt", quiet)
    with outputs([out], output.force, out), resumable(), working(first, quiet, lines=True) as progress:
        yield progress


def announce(checkpoint: Path, quiet: bool) -> None:
    """Say when an earlier run goes on, since nobody sees it in the command."""
    if checkpoint.exists() and not quiet:
        print(f"going on from {checkpoint}", file=sys.stderr)


@contextmanager
def resumable() -> Iterator[None]:
    """Ctrl-C inside the block ends the command with what was kept and the command that goes on from there."""
    from latentwalk.training.loop import Interrupted
    from latentwalk.training.ranks import is_first

    try:
        yield
    except Interrupted as stopped:
        if is_first():
            print(f"{stopped}\n  {command_line()}", file=sys.stderr)
        raise typer.Exit(STOPPED) from None
