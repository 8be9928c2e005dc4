"""Options for what a checkpoint cannot say of itself."""

from dataclasses import dataclass
from typing import Annotated

import typer

from latentwalk.choices import Choices

CHECKPOINT = "Checkpoint"
"""Panel of the help that says how a file is read."""


@dataclass(frozen=True)
class FileOptions:
    """How the file of a generator is read."""

    part: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Which network of a file with several, such as G_ema. Default: the averaged one.",
            rich_help_panel=CHECKPOINT,
            show_default=False,
        ),
    ] = None
    activation: Annotated[
        str | None,
        typer.Option(
            metavar="KIND",
            help="What stands between the layers of a DCGAN or an MLP whose state dict cannot say so: relu or "
            "leaky_relu:0.2.",
            rich_help_panel=CHECKPOINT,
            show_default=False,
        ),
    ] = None
    bgr: Annotated[
        bool,
        typer.Option(
            "--bgr", help="The network draws blue first (many of MMGeneration do).", rich_help_panel=CHECKPOINT
        ),
    ] = False
    side: Annotated[
        int | None,
        typer.Option(
            metavar="PIXELS",
            min=1,
            help="The side of the pictures, where a network is built for larger ones than it was trained for "
            "(rosinality's StyleGAN). Default: the last scale that was trained.",
            rich_help_panel=CHECKPOINT,
            show_default=False,
        ),
    ] = None
    class_count: Annotated[
        int | None,
        typer.Option(
            "--classes",
            metavar="N",
            min=1,
            help="How many classes the generator was trained with, where its file cannot say so (genforce PGGAN).",
            rich_help_panel=CHECKPOINT,
            show_default=False,
        ),
    ] = None

    @property
    def choices(self) -> Choices:
        """The same, without the words of the command line."""
        return Choices(self.part, self.class_count, self.activation, self.bgr, self.side)
