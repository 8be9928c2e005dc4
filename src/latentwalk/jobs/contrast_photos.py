"""Directions from photographs: what those with an attribute have and those without have not."""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.direction import Directions
from latentwalk.framing.align import Aligned
from latentwalk.generator import Generator
from latentwalk.inversion.optimize import Optimize
from latentwalk.jobs.invert import Framing, invert_frames
from latentwalk.latents import Latents, concatenate
from latentwalk.methods.contrast import Contrast
from latentwalk.origin import Cost
from latentwalk.photos import Photo
from latentwalk.progress import Progress, silent
from latentwalk.samples import Samples

ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".avif")
"""Of the photographs in a folder."""

BATCH = 32

NEAR, BUDGET = 1e-2, 40
"""Mean squared difference that is near enough, and evaluations after which a photograph is taken as it is. The learned
guess alone costs glasses half of the effect; to come nearer gains nothing."""


def contrast_photos(
    generator: Generator,
    with_photos: Sequence[Photo],
    without_photos: Sequence[Photo],
    attribute: str = "contrast",
    space: str | None = None,
    framing: Framing | None = None,
    left_out: Callable[[str], None] | None = None,
    progress: Progress = silent,
) -> Directions:
    """The direction from photographs without an attribute to those with it, named after the attribute.

    Each is framed and inverted roughly: what single codes lack cancels out over a set. Forty of each are plenty.
    left_out: is told of photographs that cannot be used, which otherwise end it.
    Raises ValueError with fewer than 4 photographs of a kind.
    """
    scores = torch.tensor([1.0] * len(with_photos) + [0.0] * len(without_photos))[:, None]
    photos = [*with_photos, *without_photos]
    return contrast_labelled(generator, photos, (attribute,), scores, space, framing, left_out, progress)


def contrast_labelled(
    generator: Generator,
    photos: Sequence[Photo],
    attributes: Sequence[str],
    scores: Float[Tensor, "n a"],
    space: str | None = None,
    framing: Framing | None = None,
    left_out: Callable[[str], None] | None = None,
    progress: Progress = silent,
) -> Directions:
    """A direction for every attribute, from photographs that are inverted once for all of them.

    scores: 1 for a photograph with the attribute, 0 for one without, NaN for who knows. Else as in `contrast_photos`.
    """
    kept, codes = rough_codes(generator, photos, space, framing or Framing(), left_out, progress)
    found = Contrast().fit(generator, Samples(codes, scores[kept], tuple(attributes)), progress)
    origin = found.origin.but(cost=Cost(images=len(codes)), space=codes.space, drawing=generator.options)
    return Directions(found.items, origin)


def rough_codes(
    generator: Generator,
    photos: Sequence[Photo],
    space: str | None,
    framing: Framing,
    left_out: Callable[[str], None] | None = None,
    progress: Progress = silent,
) -> tuple[list[int], Latents]:
    """Which photographs could be used, and their codes, roughly. Arguments and errors: see `contrast_photos`."""
    frames: dict[int, Aligned] = {}
    for number, photo in enumerate(photos):
        progress("framing photographs", number, len(photos))
        try:
            frames[number] = framing.frame(photo, generator, progress)
        except ValueError as error:
            if left_out is None:
                raise
            left_out(str(error))
    if not frames:
        raise ValueError("no photograph could be used: expected at least 4 with the attribute and 4 without")
    inverter = Optimize(space, enough=NEAR, budget=BUDGET)
    framed = list(frames.values())
    parts = [framed[i : i + BATCH] for i in range(0, len(framed), BATCH)]
    with torch.no_grad():
        codes = concatenate([invert_frames(generator, part, inverter, progress).latents for part in parts])
    return list(frames), codes


def photos_in(folder: Path) -> list[str]:
    """The photographs of a folder, by name. Raises ValueError for none."""
    if not folder.is_dir():
        raise ValueError(f"no folder {folder}: expected a folder of photographs")
    found = sorted(str(path) for path in folder.iterdir() if path.suffix.lower() in ENDINGS)
    if not found:
        raise ValueError(f"no photographs in {folder}: expected files that end in {', '.join(ENDINGS)}")
    return found
