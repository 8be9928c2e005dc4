"""Inspect: what a checkpoint is, what its reader made of it, and a sheet of its pictures."""

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from latentwalk.checkpoints.folders import files_of
from latentwalk.generator import Generator
from latentwalk.hooks import read_layers
from latentwalk.jobs.load import load, locate
from latentwalk.jobs.sheets import sample_receipt, samples_sheet, save_sheet
from latentwalk.latents import Latents
from latentwalk.progress import Progress, silent
from latentwalk.receipts import PictureRecipe

LOOKED_AT = 16
"""Pictures that say whether what was assumed can be true."""

SAME, SATURATED = 0.02, 0.8
"""Deviation between pictures below which they are the same; share of numbers at the ends of the range above which too
many are."""


@dataclass(frozen=True)
class File:
    """One file of a checkpoint: its name, its length in bytes, and the SHA-256 of its content."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, eq=False)
class Inspected:
    """What was found. files: those that were read. layers: the shape of what each layer gives for one code.

    hint: what its pictures say against what was assumed, "" for nothing.
    """

    generator: Generator
    files: tuple[File, ...]
    layers: dict[str, tuple[int, ...]]
    hint: str = ""

    def describe(self) -> dict[str, Any]:
        """All of it as plain data."""
        made, reading = self.generator, self.generator.reading
        return {
            "source": made.source,
            "format": reading.format,
            "family": type(made).__name__,
            "image_shape": list(made.image_shape),
            "classes": made.classes,
            "conditions": asdict(made.conditions),
            "spaces": {name: list(space.shape) for name, space in made.spaces.items()},
            "layers": {name: list(shape) for name, shape in self.layers.items()},
            "options": sorted(made.option_names),
            "average_estimated": bool(getattr(made, "average_estimated", False)),
            "parameters": sum(weight.numel() for weight in made.parameters()),
            "part": reading.part,
            "others": list(reading.others),
            "assumed": list(reading.assumed),
            "hint": self.hint,
            "ignored": list(reading.ignored),
            "missing": list(reading.missing),
            "files": [asdict(file) for file in self.files],
            "fingerprint": made.fingerprint,
        }


def inspect(source: Generator | str | Path, progress: Progress = silent) -> Inspected:
    """Look at a generator: one as it was loaded from a file, or what `load` takes. Errors: as in `load`."""
    generator = source if isinstance(source, Generator) else load(source, progress=progress)
    files = tuple(_file(found) for found in files_of(locate(generator.source)))
    names = generator.layer_names
    with torch.no_grad(), read_layers(generator, names, stop=False) as found:
        generator.synthesize(contact_codes(generator, 1))
    hint = hint_of(generator, generator.render(contact_codes(generator, LOOKED_AT))) if doubtful(generator) else ""
    return Inspected(generator, files, {name: tuple(found[name].shape[1:]) for name in names}, hint)


def doubtful(generator: Generator) -> bool:
    """Whether it was assumed what stands between its layers."""
    return any("--activation" in each for each in generator.reading.assumed)


def hint_of(generator: Generator, pictures: Float[Tensor, "n c h w"]) -> str:
    """A doubt about what was assumed of a network, from pictures that no training would end with; "" for none.

    Few pictures, or truncated ones, may well be alike and say nothing.
    """
    if not doubtful(generator) or len(pictures) < LOOKED_AT or generator.options.truncates:
        return ""
    if float(pictures.std(0).mean()) < SAME:
        what = "its pictures are nearly all the same"
    elif float((pictures.abs() > 0.99).float().mean()) > SATURATED:
        what = "its pictures are nearly all black and white"
    else:
        return ""
    return f"{what}: perhaps there is no ReLU between its layers, try --activation leaky_relu:0.2"


def contact_codes(generator: Generator, count: int) -> Latents:
    """The codes of the first seeds, with classes from all over the range."""
    every = max(1, generator.classes // count)
    labels = [i * every % generator.classes for i in range(count)] if generator.classes else None
    return generator.sample(range(count), labels)


def save_contact_sheet(generator: Generator, path: str | Path, count: int = 16) -> Image.Image:
    """Write a PNG of the first seeds, each with its class if there are any, and with its receipt inside."""
    codes, how = contact_codes(generator, count), PictureRecipe(kind="samples", show=count)
    picture = samples_sheet(generator, codes, how)
    save_sheet(str(path), picture, sample_receipt(generator, codes, how))
    return picture


def _file(path: Path) -> File:
    with path.open("rb") as file:
        return File(path.name, path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())
