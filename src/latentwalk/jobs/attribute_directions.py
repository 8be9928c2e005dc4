"""One direction per attribute of a scorer, learned once and kept: what photographs walk along."""

from contextlib import suppress
from pathlib import Path

import torch

from latentwalk.direction import Directions
from latentwalk.generator import Generator
from latentwalk.jobs.discover import discover
from latentwalk.kept import place
from latentwalk.progress import Progress, silent
from latentwalk.scores import Scorer

SAMPLES = 12_000
"""Scored samples from which they are learned."""

METHOD = "regression"
"""Least squares on every score: of the methods that score samples the one that needs fewest."""


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


def kept_place(generator: Generator, scorer: Scorer, space: str | None) -> Path | None:
    """The file in which they are kept, there or not; None where a generator or scorer has no fingerprint."""
    mark = getattr(scorer, "fingerprint", "")
    if not (mark and generator.fingerprint):
        return None
    drawn = generator.options
    how = "-".join(f"{value}" for value in (space or "usual", drawn.truncation, drawn.cutoff, drawn.noise, SAMPLES))
    return place("directions", f"{generator.fingerprint}-{mark}-{how}.safetensors")
