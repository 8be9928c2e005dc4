"""From a generator and a scorer to named directions: draw codes, score their pictures once, find the boundaries."""

from collections.abc import Sequence

from torch import Tensor

from latentwalk.direction import Direction
from latentwalk.directions import Directions
from latentwalk.generator import Generator
from latentwalk.methods.boundary import Boundary
from latentwalk.samples import Progress, Samples, score_samples, silent
from latentwalk.scores import Scorer, check_attributes


def fit_boundary(
    generator: Generator,
    scorer: Scorer,
    attribute: str,
    samples: int = 20_000,
    seed: int = 0,
    kind: str = "svm",
    progress: Progress = silent,
) -> Direction:
    """The boundary of one attribute: see `fit_boundaries`, which finds several for the price of one."""
    return fit_boundaries(generator, scorer, [attribute], samples, seed, kind, progress)[attribute]


def fit_boundaries(
    generator: Generator,
    scorer: Scorer,
    attributes: Sequence[str] | None = None,
    samples: int = 20_000,
    seed: int = 0,
    kind: str = "svm",
    progress: Progress = silent,
    labels: Tensor | None = None,
) -> Directions:
    """The linear boundaries of some or all attributes of a scorer, in the space where codes are sampled.

    attributes: names that the scorer knows; without them, all of its. samples: codes to draw and score.
    seed: of the codes and of the split. kind: "svm" or "logistic".
    labels: class numbers or vectors that the codes get in turn, for conditional generators.
    Raises ValueError for an unknown attribute or kind before anything is drawn, and for too few samples.
    """
    method = Boundary(kind, seed=seed)
    names = tuple(scorer.attributes if attributes is None else dict.fromkeys(attributes))
    if not names:
        raise ValueError(f"expected at least one attribute, got none: there are {', '.join(scorer.attributes)}")
    columns = check_attributes(scorer, names)
    every = score_samples(generator, scorer, samples, seed, progress, labels)
    found = method.fit(generator, Samples(every.latents, every.scores[:, columns], names))
    drawn = {"samples": samples, "seed": seed, "scorer": getattr(scorer, "source", "")}
    return Directions(found.items, {**found.source, **drawn})
