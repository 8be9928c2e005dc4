"""`latentwalk replay`: make a picture again from the recipe inside it."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from latentwalk.cli.console import say, say_files, say_json, working
from latentwalk.cli.errors import ALL_WELL, NOT_REACHED
from latentwalk.cli.file_options import FileOptions
from latentwalk.cli.options import OUTPUT, Device, Force, Json, check_file, check_generator
from latentwalk.cli.outputs import IMAGES, check_ending, outputs

LEVELS = 255
LOSS = 64
"""Levels by which single pixels of a JPEG or WebP may differ from what was made again: the format lost as much."""

ROUNDING = 1
"""Levels of brightness by which a picture may differ: a value between two levels can be rounded either way."""


@dataclass(frozen=True)
class SourceOptions(FileOptions):
    """What made the picture, where it lies elsewhere now."""

    generator: Annotated[
        str | None,
        typer.Option(metavar="GENERATOR", help="The same generator, when its file lies elsewhere now."),
    ] = None
    scorer: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The same scorer, when its file lies elsewhere now, or when it is Python."),
    ] = None
    second: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The same second scorer, when its file lies elsewhere now."),
    ] = None
    device: Device = "cpu"


@dataclass(frozen=True)
class AgainOutput:
    """The new picture."""

    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the new picture: .png, .jpg or .webp.", rich_help_panel=OUTPUT),
    ] = None
    force: Force = False
    as_json: Json = False


def replay(
    picture: Annotated[Path, typer.Argument(help="A picture that latentwalk wrote: PNG, JPEG or WebP.")],
    sources: SourceOptions,
    output: AgainOutput,
) -> None:
    """Make a picture again from the receipt inside it, and compare the two.

    Exit code 0 when it is the same, or differs by no more than one of 255 levels
    of brightness, as it may on other hardware; 1 otherwise.

    \bExamples:
      latentwalk replay out/eyeglasses/strip.png
      latentwalk replay strip.png --generator my_dcgan.pt --out again.png
    """
    generator, scorer, second, device = sources.generator, sources.scorer, sources.second, sources.device
    files = [check_ending(output.out, *IMAGES)] if output.out else []
    check_file(picture, "a picture that latentwalk wrote")
    if generator:
        check_generator(generator)
    elif sources.choices:
        raise ValueError(f"{' '.join(sources.choices.words)} says how a --generator is read: name its file")
    with outputs(files, output.force, output.out), working(f"making {picture} again", output.as_json) as progress:
        from latentwalk.images import save_image
        from latentwalk.jobs.load import load, load_scorer
        from latentwalk.jobs.replay import replay as make_again

        again = make_again(
            picture,
            load(generator, device, progress=progress, **sources.choices.given) if generator else None,
            load_scorer(scorer, device) if scorer else None,
            device=device,
            second=load_scorer(second, device) if second else None,
        )
        for file in files:
            save_image(file, again.picture, again.receipt.to_json())
    same = again.difference * LEVELS <= (ROUNDING if again.lossless else LOSS) + 1e-6
    if output.as_json:
        facts = {"picture": picture, "job": again.receipt.recipe.job, "made_by": again.receipt.latentwalk}
        say_json({**facts, "difference": again.difference, "same": same, "files": files})
    else:
        say(compare(again.difference, again.lossless))
        say_files(files)
    raise typer.Exit(ALL_WELL if same else NOT_REACHED)


def compare(difference: float, lossless: bool = True) -> str:
    """A difference (share of the range from black to white) in words."""
    if difference == 0:
        return "bit for bit the same"
    if math.isinf(difference):
        return "not the same: the new picture has another size"
    levels = round(difference * LEVELS)
    largest = f"the largest difference is {difference:.4f} ({levels} of {LEVELS} levels)"
    if not lossless and levels <= LOSS:
        return f"the same but for what its format lost (JPEG and WebP keep no pixel exactly): {largest}"
    return f"the same but for rounding: {largest}" if levels <= ROUNDING else f"not the same: {largest}"
