"""`latentwalk interpolate`: the way from one code to the next."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from latentwalk.cli.console import say_files, say_json, working
from latentwalk.cli.options import (
    OUTPUT,
    CodesOptions,
    Columns,
    Force,
    GeneratorName,
    Json,
    PictureOptions,
    Scale,
    check_generator,
    load_generator,
    read_start,
)
from latentwalk.cli.outputs import IMAGES, check_ending, outputs

KEYS = "0-3"
FILMS = (".gif", ".mp4")


class How(StrEnum):
    slerp = "slerp"
    lerp = "lerp"


@dataclass(frozen=True)
class KeysOptions(CodesOptions):
    """Which latent codes to go through."""

    seeds: Annotated[
        str | None,
        typer.Option(
            metavar="LIST", help=f"Seeds of the codes to go through in turn. Default: {KEYS}.", show_default=False
        ),
    ] = None


@dataclass(frozen=True)
class WayOptions:
    """Steps and shape of the way."""

    steps: Annotated[
        int, typer.Option(metavar="N", min=2, max=10_000, help="Pictures from one code to the next, both included.")
    ] = 10
    how: Annotated[
        How | None,
        typer.Option(
            help="slerp goes along the sphere, lerp along the straight line. Default: the sphere in z, where codes are "
            "normal, else the line.",
            show_default=False,
        ),
    ] = None


@dataclass(frozen=True)
class PathOutput:
    """The sheet or the film."""

    out: Annotated[
        Path,
        typer.Option(
            metavar="FILE", help="A sheet (.png, .jpg, .webp) or a film (.gif, .mp4).", rich_help_panel=OUTPUT
        ),
    ] = Path("out/path.png")
    scale: Scale = None
    columns: Columns = None
    force: Force = False
    as_json: Json = False


def interpolate(
    generator: GeneratorName, codes: KeysOptions, way: WayOptions, look: PictureOptions, output: PathOutput
) -> None:
    """Go through two or more latent codes and show what lies between them.

    From class to class the way goes through mixtures of both.

    \bExamples:
      latentwalk interpolate faces64 --seeds 3,7,12
      latentwalk interpolate faces64 --seeds 3,7 --steps 24 --out out/path.gif
      latentwalk interpolate faces64 --seeds 3,7 --how lerp --out out/line.mp4
      latentwalk interpolate my_model.pkl --seeds 3,3 --class 1,7
    """
    out = check_ending(output.out, *IMAGES, *FILMS)
    codes.check()
    check_generator(generator)
    steps = way.steps
    with outputs([out], output.force, out), working(f"loading {generator}", output.as_json) as progress:
        from latentwalk.jobs.sheets import path_receipt, path_sheet, save_path_film, save_sheet
        from latentwalk.receipts import PictureRecipe
        from latentwalk.walks.interpolate import usual

        made = load_generator(generator, look, progress)
        keys = read_start(made, codes, look.classes, KEYS)
        how = usual(keys.space) if way.how is None else way.how.value
        frames = (len(keys) - 1) * (steps - 1) + 1
        if not 2 <= len(keys) <= frames <= 10_000:
            raise ValueError(f"expected 2 codes or more and at most 10,000 pictures, got {len(keys)} and {frames:,}")
        progress.wait(f"rendering {frames} pictures")
        if out.suffix.lower() in FILMS:
            save_path_film(str(out), made, keys, steps, how, output.scale)
        else:
            picture = PictureRecipe(kind="path", show=len(keys), scale=output.scale, columns=output.columns)
            drawn = path_sheet(made, keys, steps, how, picture)
            save_sheet(str(out), drawn, path_receipt(made, keys, steps, how, picture))
    if output.as_json:
        say_json({"generator": generator, "codes": len(keys), "pictures": frames, "how": how, "files": [out]})
    else:
        say_files([out])
