"""`latentwalk sample`: what a generator draws for some seeds."""

from pathlib import Path
from typing import Annotated

import typer

from latentwalk.cli.console import say, say_files, say_json, working
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
    Seeds,
    Truncation,
    load_drawing,
    read_start,
)
from latentwalk.cli.outputs import check_ending, outputs

MOST = 1000
"""Pictures on one sheet; more codes than that can still be written."""


def sample(
    generator: GeneratorName,
    seeds: Seeds = None,
    codes: Codes = None,
    classes: Classes = None,
    truncation: Truncation = 1.0,
    cutoff: Cutoff = None,
    noise: Noise = "const",
    device: Device = "cpu",
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="The sheet: .png, .jpg, .webp.", rich_help_panel=OUTPUT)
    ] = Path("out/samples.png"),
    codes_out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The codes too, .safetensors.", rich_help_panel=OUTPUT),
    ] = None,
    scale: Scale = None,
    columns: Columns = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Draw a sheet of samples, each with its seed.

    A seed gives the same picture every time, whatever stands beside it.

    \bExamples:
      latentwalk sample faces64
      latentwalk sample faces64 --seeds 3,7,40-63 --out sheet.png
      latentwalk sample my_dcgan.pt --codes-out codes.safetensors
      latentwalk sample my_model.pkl --class 0-7 --truncation 0.7 --noise none
    """
    from latentwalk.images import FORMATS
    from latentwalk.jobs.sheets import draw_samples, sample_receipt, save_sheet
    from latentwalk.receipts import PictureRecipe

    files = [check_ending(out, *FORMATS)] + ([check_ending(codes_out, ".safetensors")] if codes_out else [])
    with working(f"loading {generator}", as_json) as progress:
        made = load_drawing(generator, device, truncation, cutoff, noise, progress)
        latents = read_start(made, seeds, codes, classes)
        how = PictureRecipe(kind="samples", show=min(len(latents), MOST), scale=scale, columns=columns)
        with outputs(files, force):
            progress.wait(f"drawing {how.show} pictures")
            save_sheet(str(out), draw_samples(made, latents, how), sample_receipt(made, latents, how))
            if codes_out:
                latents.save(codes_out)
    if as_json:
        say_json({"generator": generator, "codes": len(latents), "drawn": how.show, "files": files})
        return
    if how.show < len(latents):
        say(f"the sheet shows the first {how.show:,} of {len(latents):,} codes")
    say_files(files)
