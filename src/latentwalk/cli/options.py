"""Options that several commands share, and how their texts are read."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from torch import Tensor

    from latentwalk.generator import Generator
    from latentwalk.latents import Latents
    from latentwalk.progress import Progress

OUTPUT = "Output"
"""Panel of the help that says where results go."""

DRAWING = "Drawing"
"""Panel of the help that says how pictures are drawn."""

SEEDS = "0-15"

GeneratorName = Annotated[
    str, typer.Argument(help="faces64, the path of a checkpoint, https://... or hf://owner/repository.")
]
Seeds = Annotated[
    str | None,
    typer.Option(metavar="LIST", help=f"Which codes, such as 3,7,40-42. Default: {SEEDS}.", show_default=False),
]
Codes = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Codes instead of seeds: .safetensors that latentwalk wrote, or .npy."),
]
ScorerName = Annotated[
    str | None,
    typer.Option(
        "--scorer",
        metavar="NAME",
        help="What tells attributes: a bundled name, a scorer file, package.module:function, or measurements. "
        "Default: the one that comes with the generator.",
        show_default=False,
    ),
]
Classes = Annotated[
    str | None,
    typer.Option(
        "--class",
        metavar="LIST",
        help="Class numbers, such as 3 or 0-7, that codes get in turn.",
        rich_help_panel=DRAWING,
    ),
]
Truncation = Annotated[
    float,
    typer.Option(metavar="PSI", help="Below 1: nearer to the average, less varied.", rich_help_panel=DRAWING),
]
Cutoff = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=0,
        help="Layers, from the first, that truncation touches. Default: all.",
        rich_help_panel=DRAWING,
        show_default=False,
    ),
]
Noise = Annotated[
    str, typer.Option(metavar="KIND", help="The noise maps: const, none, or a seed.", rich_help_panel=DRAWING)
]
Device = Annotated[str, typer.Option(metavar="NAME", help="Where to compute: cpu, cuda, mps.")]
Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else.", rich_help_panel=OUTPUT)
]
Force = Annotated[bool, typer.Option("--force", help="Replace files that exist.", rich_help_panel=OUTPUT)]
Scale = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, max=16, help="How many pixels wide a pixel becomes.", rich_help_panel=OUTPUT),
]
Columns = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, max=1000, help="Pictures in a row.", rich_help_panel=OUTPUT),
]


def load_drawing(
    name: str, device: str, truncation: float, cutoff: int | None, noise: str, progress: "Progress"
) -> "Generator":
    """The generator, drawing with these options. Raises ValueError for options that its family has not."""
    from latentwalk.jobs.load import load

    made = load(name, device, progress=progress)
    return made.with_options(truncation, cutoff, int(noise) if noise.isdecimal() else noise)


def read_start(
    generator: "Generator", seeds: str | None, codes: Path | None, classes: str | None = None, default: str = SEEDS
) -> "Latents":
    """The codes to work on. Raises ValueError when they cannot be read, or both ways of naming them are used."""
    from latentwalk.seeds import parse_seeds

    if codes is None:
        latents = generator.sample(parse_seeds(default if seeds is None else seeds))
    elif seeds is None:
        latents = read_start_codes(generator, codes)
    else:
        raise ValueError("codes come from --seeds or from --codes: leave one of the two out")
    return classed(generator, latents, classes)


def classes_of(generator: "Generator", classes: str | None) -> "Tensor | None":
    """Class numbers that codes get in turn: those that were named, else all that a generator has.

    Raises ValueError for classes that the generator has not.
    """
    import torch

    from latentwalk.seeds import parse_seeds

    if classes is None:
        return torch.arange(generator.classes) if generator.classes else None
    if not generator.classes:
        raise ValueError(f"this generator has no classes, got --class {classes}: leave it out")
    return torch.tensor(parse_seeds(classes))


def classed(generator: "Generator", latents: "Latents", classes: str | None) -> "Latents":
    """The codes with the classes that were named, in turn, or else with those that they have.

    Raises ValueError for classes that the generator has not, and when it needs some and none are named.
    """
    from latentwalk.latents import in_turn

    if classes is not None:
        numbers = classes_of(generator, classes)
        labels = in_turn(None if numbers is None else numbers.to(generator.device), len(latents))
        return generator.check(replace(latents, labels=labels))
    if generator.classes and latents.labels is None and latents.space not in generator.label_free:
        most = generator.classes - 1
        raise ValueError(f"this generator draws one of {most + 1} classes: choose with --class 0, or 0-{most} in turn")
    return latents


def read_start_codes(generator: "Generator", codes: Path) -> "Latents":
    """Codes from a file, labelled or not. Raises ValueError when they cannot be drawn."""
    from latentwalk.labels import read_codes

    latents = read_codes(codes, generator)
    if len(latents) == 0 or not bool(latents.values.isfinite().all()):
        raise ValueError(
            f"{codes} holds {'values that are no numbers' if len(latents) else 'no codes'}: use other ones"
        )
    return latents


def scorer_for(generator: str, scorer: str | None) -> str:
    """The name of the scorer. Raises ValueError when none was given and none comes with the generator."""
    from latentwalk.jobs.load import SCORERS

    if scorer is None and generator not in SCORERS:
        raise ValueError(
            f"no scorer comes with {generator}: name one with --scorer, train one with `latentwalk train scorer`, "
            "or take --scorer measurements (brightness, colour, sharpness and the like)"
        )
    return scorer or generator


def read_targets(texts: list[str]) -> dict[str, float]:
    """{attribute: probability} from "eyeglasses", "smiling=0.1"; a name alone rises. Raises ValueError."""
    from latentwalk.walk import UP

    targets: dict[str, float] = {}
    for text in texts:
        name, given, value = text.partition("=")
        name = name.strip()
        if not name or name in targets:
            raise ValueError(f"--set {text}: expected NAME or NAME=PROBABILITY, every name once")
        try:
            targets[name] = float(value) if given else UP
        except ValueError:
            raise ValueError(
                f"--set {text}: expected a probability, such as {name}=0.995 to rise or {name}=0.1 to fall"
            ) from None
    return targets
