"""What `latentwalk edit` writes: a folder with a receipt, the codes, and pictures of several kinds."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentwalk.cli.console import Bar
from latentwalk.cli.options import OUTPUT, Force, Json

if TYPE_CHECKING:
    from latentwalk.jobs.edit import Edited

PICTURES = ("picture", "before-after", "strip", "heat", "chart", "plane")
FILMS = ("gif", "mp4")
"""The kinds of jobs/figures.py, which needs torch."""

SHOWN = "before-after,strip,heat,chart,gif"
SHOWN_OF_SWEEP = "strip,gif"
NEED_SCORES = {"chart", "plane"}
NONE = "none"

CHART_CODES = 1000
"""A chart shows means, so it may show more codes than other pictures; its receipt lists them all."""


@dataclass(frozen=True)
class EditOutput:
    """The files of an edit."""

    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="The folder to write into. Default: out/NAME, after what is set.",
            rich_help_panel=OUTPUT,
            show_default=False,
        ),
    ] = None
    show: Annotated[
        str | None,
        typer.Option(
            metavar="KINDS",
            help=f"Which pictures to write: {', '.join((*PICTURES, *FILMS))}, or none. "
            f"Default: {SHOWN}; {SHOWN_OF_SWEEP} of a sweep.",
            rich_help_panel=OUTPUT,
            show_default=False,
        ),
    ] = None
    show_count: Annotated[
        int,
        typer.Option(metavar="N", min=1, max=1000, help="How many codes the pictures show.", rich_help_panel=OUTPUT),
    ] = 6
    force: Force = False
    as_json: Json = False

    def kinds(self, scored: bool, sweep: bool) -> dict[str, str]:
        """{file name: kind of picture}. Raises ValueError for kinds that are not there, or that need scores."""
        if self.show is not None:
            kinds = read_kinds(self.show)
        else:
            kinds = read_kinds(SHOWN_OF_SWEEP if sweep else SHOWN)
            kinds = {name: kind for name, kind in kinds.items() if scored or kind not in NEED_SCORES}
        unscored = sorted(NEED_SCORES & set(kinds.values()))
        if unscored and not scored:
            raise ValueError(f"--show {unscored[0]} is a picture of scores: leave it out, or --scorer none")
        return kinds


def write(edited: "Edited", folder: Path, kinds: dict[str, str], show_count: int, pictures: int, progress: Bar) -> None:
    """The receipt and the codes of all, then the pictures of the first; a sweep has a frame for every strength."""
    from latentwalk.jobs.figures import ANIMATIONS, save_film, save_picture
    from latentwalk.receipts import PictureRecipe

    progress.wait("writing the receipt")
    edited.receipt.save(folder / "receipt.json")
    edited.latents.save(folder / "latents.safetensors")
    for name, kind in kinds.items():
        progress.wait(f"rendering {name}")
        count = min(len(edited), CHART_CODES if kind == "chart" else show_count)
        if kind in ANIMATIONS:
            save_film(edited, folder / name, kind, count)
        else:
            columns = pictures if kind == "strip" and pictures > 1 else None
            save_picture(edited, folder / name, PictureRecipe(kind=kind, show=count, columns=columns))


def read_kinds(text: str) -> dict[str, str]:
    """{file name: kind of picture} from "strip,gif". Raises ValueError for an unknown kind."""
    kinds = [] if text.strip() == NONE else [kind.strip() for kind in text.split(",")]
    for kind in kinds:
        if kind not in (*PICTURES, *FILMS):
            raise ValueError(f"--show {text}: no kind {kind!r}: there are {', '.join((*PICTURES, *FILMS))}, none")
    return {f"{kind}.png" if kind in PICTURES else f"walk.{kind}": kind for kind in kinds}


def needs_frames(kinds: dict[str, str]) -> bool:
    from latentwalk.jobs.figures import NEED_PATHS

    return bool(NEED_PATHS & set(kinds.values()))
