"""`latentwalk inspect`: what a checkpoint is, whatever made it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentwalk.cli.console import say, say_facts, say_files, say_json, say_table, working
from latentwalk.cli.file_options import FileOptions
from latentwalk.cli.options import OUTPUT, Force, GeneratorName, Json, check_generator
from latentwalk.cli.outputs import IMAGES, check_ending, outputs
from latentwalk.safeload.nodes import shown

if TYPE_CHECKING:
    from latentwalk.generator import Generator
    from latentwalk.jobs.inspect import Inspected

COLOURS = {1: "grey", 3: "colour", 4: "colour with transparency"}

SHOWN = 6
"""Names of tensors that are listed."""


def inspect(
    generator: GeneratorName,
    reading: FileOptions,
    sheet: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Also write a sheet of samples, through all classes: .png, .jpg or .webp.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Say what a checkpoint is: family, spaces, layers, and what was read of it.

    The content decides, not the name. Nothing in the file is executed.

    \bExamples:
      latentwalk inspect my_model.pkl
      latentwalk inspect my_model.pkl --sheet sheet.png
      latentwalk inspect biggan-deep-128 --json
    """
    files = [check_ending(sheet, *IMAGES)] if sheet else []
    check_generator(generator)
    with outputs(files, force), working(f"reading {generator}", as_json) as progress:
        from latentwalk.jobs.inspect import inspect as look
        from latentwalk.jobs.inspect import save_contact_sheet
        from latentwalk.jobs.load import load

        found = look(load(generator, progress=progress, **reading.choices.given), progress)
        for file in files:
            progress.wait("rendering the sheet")
            save_contact_sheet(found.generator, file)
    if as_json:
        say_json({**found.describe(), "sheet": sheet})
        return
    say_facts(f"generator {generator}", facts_of(found))
    say()
    say_details(found)
    say_files(files)


def facts_of(found: "Inspected") -> dict[str, str]:
    """What a person reads first."""
    data, (channels, height, width) = found.describe(), found.generator.image_shape
    average = {"average": "estimated, the file has none"} if data["average_estimated"] else {}
    taken = {"part": data["part"]} if data["part"] else {}
    others = {"beside it": _listed(data["others"])} if data["others"] else {}
    assumed = {"assumed": "; ".join(data["assumed"])} if data["assumed"] else {}
    hint = {"hint": data["hint"]} if data["hint"] else {}
    return {
        "format": data["format"],
        **taken,
        **others,
        "family": data["family"],
        "images": f"{width} x {height}, {COLOURS.get(channels, f'{channels} channels, shown side by side')}",
        "classes": class_names(found.generator),
        "options": ", ".join(data["options"]) or "none",
        **average,
        **assumed,
        **hint,
        "parameters": f"{data['parameters']:,}",
        "fingerprint": data["fingerprint"],
    }


def _listed(names: list[str]) -> str:
    """The first few names."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(map(shown, names[:SHOWN])) + more


def class_names(generator: "Generator") -> str:
    """How many, and what they are called."""
    if not generator.classes:
        return "none"
    named = generator.conditions
    together = "" if named.exclusive else ", any of which hold at once"
    return f"{generator.classes:,}" + (f": {named.describe(generator.classes)}{together}" if named.names else together)


def say_details(found: "Inspected") -> None:
    """The spaces, the layers from the code to the image, what a reader left out or put in, and the files."""
    spaces = found.generator.spaces.values()
    say_table(("space", "shape of a code"), [(space.name, _shape(space.shape)) for space in spaces])
    say_table(("layer", "shape of what it gives"), [(name, _shape(shape)) for name, shape in found.layers.items()])
    reading = found.generator.reading
    _say_tensors("not used, without a part in the picture", reading.ignored)
    _say_tensors("missing in the file, with usual values in their place", reading.missing)
    for file in found.files:
        say(f"{file.name}, {file.size:,} bytes")
        say(f"  sha256 {file.sha256}")


def _shape(sizes: tuple[int, ...]) -> str:
    return " x ".join(map(str, sizes))


def _say_tensors(what: str, names: tuple[str, ...]) -> None:
    if names:
        say(f"{what}: {len(names)} tensor{'s' if len(names) > 1 else ''}")
        more = [f"and {len(names) - SHOWN} more, which --json names"] if len(names) > SHOWN else []
        for line in [*names[:SHOWN], *more]:
            say(f"  {line}")
        say()
