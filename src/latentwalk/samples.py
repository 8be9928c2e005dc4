"""Scored codes: what every method that finds directions learns from."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.generator import Generator
from latentwalk.latents import Latents, concatenate, in_turn
from latentwalk.scores import Scorer, score

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""


def silent(_what: str, _done: int, _total: int) -> None:
    """Progress for nobody."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Codes [n, ...] with logits [n, a] for the named attributes; NaN where a code has no label."""

    latents: Latents
    scores: Float[Tensor, "n a"]
    attributes: tuple[str, ...]

    def __post_init__(self) -> None:
        wanted = [len(self.latents), len(self.attributes)]
        if list(self.scores.shape) != wanted:
            raise ValueError(
                f"expected scores of the shape {wanted}, one row per code and one column per attribute, "
                f"got {list(self.scores.shape)}"
            )

    def column(self, attribute: str) -> Float[Tensor, "n"]:
        """The scores of one attribute. Raises ValueError when it was not scored."""
        if attribute not in self.attributes:
            raise ValueError(f"no attribute {attribute!r} among the samples: there are {', '.join(self.attributes)}")
        return self.scores[:, self.attributes.index(attribute)]


def score_samples(
    generator: Generator,
    scorer: Scorer,
    samples: int,
    seed: int = 0,
    progress: Progress = silent,
    labels: Tensor | None = None,
) -> Samples:
    """Draw and score fresh codes. The same seed gives the same codes, apart from those that `--seeds` names.

    labels: class numbers or vectors that the codes get in turn, for conditional generators.
    """
    if samples < 2:
        raise ValueError(f"expected at least 2 samples, got {samples}")
    chunk = 512
    latents, scores = [], []
    seeds = fresh_seeds(samples, seed)
    labels = in_turn(labels, samples)
    for start in range(0, samples, chunk):
        part = generator.sample(seeds[start : start + chunk], None if labels is None else labels[start : start + chunk])
        latents.append(part)
        scores.append(score(generator, scorer, part))
        progress("scoring samples", min(start + chunk, samples), samples)
    return Samples(concatenate(latents), torch.cat(scores), tuple(scorer.attributes))


def fresh_seeds(count: int, seed: int) -> range:
    """Seeds far from the small ones that people pick, so that nothing is fitted on the codes they look at."""
    if seed < 0 or count > 10**8:
        raise ValueError(f"expected a seed of at least 0 and at most 10**8 samples, got seed {seed}, {count} samples")
    start = 2**40 + seed * 10**8
    return range(start, start + count)
