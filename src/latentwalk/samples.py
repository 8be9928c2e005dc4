"""Codes in any number, and scored ones: what every method that finds directions learns from."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.generator import Generator
from latentwalk.latents import Latents, in_turn
from latentwalk.numerics.counted import normal_rows
from latentwalk.progress import Progress, silent
from latentwalk.scores import Scorer, score

CHUNK = 512
"""Codes sampled at once while samples are made."""

COUNTED = 20_000
"""More samples than this are rows of the endless table of their seed (`counted_codes`), which any process can make
anywhere; up to as many have a random generator of their own each, as codes that `--seeds` names do."""


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

    seed: the same gives the same codes, apart from those that `--seeds` names: the first of `fresh_seeds`, or above
    20,000 codes the first rows of `counted_codes`. space: where they are mapped to; the space where codes are sampled
    if None. labels: class numbers or vectors that the codes get in turn.
    """
    seeds, counted = fresh_seeds(count, seed), are_counted(count)
    turns = None if counted else in_turn(labels, count)
    for start in range(0, count, batch):
        end = min(start + batch, count)
        if counted:
            part = counted_codes(generator, seed, start, end - start, labels)
        else:
            part = generator.sample(seeds[start:end], None if turns is None else turns[start:end])
        yield part if space in (None, part.space) else map_codes(generator, part, space)


def are_counted(count: int) -> bool:
    """Whether so many samples are rows of `counted_codes`, which workers can share among them."""
    return count > COUNTED


def counted_codes(generator: Generator, seed: int, first: int, count: int, labels: Tensor | None = None) -> Latents:
    """Rows `first` to `first + count - 1` of the endless table of codes of a seed: any row can be made anywhere.

    labels: class numbers or vectors that the rows get in turn. On the generator's device, of its type.
    """
    space = generator.input_space
    values = normal_rows(seed, first, count, space.size).reshape(count, *space.shape)
    if labels is not None:
        labels = labels[(torch.arange(first, first + count) % len(labels)).to(labels.device)]
    return generator.check(Latents(values, space.name, labels).to(generator.device, generator.dtype))


def gather(parts: Iterable[Latents], count: int) -> Latents:
    """So many codes in one piece, put into place batch by batch: many of them never lie in memory twice.

    Raises ValueError for parts that are fewer or more.
    """
    values, labels, seeds, done = torch.empty(0), [], [], 0
    part = None
    for part in parts:
        if not done:
            values = part.values.new_empty(count, *part.values.shape[1:])
        if done + len(part) > count:
            raise ValueError(f"expected {count} codes, got more")
        values[done : done + len(part)] = part.values
        labels += [] if part.labels is None else [part.labels]
        seeds += [] if part.seeds is None else [part.seeds]
        done += len(part)
    if part is None or done != count:
        raise ValueError(f"expected {count} codes, got {done}")
    return replace(
        part, values=values, labels=torch.cat(labels) if labels else None, seeds=torch.cat(seeds) if seeds else None
    )


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
    """Sample and score fresh codes, those of `sample_codes`: the same seed gives the same ones.

    labels: class numbers or vectors that the codes get in turn, for conditional generators. space: where the codes are
    kept; the space where they are sampled if None. One row and column of scores per code and attribute.
    """
    if samples < 2:
        raise ValueError(f"expected at least 2 samples, got {samples}")
    scores: list[Tensor] = []

    def scored() -> Iterator[Latents]:
        done = 0
        for part in sample_codes(generator, samples, seed, space, labels):
            scores.append(score(generator, scorer, part))
            done += len(part)
            yield part
            progress("scoring samples", done, samples)

    latents = gather(scored(), samples)
    return Samples(latents, torch.cat(scores), tuple(scorer.attributes))


def fresh_seeds(count: int, seed: int) -> range:
    """Seeds far from the small ones that people pick, so that nothing is fitted on the codes they look at."""
    if seed < 0 or count > 10**8:
        raise ValueError(f"expected a seed of at least 0 and at most 10**8 samples, got seed {seed}, {count} samples")
    start = 2**40 + seed * 10**8
    return range(start, start + count)
