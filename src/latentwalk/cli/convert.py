"""`latentwalk convert`: any checkpoint as one safetensors file of our own."""

from pathlib import Path
from typing import Annotated

import typer

from latentwalk.cli.console import say_facts, say_files, say_json, working
from latentwalk.cli.file_options import FileOptions
from latentwalk.cli.options import Force, GeneratorName, Json, check_generator
from latentwalk.cli.outputs import check_ending, outputs


def convert(
    generator: GeneratorName,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The new file, .safetensors.")],
    file: FileOptions,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Write a checkpoint again as one safetensors file, which opens faster.

    It is the same network, with the same fingerprint and the same pictures.

    \bExamples:
      latentwalk convert my_model.pkl my_model.safetensors
      latentwalk convert biggan-deep-128 biggan.safetensors --force
      latentwalk convert netG.pth generator.safetensors --activation leaky_relu:0.2
    """
    check_ending(out, ".safetensors")
    check_generator(generator)
    with outputs([out], force), working(f"converting {generator}", as_json) as progress:
        from latentwalk.jobs.convert import convert as write
        from latentwalk.jobs.load import load

        made = write(load(generator, progress=progress, **file.choices.given), out, force)
    family, source = type(made).__name__, made.reading.format
    if as_json:
        facts = {"generator": generator, "format": source, "family": family, "fingerprint": made.fingerprint}
        say_json({**facts, "files": [out]})
        return
    say_facts(f"generator {generator}", {"family": family, "format": source, "fingerprint": made.fingerprint})
    say_files([out])
