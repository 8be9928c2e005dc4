"""`latentwalk sample`: what a generator makes of some seeds."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from latentwalk.cli.console import say, say_files, say_json, working
from latentwalk.cli.errors import remark
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

MOST = 1000
"""Pictures on one sheet; more codes than that can still be written."""


@dataclass(frozen=True)
class SheetOptions:
    """The sheet, and the codes on it."""

    out: Annotated[
        Path, typer.Option(metavar="FILE", help="The sheet: .png, .jpg or .webp.", rich_help_panel=OUTPUT)
    ] = Path("out/samples.png")
    codes_out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write the latent codes, .safetensors.", rich_help_panel=OUTPUT),
    ] = None
    bare: Annotated[
        bool,
        typer.Option(
            "--bare", help="The pictures alone, edge to edge, at their own size unless --scale.", rich_help_panel=OUTPUT
        ),
    ] = False
    scale: Scale = None
    columns: Columns = None
    force: Force = False
    as_json: Json = False

    def files(self) -> list[Path]:
        """What is written. Raises ValueError for a name of another format."""
        codes = [check_ending(self.codes_out, ".safetensors")] if self.codes_out else []
        return [check_ending(self.out, *IMAGES), *codes]


def sample(generator: GeneratorName, codes: CodesOptions, look: PictureOptions, sheet: SheetOptions) -> None:
    """Sample latent codes and render them on one sheet, each with its seed.

    A seed gives the same picture every time, whatever stands beside it.

    \bExamples:
      latentwalk sample faces64
      latentwalk sample faces64 --seeds 3,7,40-63 --out sheet.png
      latentwalk sample my_dcgan.pt --codes-out codes.safetensors
      latentwalk sample my_model.pkl --class 0-7 --truncation 0.7 --noise none
    """
    files = sheet.files()
    codes.check()
    check_generator(generator)
    with outputs(files, sheet.force, sheet.out), working(f"loading {generator}", sheet.as_json) as progress:
        from latentwalk.jobs.inspect import hint_of
        from latentwalk.jobs.sheets import ALONE, sample_receipt, samples_sheet, save_sheet
        from latentwalk.receipts import PictureRecipe

        made = load_generator(generator, look, progress)
        latents = read_start(made, codes, look.classes)
        kind = ALONE if sheet.bare else "samples"
        how = PictureRecipe(kind=kind, show=min(len(latents), MOST), scale=sheet.scale, columns=sheet.columns)
        progress.wait(f"rendering {how.show} pictures")
        images = made.render(latents[: how.show])
        save_sheet(str(sheet.out), samples_sheet(made, latents, how, images), sample_receipt(made, latents, how))
        if sheet.codes_out:
            latents.save(sheet.codes_out)
        hint = hint_of(made, images)
    if hint:
        remark(hint)
    if sheet.as_json:
        say_json({"generator": generator, "codes": len(latents), "drawn": how.show, "files": files})
        return
    if how.show < len(latents):
        say(f"the sheet shows the first {how.show:,} of {len(latents):,} codes")
    say_files(files)
