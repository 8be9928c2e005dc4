"""Replay: a picture that latentwalk wrote carries its recipe, and the recipe makes the same picture again."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from latentwalk.directions import Directions
from latentwalk.generator import Generator
from latentwalk.jobs.draw import NEED_PATHS, draw, first_codes
from latentwalk.jobs.edit import Edited, Walker, edit
from latentwalk.jobs.load import GENERATORS, MEASUREMENTS, SCORERS, load, load_scorer
from latentwalk.jobs.sheets import draw_path, draw_samples
from latentwalk.receipts import (
    BoundaryWalk,
    EditRecipe,
    GradientWalk,
    InterpolateRecipe,
    PictureRecipe,
    Receipt,
    ShiftWalk,
    Source,
    read_codes,
    read_direction,
)
from latentwalk.scores import Scorer
from latentwalk.walks.along import Along
from latentwalk.walks.ascend import Ascent
from latentwalk.walks.shifts import Shifts


@dataclass(frozen=True, eq=False)
class Replay:
    """A picture made again.

    picture: the new one. difference: largest difference to the old one, per pixel and channel, as a share of the range
    from black to white; 0 is bit for bit, infinity another size. receipt: what was replayed.
    """

    picture: Image.Image
    difference: float
    receipt: Receipt


def replay(
    path: str | Path,
    generator: Generator | None = None,
    scorer: Scorer | None = None,
    device: torch.device | str = "cpu",
) -> Replay:
    """Make a picture again from the receipt inside it.

    generator, scorer: instead of what the receipt names, for example when the files lie elsewhere now; they must have
    the same weights. A scorer that is Python code is never imported because a picture says so: hand it in.
    device: where what the receipt names is loaded.
    Raises ValueError for a picture without a receipt, or other weights than those that made it.
    """
    receipt = Receipt.read(path)
    if receipt.picture is None:
        raise ValueError(f"{path} is the receipt of a whole edit, not of a picture: replay one of its PNG files")
    generator = generator or _load_generator(receipt.recipe.generator, device)
    _check_same("generator", receipt.recipe.generator, generator.fingerprint, path)
    generator = generator.with_options(**asdict(receipt.recipe.drawing))
    if isinstance(receipt.recipe, EditRecipe):
        scorer = scorer or _load_scorer(receipt.recipe.scorer, device, generator)
    picture = _draw(receipt, receipt.picture, generator, scorer, path)
    return Replay(picture, difference(path, picture), receipt)


def _draw(
    receipt: Receipt, how: PictureRecipe, generator: Generator, scorer: Scorer | None, path: str | Path
) -> Image.Image:
    recipe = receipt.recipe
    if isinstance(recipe, EditRecipe) and scorer is not None:
        _check_same("scorer", recipe.scorer, getattr(scorer, "fingerprint", ""), path)
        return draw(edit_again(receipt, recipe, how, generator, scorer), how)
    codes = read_codes(generator, recipe.codes)
    if isinstance(recipe, InterpolateRecipe):
        return draw_path(generator, codes, recipe.steps, recipe.how, how)
    return draw_samples(generator, codes, how)


def edit_again(
    receipt: Receipt, recipe: EditRecipe, how: PictureRecipe, generator: Generator, scorer: Scorer
) -> Edited:
    """Walk the codes that a picture shows, in the same batches as before.

    On other hardware a rounding error can send a walk another way at a fork. Codes that end elsewhere than the receipt
    says are taken from the receipt, where the kind of picture allows it.
    """
    walker = read_walk(recipe.walk)
    batch = getattr(walker, "batch", how.show)
    codes = read_codes(generator, recipe.codes)[: -(-how.show // batch) * batch]
    again = first_codes(
        edit(
            generator,
            codes,
            scorer,
            goals=recipe.goals,
            hold=recipe.hold,
            walk=walker,
            frames=how.kind in NEED_PATHS,
        ),
        how.show,
    )
    kept = torch.tensor([code.end for code in receipt.codes]).view_as(again.latents.values)
    if how.kind in NEED_PATHS or (kept - again.latents.values.cpu()).abs().max() < 1e-3:
        return again
    values = {field.name: getattr(again, field.name) for field in fields(again)}
    return Edited(**{**values, "latents": again.latents.with_values(kept.to(again.latents.values))})


def read_walk(recipe: GradientWalk | BoundaryWalk | ShiftWalk) -> Walker:
    """The walker that a receipt describes. Raises ValueError for settings that it does not have."""
    if isinstance(recipe, GradientWalk):
        return Ascent(**_settings(Ascent, recipe.settings))
    directions = Directions(tuple(read_direction(plain) for plain in recipe.directions))
    if isinstance(recipe, ShiftWalk):
        return Shifts(directions, tuple(recipe.strengths), recipe.place)
    return Along(directions, **_settings(Along, recipe.settings))


def _settings(kind: type, given: Mapping[str, float]) -> dict[str, Any]:
    known = {field.name: field for field in fields(kind)}
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise ValueError(f"the receipt is from another version: this one has no setting {', '.join(unknown)}")
    return {name: int(value) if known[name].type in (int, "int") else value for name, value in given.items()}


def _load_generator(source: Source, device: torch.device | str) -> Generator:
    if source.source not in GENERATORS and not Path(source.source).exists():
        raise ValueError(
            f"the picture was made with the generator {source.source}, which is not there any more: "
            "name its file with --generator"
        )
    return load(source.source, device)


def _load_scorer(source: Source, device: torch.device | str, generator: Generator) -> Scorer:
    if source.source not in (*SCORERS, *MEASUREMENTS) and not Path(source.source).is_file():
        raise ValueError(
            f"the picture was scored by {source.source!r}, which is no scorer file: "
            "if you trust it, name it yourself with --scorer"
        )
    return load_scorer(source.source, device, generator)


def _check_same(what: str, source: Source, fingerprint: str, path: str | Path) -> None:
    if source.fingerprint and source.fingerprint != fingerprint:
        raise ValueError(
            f"{path} was made with the {what} {source.source} ({source.fingerprint}), this one is "
            f"{fingerprint or 'without a fingerprint'}: name the right one with --{what}"
        )


def difference(path: str | Path, picture: Image.Image) -> float:
    """Largest difference of two pictures as a share of the range; infinity when their sizes differ."""
    with Image.open(path) as old:
        before = np.asarray(old.convert("RGB"), dtype=np.int16)
    after = np.asarray(picture.convert("RGB"), dtype=np.int16)
    return float("inf") if before.shape != after.shape else float(np.abs(after - before).max()) / 255
