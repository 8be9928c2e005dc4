"""Codes in any number, and scored ones: what every method that finds directions learns from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.generator import Generator
from latentwalk.latents import Latents, concatenate, in_turn
from latentwalk.progress import Progress, silent
from latentwalk.scores import Scorer, score

CHUNK = 512
"""Codes sampled at once while samples are made."""


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

    def __repr__(self) -> str:
        return f"Samples of {self.latents!r}\nscored for {', '.join(self.attributes) or 'nothing'}"

    def column(self, attribute: str) -> Float[Tensor, "n"]:
        """The scores of one attribute. Raises ValueError when it was not scored."""
        if attribute not in self.attributes:
            raise ValueError(f"no attribute {attribute!r} among the samples: there are {', '.join(self.attributes)}")
        return self.scores[:, self.attributes.index(attribute)]

    def only(self, attributes: Sequence[str]) -> "Samples":
        """The same codes with some of the attributes. Raises ValueError for one that was not scored."""
        columns = [self.column(attribute) for attribute in attributes]
        return Samples(self.latents, torch.stack(columns, 1), tuple(attributes))

    @staticmethod
    def unscored(latents: Latents) -> "Samples":
        """Codes that nobody scored, for methods that need no scores."""
        return Samples(latents, latents.values.new_empty(len(latents), 0), ())


def sample_codes(
    generator: Generator,
    count: int,
    seed: int = 0,
    space: str | None = None,
    labels: Tensor | None = None,
    batch: int = CHUNK,
) -> Iterator[Latents]:
    """Fresh codes, batch by batch, so that any number of them needs the memory of one batch.

    seed: the same gives the same codes, apart from those that `--seeds` names. space: where they are mapped to; the
    space where codes are sampled if None. labels: class numbers or vectors that the codes get in turn.
    """
    seeds, labels = fresh_seeds(count, seed), in_turn(labels, count)
    for start in range(0, count, batch):
        part = generator.sample(seeds[start : start + batch], None if labels is None else labels[start : start + batch])
        yield part if space in (None, part.space) else map_codes(generator, part, space)


def class_numbers(generator: Generator) -> Tensor | None:
    """All classes in turn, None where there are none."""
    return torch.arange(generator.classes) if generator.classes else None


@torch.no_grad()
def map_codes(generator: Generator, latents: Latents, space: str) -> Latents:
    """The codes in another space, without gradients. Raises ValueError for a space that they cannot be mapped to."""
    return generator.map(latents, space)


def score_samples(
    generator: Generator,
    scorer: Scorer,
    samples: int,
    seed: int = 0,
    progress: Progress = silent,
    labels: Tensor | None = None,
    space: str | None = None,
) -> Samples:
    """Sample and score fresh codes. The same seed gives the same codes, apart from those that `--seeds` names.

    labels: class numbers or vectors that the codes get in turn, for conditional generators. space: where the codes are
    kept; the space where they are sampled if None. One row and column of scores per code and attribute.
    """
    if samples < 2:
        raise ValueError(f"expected at least 2 samples, got {samples}")
    latents, scores, done = [], [], 0
    for part in sample_codes(generator, samples, seed, space, labels):
        latents.append(part)
        scores.append(score(generator, scorer, part))
        done += len(part)
        progress("scoring samples", done, samples)
    return Samples(concatenate(latents), torch.cat(scores), tuple(scorer.attributes))


def fresh_seeds(count: int, seed: int) -> range:
    """Seeds far from the small ones that people pick, so that nothing is fitted on the codes they look at."""
    if seed < 0 or count > 10**8:
        raise ValueError(f"expected a seed of at least 0 and at most 10**8 samples, got seed {seed}, {count} samples")
    start = 2**40 + seed * 10**8
    return range(start, start + count)
