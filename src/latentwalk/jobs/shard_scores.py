"""Jobs that score codes: row i is the code i of a seed, and its logits."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from latentwalk.generator import RENDER_BATCH, RENDER_PIXELS, Generator
from latentwalk.jobs.shard_opened import DTYPES, Made, MakeRows, described_scorer, drawn_by, generator_of, scorer_of
from latentwalk.latents import Latents, concatenate
from latentwalk.samples import Samples, counted_codes, gather, map_codes
from latentwalk.scale.job import Job, read_job, shard_size
from latentwalk.scale.results import shards_of
from latentwalk.scorers.callable import Scoring, as_scorer
from latentwalk.scores import Scorer

BLOCK = 1024
"""Codes that are made at once where a result is read; making them takes ten times their memory."""

KEPT = ("float32", "float16")


def score_job(
    generator: Generator,
    scorer: Scoring,
    samples: int,
    seed: int = 0,
    labels: Tensor | None = None,
    batch: int | None = None,
    shard: int | None = None,
    keep: str = "float32",
) -> Job:
    """The job that scores so many codes.

    labels: class numbers or vectors that they get in turn. batch: pictures made at once; by itself as for sheets.
    shard: codes in one file. keep: float32, or float16 for half the space and three digits.
    Raises ValueError for a generator or scorer that no other process can open, and sizes below 1.
    """
    scorer = as_scorer(scorer, generator)
    if samples < 1 or (batch is not None and batch < 1):
        raise ValueError(f"expected at least one code and one picture at once, got {samples} and {batch}")
    if keep not in KEPT:
        raise ValueError(f"scores are kept as {' or '.join(KEPT)}, got {keep!r}")
    batch = batch or usual_batch(generator)
    return Job(
        kind="score",
        rows=samples,
        shard=shard_size(samples, batch, shard),
        batch=batch,
        **drawn_by(generator, seed, labels),
        scorer=described_scorer(scorer),
        attributes=list(scorer.attributes),
        settings={"keep": keep},
    )


def usual_batch(generator: Generator) -> int:
    """Pictures at once: as many as the same number of pixels allows, 64 at most."""
    _, height, width = generator.image_shape
    return max(1, min(RENDER_BATCH, RENDER_PIXELS // (height * width)))


def open_rows(job: Job, folder: Path) -> MakeRows:
    """What makes shards of scores [n, a], NaN where a row failed."""
    generator = generator_of(job, folder)
    scorer = scorer_of(job, folder, generator)
    if list(scorer.attributes) != job.attributes:
        raise ValueError(f"the scorer knows {', '.join(scorer.attributes)} now, the job {', '.join(job.attributes)}")
    return scoring(generator, scorer, job.seed, labels_of(job), DTYPES[str(job.settings["keep"])])


def scoring(
    generator: Generator, scorer: Scorer, seed: int, labels: Tensor | None, keep: torch.dtype = torch.float32
) -> MakeRows:
    """What scores codes of a seed, see `open_rows`."""

    @torch.no_grad()
    def make(rows: range, batch: int) -> Made:
        scores, failed = torch.empty(len(rows), len(scorer.attributes), dtype=keep), {}
        for first in range(rows.start, rows.stop, batch):
            count = min(batch, rows.stop - first)
            # the last batch is as large as the others: how many are made at once changes the last bits
            images = generator.synthesize(counted_codes(generator, seed, first, batch, labels))
            logits = scorer(images)[:count].float().cpu()
            bad = {
                "a picture with NaN or infinity": ~finite(images[:count]),
                "a score that is no number": ~finite(logits),
            }
            for why, which in bad.items():
                failed |= {first + int(i): why for i in which.nonzero()[:, 0] if first + int(i) not in failed}
                logits[which] = torch.nan
            scores[first - rows.start : first - rows.start + count] = logits.to(keep)
        return Made({"scores": scores}, failed)

    return make


def finite(rows: Float[Tensor, "n ..."]) -> Tensor:
    """Which rows hold numbers only, on the CPU."""
    return rows.flatten(1).isfinite().all(1).cpu()


def labels_of(job: Job) -> Tensor | None:
    """Class numbers or vectors that the codes of a job get in turn."""
    return torch.tensor(job.classes) if job.classes else None


def read_scores(
    folder: str | Path, generator: Generator, attributes: Sequence[str] | None = None, space: str | None = None
) -> Samples:
    """The codes and scores of a job that is done; rows that failed are left out.

    attributes: those that are wanted; all if None. space: of the codes, which are made again from the seed; where they
    were sampled if None.
    Raises ValueError for a folder whose job is another kind or not done, another generator, a damaged shard.
    """
    folder = Path(folder)
    job, shards = shards_of(folder, "score")
    check_generator(folder, job, generator)
    names = tuple(job.attributes if attributes is None else attributes)
    columns = columns_of(folder, job, names)
    scores, good = torch.empty(job.rows, len(names)), torch.ones(job.rows, dtype=torch.bool)
    for shard, rows in shards:
        scores[rows.start : rows.stop] = shard.tensors["scores"][:, columns].float()
        good[[int(row) for row in shard.facts["reasons"]]] = False
    return Samples(
        good_codes(generator, job.seed, good, labels_of(job), space), scores if good.all() else scores[good], names
    )


def columns_of(folder: Path, job: Job, names: Sequence[str]) -> list[int]:
    """Where the scores of attributes are. Raises ValueError for those that the job of a folder has not."""
    unknown = [name for name in names if name not in job.attributes]
    if unknown:
        raise ValueError(f"{folder} has no scores of {', '.join(unknown)}: there are {', '.join(job.attributes)}")
    return [job.attributes.index(name) for name in names]


def check_generator(folder: Path, job: Job, generator: Generator) -> None:
    """Raises ValueError for another generator than the one that the job of a folder looked at."""
    if job.generator.fingerprint and job.generator.fingerprint != generator.fingerprint:
        raise ValueError(
            f"{folder} is about the generator {job.generator.source} ({job.generator.fingerprint}), this one is "
            f"{generator.fingerprint}: name the one that it is about"
        )


def good_codes(
    generator: Generator, seed: int, good: Bool[Tensor, "n"], labels: Tensor | None = None, space: str | None = None
) -> Latents:
    """The first rows of the codes of a seed, those that are good, in a space, made block by block into one tensor."""

    def blocks() -> Iterator[Latents]:
        for first in range(0, len(good), BLOCK):
            some = good[first : first + BLOCK]
            if not some.any():
                continue
            part = counted_codes(generator, seed, first, len(some), labels)[some]
            yield part if space in (None, part.space) else map_codes(generator, part, space)

    return gather(blocks(), int(good.sum()))


def codes_of_rows(folder: str | Path, generator: Generator, rows: Sequence[int]) -> Latents:
    """The codes of some rows of a job, made again. Raises ValueError for another generator, and rows that are not."""
    job = read_job(Path(folder))
    check_generator(Path(folder), job, generator)
    beyond = [row for row in rows if not 0 <= row < job.rows]
    if beyond or not rows:
        raise ValueError(f"{folder} has the rows 0 to {job.rows - 1}, got {', '.join(map(str, beyond[:8])) or 'none'}")
    return concatenate([counted_codes(generator, job.seed, row, 1, labels_of(job)) for row in rows])
