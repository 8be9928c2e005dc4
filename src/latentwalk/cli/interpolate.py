"""`latentwalk interpolate`: the way from one code to the next."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from latentwalk.cli.console import say_files, say_json, working
from latentwalk.cli.options import (
    OUTPUT,
    Classes,
    Codes,
    Columns,
    Cutoff,
    Device,
    Force,
    GeneratorName,
    Json,
    Noise,
    Scale,
    Truncation,
    load_drawing,
    read_start,
)
from latentwalk.cli.outputs import check_ending, outputs

KEYS = "0-3"


class How(StrEnum):
    slerp = "slerp"
    lerp = "lerp"


def interpolate(
    generator: GeneratorName,
    seeds: Annotated[
        str | None,
        typer.Option(metavar="LIST", help=f"Codes to go through in turn. Default: {KEYS}.", show_default=False),
    ] = None,
    codes: Codes = None,
    steps: Annotated[
        int, typer.Option(metavar="N", min=2, max=10_000, help="Pictures from one code to the next, both included.")
    ] = 10,
    how: Annotated[
        How | None,
        typer.Option(
            help="On the sphere or on the straight line. Default: sphere in z, where codes are normal, else the line.",
            show_default=False,
        ),
    ] = None,
    classes: Classes = None,
    truncation: Truncation = 1.0,
    cutoff: Cutoff = None,
    noise: Noise = "const",
    device: Device = "cpu",
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="A sheet (.png) or a film (.gif, .mp4).", rich_help_panel=OUTPUT)
    ] = Path("out/path.png"),
    scale: Scale = None,
    columns: Columns = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Walk through two or more codes and draw what lies between.

    From class to class the way goes through mixtures of both.

    \bExamples:
      latentwalk interpolate faces64 --seeds 3,7,12
      latentwalk interpolate faces64 --seeds 3,7 --steps 24 --out out/path.gif
      latentwalk interpolate faces64 --seeds 3,7 --how lerp --out out/line.mp4
      latentwalk interpolate my_model.pkl --seeds 3,3 --class 1,7
    """
    from latentwalk.jobs.sheets import FILMS, draw_path, path_receipt, save_path_film, save_sheet
    from latentwalk.receipts import PictureRecipe
    from latentwalk.walks.interpolate import usual

    check_ending(out, ".png", *FILMS)
    with working(f"loading {generator}", as_json) as progress:
        made = load_drawing(generator, device, truncation, cutoff, noise, progress)
        keys = read_start(made, seeds, codes, classes, KEYS)
        way = usual(keys.space) if how is None else how.value
        frames = (len(keys) - 1) * (steps - 1) + 1
        if not 2 <= len(keys) <= frames <= 10_000:
            raise ValueError(f"expected 2 codes or more and at most 10,000 pictures, got {len(keys)} and {frames:,}")
        with outputs([out], force):
            progress.wait(f"drawing {frames} pictures")
            if out.suffix.lower() in FILMS:
                save_path_film(str(out), made, keys, steps, way, scale)
            else:
                picture = PictureRecipe(kind="path", show=len(keys), scale=scale, columns=columns)
                drawn = draw_path(made, keys, steps, way, picture)
                save_sheet(str(out), drawn, path_receipt(made, keys, steps, way, picture))
    if as_json:
        say_json({"generator": generator, "codes": len(keys), "pictures": frames, "how": way, "files": [out]})
    else:
        say_files([out])
