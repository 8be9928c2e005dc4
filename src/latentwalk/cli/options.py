"""Options that several commands share, and how their texts are read."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentwalk.cli.errors import remark
from latentwalk.cli.file_options import FileOptions
from latentwalk.cli.rows import codes_of, read_rows

if TYPE_CHECKING:
    from torch import Tensor

    from latentwalk.generator import Generator
    from latentwalk.latents import Latents
    from latentwalk.progress import Progress

OUTPUT = "Output"
"""Panel of the help that says where results go."""

DRAWING = "Rendering"
"""Panel of the help that says how pictures are rendered."""

SEEDS = "0-15"

RISE = 0.995
"""The highest probability that a goal without a number has; the same as `walk.UP`, which needs torch."""

GeneratorName = Annotated[
    str, typer.Argument(help="faces64 or avatars64 (bundled), a path, https://... or hf://owner/repository.")
]
ScorerName = Annotated[
    str | None,
    typer.Option(
        "--scorer",
        metavar="NAME",
        help="The classifier that scores attributes: a bundled name, a scorer file, package.module:function, or "
        "measurements (brightness, colour, sharpness). Default: the one that comes with the generator.",
        show_default=False,
    ),
]
Classes = Annotated[
    str | None,
    typer.Option(
        "--class",
        metavar="LIST",
        help="Classes of a conditional generator, by number or name, such as 3, 0-7 or cat,dog: codes take turns. "
        "Where several hold at once: glasses,hat or glasses=0.5,hat, and a / between what codes get in turn.",
        rich_help_panel=DRAWING,
    ),
]
Truncation = Annotated[
    float,
    typer.Option(
        metavar="PSI",
        help="Truncation psi. 1 leaves codes as they are; 0.7 moves them towards the average: cleaner, less varied.",
        rich_help_panel=DRAWING,
    ),
]
Cutoff = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=0,
        help="Truncate only the first N layers, such as 8. Default: all layers.",
        rich_help_panel=DRAWING,
        show_default=False,
    ),
]
Noise = Annotated[
    str,
    typer.Option(
        metavar="KIND",
        help="Noise maps of a StyleGAN: const (those of the file), none, or a seed to sample others with.",
        rich_help_panel=DRAWING,
    ),
]
Device = Annotated[str, typer.Option(metavar="NAME", help="Where to compute: cpu, cuda or mps.")]
Space = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="The latent space of the codes in --codes, such as z, w or w+, where their file and shape do not say it.",
        show_default=False,
    ),
]
DirectionSpace = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="The latent space of directions of other programs, such as z, w or w+. Default: what their file or shape "
        "says, else w where there is one.",
        show_default=False,
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON object on stdout, and nothing else.", rich_help_panel=OUTPUT)
]
Force = Annotated[bool, typer.Option("--force", help="Replace files that exist.", rich_help_panel=OUTPUT)]
Scale = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        max=16,
        help="Enlarge each image by this factor. Default: small images are enlarged until they can be seen well.",
        rich_help_panel=OUTPUT,
        show_default=False,
    ),
]
Columns = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, max=1000, help="How many images stand in a row.", rich_help_panel=OUTPUT),
]


@dataclass(frozen=True)
class CodesOptions:
    """Which latent codes to work on."""

    seeds: Annotated[
        str | None,
        typer.Option(
            metavar="LIST",
            help="Seeds of the latent codes, such as 3,7,40-42, or numpy:85 for what published StyleGAN pictures call "
            f"seed 85. Default: {SEEDS}.",
            show_default=False,
        ),
    ] = None
    codes: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Codes from a file instead of seeds: ours, or the .pt, .npy, .npz or .safetensors of an encoder or "
            "projector; or rows of a job, such as runs/s1:3,7.",
        ),
    ] = None
    space: Space = None

    def check(self) -> None:
        """Raises ValueError for seeds that cannot be read, a file that is not there, or both at once."""
        from latentwalk.seeds import parse_seeds

        if self.seeds is not None and self.codes is not None:
            raise ValueError("codes come from --seeds or from --codes: leave one of the two out")
        if self.seeds is not None:
            parse_seeds(self.seeds)
        if self.codes is not None and read_rows(self.codes):
            self.check_space()
        elif self.codes is not None:
            check_file(self.codes, "codes, .safetensors, .pt, .npz or .npy")
        else:
            self.check_space()

    def check_space(self) -> None:
        """Raises ValueError for a space where no file of codes needs one."""
        if self.space is not None:
            raise ValueError(f"--space {self.space} says what --codes holds: leave it out, or name a file of codes")


@dataclass(frozen=True)
class PictureOptions(FileOptions):
    """How a generator renders, and where; the defaults are neutral."""

    classes: Classes = None
    truncation: Truncation = 1.0
    cutoff: Cutoff = None
    noise: Noise = "const"
    device: Device = "cpu"


@dataclass(frozen=True)
class UnclassedOptions(PictureOptions):
    """The same where classes mean nothing."""

    classes: Classes = field(default=None, init=False)


@dataclass(frozen=True)
class SampledOptions(PictureOptions):
    """The same where pictures are only looked at by a scorer."""

    cutoff: Cutoff = field(default=None, init=False)
    noise: Noise = field(default="const", init=False)


def check_file(path: Path, expected: str) -> Path:
    """The path. Raises ValueError when nothing is there."""
    if not path.exists():
        raise ValueError(f"no file {path}: expected {expected}")
    return path


def check_generator(name: str) -> None:
    """Raises ValueError, before anything is loaded, for a generator that is not there."""
    from latentwalk.bundled import find_generator
    from latentwalk.remote.address import is_remote

    if not is_remote(name):
        find_generator(name)


def load_generator(name: str, look: PictureOptions, progress: "Progress") -> "Generator":
    """The generator, rendering with these options. Raises ValueError for options that its family has not."""
    from latentwalk.jobs.load import load

    made = load(name, look.device, progress=progress, **look.choices.given)
    return made.with_options(look.truncation, look.cutoff, int(look.noise) if look.noise.isdecimal() else look.noise)


def read_start(
    generator: "Generator", chosen: CodesOptions, classes: str | None = None, default: str = SEEDS
) -> "Latents":
    """The codes to work on. Raises ValueError when they cannot be read, or both ways of naming them are used."""
    from latentwalk.code_files import load_codes
    from latentwalk.seeds import parse_seeds

    chosen.check()
    if chosen.codes is None:
        latents = generator.sample(parse_seeds(default if chosen.seeds is None else chosen.seeds))
    elif rows := read_rows(chosen.codes):
        latents = codes_of(generator, rows)
    else:
        latents = load_codes(generator, chosen.codes, chosen.space, remark)
    return classed(generator, latents, classes)


def classes_of(generator: "Generator", classes: str | None) -> "Tensor | None":
    """Class numbers or vectors that codes get in turn: those that were named, else all classes that a generator has.

    Raises ValueError for classes that the generator has not.
    """
    import torch

    if classes is None:
        return torch.arange(generator.classes) if generator.classes else None
    if not generator.classes:
        raise ValueError(f"this generator has no classes, got --class {classes}: leave it out")
    return generator.conditions.read(classes, generator.classes)


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
        how = generator.conditions.advice(generator.classes)
        raise ValueError(f"this generator has {generator.classes} classes: choose with {how}")
    return latents


def read_targets(texts: list[str]) -> dict[str, float | None]:
    """{attribute: probability} from "eyeglasses", "smiling=0.1"; None for a name alone. Raises ValueError."""
    targets: dict[str, float | None] = {}
    for text in texts:
        name, given, value = text.partition("=")
        name = name.strip()
        if not name or name in targets:
            raise ValueError(f"--set {text}: expected NAME or NAME=PROBABILITY, every name once")
        try:
            targets[name] = float(value) if given else None
        except ValueError:
            raise ValueError(
                f"--set {text}: expected a probability, such as {name}=0.995 to rise or {name}=0.1 to fall"
            ) from None
    return targets
