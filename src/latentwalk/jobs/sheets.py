"""Pictures of codes as they are: a sheet of samples, and the way from code to code."""

from dataclasses import replace

from jaxtyping import Float
from PIL import Image
from torch import Tensor

from latentwalk.generator import Generator
from latentwalk.images import save_image
from latentwalk.latents import Latents
from latentwalk.pictures.animation import frames, gif, mp4
from latentwalk.pictures.grid import grid, pleasant_columns
from latentwalk.pictures.layout import enlarge, table
from latentwalk.receipts import (
    InterpolateRecipe,
    PictureRecipe,
    Receipt,
    SampleRecipe,
    Source,
    describe_codes,
)
from latentwalk.seeds import seed_name
from latentwalk.version import VERSION
from latentwalk.walks.interpolate import through

ALONE = "picture"
"""The kind of a picture that is nothing but its images."""

FILMS = {".gif": gif, ".mp4": mp4}


def sample_receipt(generator: Generator, codes: Latents, how: PictureRecipe) -> Receipt:
    source = Source.of(generator)
    shown = describe_codes(generator, codes[: how.show])
    recipe = SampleRecipe(generator=source, drawing=generator.options, codes=shown)
    return Receipt(latentwalk=VERSION, recipe=recipe, picture=how)


def alone(images: Float[Tensor, "n c h w"], how: PictureRecipe) -> Image.Image:
    """Images edge to edge and without a word; of a single one every pixel as it is, unless it is to be enlarged."""
    if len(images) == 1:
        return enlarge(images, how.scale or 1, transparent=True)[0]
    return table(enlarge(images, how.scale or 1), how.columns or pleasant_columns(len(images)), gap=0)


def samples_sheet(
    generator: Generator, codes: Latents, how: PictureRecipe, images: Float[Tensor, "n c h w"] | None = None
) -> Image.Image:
    """A sheet of images, each with its seed and its class; or the images alone. images: of the codes that it shows,
    where they are rendered already."""
    codes = codes[: how.show]
    images = generator.render(codes) if images is None else images
    return alone(images, how) if how.kind == ALONE else grid(images, how.columns, names_of(codes), how.scale)


def names_of(codes: Latents) -> list[str] | None:
    """A caption per code: its seed and its class number, as far as it has them; None where none has any."""
    seeds = [] if codes.seeds is None else [f"seed {seed_name(seed)}" for seed in codes.seeds.tolist()]
    numbered = codes.labels is not None and codes.labels.ndim == 1
    classes = [f"class {number}" for number in codes.labels.tolist()] if numbered and codes.labels is not None else []
    rows = [names for names in (seeds, classes) if names]
    return ["\n".join(names) for names in zip(*rows, strict=True)] or None


def path_receipt(generator: Generator, keys: Latents, steps: int, how: str, picture: PictureRecipe) -> Receipt:
    source = Source.of(generator)
    recipe = InterpolateRecipe.model_validate(
        {
            "generator": source,
            "drawing": generator.options,
            "codes": describe_codes(generator, keys),
            "steps": steps,
            "how": how,
        }
    )
    return Receipt(latentwalk=VERSION, recipe=recipe, picture=picture)


def between(generator: Generator, keys: Latents, steps: int, how: str) -> Latents:
    """All codes of a path. From class to class it goes through mixtures: class numbers become class vectors."""
    if keys.labels is not None and keys.labels.ndim == 1 and bool((keys.labels != keys.labels[:1]).any()):
        keys = replace(keys, labels=generator.class_vectors(keys))
    return through(keys, steps, how)


def path_sheet(generator: Generator, keys: Latents, steps: int, how: str, picture: PictureRecipe) -> Image.Image:
    """One row per leg with both its ends; the codes given have their seeds as captions."""
    images = generator.render(between(generator, keys, steps, how))
    names = names_of(keys) or [f"code {i}" for i in range(len(keys))]
    cells = [leg * (steps - 1) + step for leg in range(len(keys) - 1) for step in range(steps)]
    captions = [names[cell // (steps - 1)] if cell % (steps - 1) == 0 else "" for cell in cells]
    return grid(images[cells], picture.columns or steps, captions, picture.scale)


def save_sheet(path: str, picture: Image.Image, receipt: Receipt) -> None:
    save_image(path, picture, receipt.to_json())


def save_path_film(path: str, generator: Generator, keys: Latents, steps: int, how: str, scale: int | None) -> None:
    """The same way as a film; the ending of the path says which kind. Raises ValueError for another ending."""
    ending = str(path)[-4:].lower()
    if ending not in FILMS:
        raise ValueError(f"a film ends in {' or '.join(FILMS)}, got {path}")
    FILMS[ending](path, frames([generator.render(between(generator, keys, steps, how))], scale=scale))
