"""One direction per attribute of a scorer, and the way that changes pictures least; learned once and kept."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import torch

from latentwalk.direction import Directions
from latentwalk.generator import Generator
from latentwalk.inversion.metric import metric
from latentwalk.jobs.discover import discover
from latentwalk.kept import place
from latentwalk.progress import Progress, silent
from latentwalk.scores import Scorer
from latentwalk.walks.homing import damped_inverse, through
from latentwalk.walks.region import SPACES, Region

SAMPLES = 12_000
"""Scored samples from which they are learned."""

METHOD = "regression"
"""Least squares on every score: of the methods that score samples the one that needs fewest."""

DAMPING = 1.0
"""Of the mean eigenvalue of the metric. On faces64 walks change RMS and colour by 20 and 40% less with 1 than without a
metric, and by another 6 and 10% with .3, but go up to 30% farther."""


def attribute_directions(
    generator: Generator, scorer: Scorer, space: str | None = None, progress: Progress = silent
) -> Directions:
    """A direction for every attribute, named after it.

    generator: as it was loaded, not a tuned one: what is learned holds for all that is tuned from it.
    They are kept in the cache for generators and scorers with a fingerprint. Raises ValueError as `discover` does.
    """
    path = kept_place(generator, scorer, space)
    if path is not None and path.exists():
        with suppress(ValueError):  # a damaged file is written again
            return Directions.load(path, generator.fingerprint)
    labels = torch.arange(generator.classes) if generator.classes else None  # all classes in turn
    found = discover(generator, [METHOD], scorer, None, SAMPLES, 0, space, labels, progress=progress)[METHOD]
    if path is not None:
        with suppress(ValueError, OSError):
            found.save(path)
    return found


def attribute_ways(
    generator: Generator, scorer: Scorer, directions: Directions, progress: Progress = silent
) -> Directions | None:
    """For every direction v of an attribute M^-1 v, with M the metric of pictures: see `walks.lines`.

    None for a generator without gradients, which has no metric. They are kept as the directions are, of which there is
    one at least.
    """
    space = directions[0].space
    path = kept_place(generator, scorer, space, "ways")
    if path is not None and path.exists():
        with suppress(ValueError):
            return Directions.load(path, generator.fingerprint)
    try:
        m = metric(generator, space, progress=progress)
    except RuntimeError:  # pictures that do not depend on the code by anything that has a slope
        return None
    whitener = Region.of(generator).whitener if space in SPACES and "w" in generator.spaces else None
    inverse = damped_inverse(m, DAMPING, whitener).cpu()
    items = []
    for direction in directions:
        way = through(inverse, direction.vector.to(inverse)[None])[0]
        items.append(replace(direction, vector=(way / way.norm()).to(direction.vector), effects=()))
    found = Directions(tuple(items), directions.origin)
    if path is not None:
        with suppress(ValueError, OSError):
            found.save(path)
    return found


def kept_place(generator: Generator, scorer: Scorer, space: str | None, kind: str = "directions") -> Path | None:
    """The file in which they are kept, there or not; None where a generator or scorer has no fingerprint."""
    mark = getattr(scorer, "fingerprint", "")
    if not (mark and generator.fingerprint):
        return None
    drawn = generator.options
    how = "-".join(f"{value}" for value in (space or "usual", drawn.truncation, drawn.cutoff, drawn.noise, SAMPLES))
    return place(kind, f"{generator.fingerprint}-{mark}-{how}.safetensors")
