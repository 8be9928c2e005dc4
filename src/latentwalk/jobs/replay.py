"""Replay: a picture that latentwalk wrote carries its recipe, and the recipe makes the same picture again."""

import shlex
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from latentwalk.choices import UNSAID
from latentwalk.delta import Delta, with_delta
from latentwalk.generator import Generator
from latentwalk.images import is_lossless
from latentwalk.jobs.edit import Edited, edit
from latentwalk.jobs.figures import NEED_PATHS, picture_of
from latentwalk.jobs.held_picture import read_homing
from latentwalk.jobs.load import find_source, load, load_scorer
from latentwalk.jobs.recipes import read_walker
from latentwalk.jobs.sheets import path_sheet, samples_sheet
from latentwalk.receipts import EditRecipe, InterpolateRecipe, PictureRecipe, Receipt, Source, read_codes
from latentwalk.remote.address import is_remote
from latentwalk.scores import Scorer, Unscored, score
from latentwalk.walk import Walker, straight
from latentwalk.walks.boundary import BoundaryWalk


@dataclass(frozen=True, eq=False)
class Replay:
    """A picture made again.

    picture: the new one. difference: largest difference to the old one, per pixel and channel, as a share of the range
    from black to white; 0 is bit for bit, infinity another size. receipt: what was replayed. lossless: whether the old
    one kept every pixel; a JPEG or WebP differs a little however well it is made again.
    """

    picture: Image.Image
    difference: float
    receipt: Receipt
    lossless: bool = True


def replay(
    path: str | Path,
    generator: Generator | None = None,
    scorer: Scorer | None = None,
    walk: Walker | None = None,
    device: torch.device | str = "cpu",
    second: Scorer | None = None,
) -> Replay:
    """Make a picture again from the receipt inside it.

    generator, scorer, second: instead of what the receipt names, for example when the files lie elsewhere now; they
    must have the same weights. A scorer that is Python code is never imported because a picture says so: hand it in.
    walk: the walker, when it is none of `walks.WALKS`.
    device: where what the receipt names is loaded.
    A relative path in the receipt is looked for from here, then beside the picture and in the folders above it.
    Raises ValueError for a picture without a receipt, a file that is not found, or other weights than made it.
    """
    receipt = Receipt.read(path)
    if receipt.picture is None:
        raise ValueError(f"{path} is the receipt of a whole edit, not of a picture: replay one of its pictures")
    beside = Path(path).parent
    generator = generator or _load_generator(receipt.recipe.generator, device, beside)
    _check_same("generator", receipt.recipe.generator, generator.fingerprint, path)
    generator = generator.with_options(**asdict(receipt.recipe.drawing))
    if isinstance(receipt.recipe, EditRecipe):
        scorer = _scorer("scorer", scorer, receipt.recipe.scorer, device, generator, path)
        if receipt.recipe.second:
            second = _scorer("second", second, receipt.recipe.second, device, generator, path)
    picture = _make(receipt, receipt.picture, generator, scorer, walk, second)
    return Replay(picture, difference(path, picture), receipt, is_lossless(path))


def _make(
    receipt: Receipt,
    how: PictureRecipe,
    generator: Generator,
    scorer: Scorer | None,
    walk: Walker | None,
    second: Scorer | None,
) -> Image.Image:
    recipe = receipt.recipe
    if isinstance(recipe, EditRecipe) and scorer is not None:
        return picture_of(edit_again(receipt, recipe, how, generator, scorer, walk, second), how)
    codes = read_codes(generator, recipe.codes)
    if isinstance(recipe, InterpolateRecipe):
        return path_sheet(generator, codes, recipe.steps, recipe.how, how)
    return samples_sheet(generator, codes, how)


def edit_again(
    receipt: Receipt,
    recipe: EditRecipe,
    how: PictureRecipe,
    generator: Generator,
    scorer: Scorer,
    walk: Walker | None = None,
    second: Scorer | None = None,
) -> Edited:
    """Walk the codes that a picture shows, in the same batches as before.

    On other hardware a rounding error can send a walk another way at a fork. Codes that end elsewhere than the receipt
    says are taken from the receipt, where the kind of picture allows it.
    """
    walker = walk or read_walker(recipe.walk)
    batch = getattr(walker, "batch", how.show)
    codes = read_codes(generator, recipe.codes)[: -(-how.show // batch) * batch]
    frames = how.kind in NEED_PATHS
    again = edit(
        generator,
        codes,
        scorer,
        goals=recipe.goals,
        hold=recipe.hold,
        walk=walker,
        homing=read_homing(recipe.homing),
        second=second,
        frames=frames,
        realism=False,
        stop_at_realism=recipe.stop_at_realism,
    )[: how.show]
    # The recipe is of all codes, shown or not. How usual pictures are was found then, and what is marked depends on it.
    found = ("usual_before", "usual")
    rows = [
        row.model_copy(update={name: getattr(old, name) for name in found})
        for row, old in zip(again.receipt.codes, receipt.codes, strict=True)
    ]
    again = replace(again, receipt=again.receipt.model_copy(update={"recipe": recipe, "codes": rows}))
    kept = torch.tensor([code.end for code in receipt.codes]).view_as(again.latents.values)
    line = isinstance(walker, BoundaryWalk)  # whose ends say all of the way
    if not line and (frames or (kept - again.latents.values.cpu()).abs().max() < 1e-3):
        return again
    ends = again.latents.with_values(kept.to(again.latents.values))
    walked = replace(again.walk, latents=ends, steps=torch.tensor([code.steps for code in receipt.codes]))
    if line:
        paths = straight(again.start, ends, walker.frames) if frames else ()
        walked = replace(walked, after=score(generator, again.scorer, ends), paths=paths)
    return replace(again, walk=walked)


def _load_generator(source: Source, device: torch.device | str, beside: Path) -> Generator:
    generator = load(_find("generator", source, beside), device, **(source.choices or UNSAID).given)
    if not source.delta:
        return generator
    try:
        return with_delta(generator, Delta.load(find_source(source.delta, beside)))
    except ValueError as error:
        raise ValueError(f"the picture was made with a tuned generator: {error}") from None


def _scorer(
    what: str, given: Scorer | None, source: Source, device: torch.device | str, generator: Generator, path: str | Path
) -> Scorer:
    """The one that was handed in, or the one that a receipt names; with the weights that it had then."""
    scorer = given or _load_scorer(what, source, device, generator, Path(path).parent)
    _check_same(what, source, getattr(scorer, "fingerprint", ""), path)
    return scorer


def _load_scorer(what: str, source: Source, device: torch.device | str, generator: Generator, beside: Path) -> Scorer:
    if not source.source:
        return Unscored()
    if ":" in source.source and not Path(source.source).is_file():
        raise ValueError(
            f"the picture was scored by {source.source!r}, which is no scorer file: "
            f"if you trust it, name it yourself with --{what}"
        )
    return load_scorer(_find(what, source, beside), device, generator)


def _find(what: str, source: Source, beside: Path) -> str:
    """Where it lies now. An address is not followed: a picture must not make anybody fetch."""
    if is_remote(source.source):
        raise ValueError(f"it was made with the {what} {source.source}: fetch that and name its file with --{what}")
    try:
        return find_source(source.source, beside)
    except ValueError as error:
        raise ValueError(f"the {what} that made the picture is not found: {error}; name it with --{what}") from None


def _check_same(what: str, source: Source, fingerprint: str, path: str | Path) -> None:
    if source.fingerprint and source.fingerprint != fingerprint:
        name = shlex.join(source.words) if source.source else "of no name"
        raise ValueError(
            f"{path} was made with the {what} {name} ({source.fingerprint}), this one is "
            f"{fingerprint or 'without a fingerprint'}: name the right one with --{what}"
        )


def difference(path: str | Path, picture: Image.Image) -> float:
    """Largest difference of two pictures as a share of the range; infinity when their sizes differ."""
    with Image.open(path) as old:
        before = np.asarray(old.convert("RGB"), dtype=np.int16)
    after = np.asarray(picture.convert("RGB"), dtype=np.int16)
    return float("inf") if before.shape != after.shape else float(np.abs(after - before).max()) / 255
