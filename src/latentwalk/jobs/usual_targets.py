"""How sure of an attribute an edit makes the scorer when nobody says: as sure as it is of samples that have it.

A scorer that was calibrated is hardly ever sure of what is hard to tell. Of faces64 it puts no sample of 2,000 at
p = .995 for black or blond hair, and the surest hundredth at .96 and .72: what it puts at .995 is no picture that the
generator draws by itself.
"""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from latentwalk.generator import Generator
from latentwalk.kept import kept, kept_as
from latentwalk.progress import Progress, silent
from latentwalk.samples import class_numbers, sample_codes
from latentwalk.scorers.agreeing import Agreeing
from latentwalk.scores import Scorer, attribute_index, score
from latentwalk.walk import UP, Goal

SAMPLES, SEED = 2000, 88
"""Samples that are looked at, and their seed."""

SUREST = 0.01
"""The share of samples that have the attribute as surely as a usual target asks for, or more."""

LEAST = 0.5
"""Below this probability nobody has the attribute."""


def usual_targets(
    generator: Generator,
    scorer: Scorer,
    names: Sequence[str],
    second: Scorer | None = None,
    progress: Progress = silent,
) -> dict[str, float]:
    """A probability to rise to per attribute: .995, or what the surest hundredth of samples reaches where that is less.

    second: a scorer that has to be convinced as well, see `Agreeing`. Kept in the cache. Raises ValueError for an
    unknown attribute.
    """
    columns = [attribute_index(scorer, name) for name in names]
    known = [name for name in scorer.attributes if second is not None and name in second.attributes]
    looking = Agreeing(scorer, second, [Goal(name) for name in known]) if second is not None and known else scorer

    def make() -> dict[str, Tensor]:
        rows, total = [], 0
        for part in sample_codes(generator, SAMPLES, SEED, None, class_numbers(generator)):
            rows.append(score(generator, looking, part).float().cpu())
            total += len(part)
            progress("looking at how sure the scorer is of samples", total, SAMPLES)
        return {"logits": torch.cat(rows).quantile(1 - SUREST, dim=0)}

    def fits(old: Mapping[str, Tensor]) -> bool:
        return set(old) == {"logits"} and old["logits"].shape == (len(scorer.attributes),)

    marks = [getattr(each, "fingerprint", "") for each in (scorer, second) if each is not None]
    key = "-".join([kept_as(generator, "usual", SAMPLES), *marks]) if all(marks) and generator.fingerprint else ""
    sure = kept("sure", key, make, fits)["logits"].sigmoid()
    return {name: min(UP, max(LEAST, _down(float(sure[i])))) for name, i in zip(names, columns, strict=True)}


def _down(probability: float) -> float:
    """Two digits, as people write them."""
    return math.floor(100 * probability) / 100 if probability < UP else probability
