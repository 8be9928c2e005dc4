"""What methods learn from: codes of a seed with their scores, out of a folder, out of a job of its own, or made here.

Up to 20,000 codes are scored as they come. More go through a folder of shards by themselves, so that a kill loses
little; where no other process can open generator or scorer, the same codes are scored here.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from latentwalk.generator import Generator
from latentwalk.jobs.engines import read_engine
from latentwalk.jobs.run_shards import DOING, run_job
from latentwalk.jobs.shard_opened import described_scorer, generator_of, scorer_of
from latentwalk.jobs.shard_scores import (
    check_generator,
    columns_of,
    good_codes,
    labels_of,
    read_scores,
    score_job,
    scoring,
    usual_batch,
)
from latentwalk.kept import cache_folder
from latentwalk.latents import Latents
from latentwalk.options import NEUTRAL
from latentwalk.origin import Source
from latentwalk.pool import Engine
from latentwalk.progress import Progress, silent
from latentwalk.samples import Samples, are_counted, gather, map_codes, sample_codes, score_samples
from latentwalk.scale.job import USUAL_SHARD, Job, read_job
from latentwalk.scale.results import shards_of
from latentwalk.scores import Scorer

RUNS = "runs"
"""The folder in the cache where jobs lie that begin by themselves."""


@dataclass
class Drawn:
    """Codes with their scores, in the space that is asked for.

    count: codes that were drawn, those whose pictures failed too. seed, labels: of the codes. scorer: whose scores
    these are, None without. runs: the folder that they come from, "" for others.
    """

    make: Callable[[str], Samples]
    count: int
    seed: int
    labels: Tensor | None
    scorer: Source | None
    runs: str = ""
    last: Samples | None = field(default=None, repr=False)

    def samples(self, space: str) -> Samples:
        """All of them. Of two spaces, one at a time lies in memory."""
        if self.last is None or self.last.latents.space != space:
            self.last = None
            self.last = self.make(space)
        return self.last


def open_scores(folder: Path, generator: Generator, seed: int, labels: Tensor | None) -> tuple[Job, Generator]:
    """The job of a folder of scores, and the generator with its drawing options.

    Raises ValueError for a folder that is no such job, or not done, or of another generator; and for a seed, labels or
    options that were given and are not those of the job.
    """
    job, _ = shards_of(folder, "score")
    check_generator(folder, job, generator)
    given = {
        "seed": (seed, job.seed, 0),
        "classes": ([] if labels is None else labels.tolist(), job.classes, []),
        "options of the pictures": (generator.options, job.drawing, NEUTRAL),
    }
    for name, (asked, there, usual) in given.items():
        if asked not in (there, usual):
            raise ValueError(f"{folder} has {name} {there}, got {asked}: leave it out, or score in another folder")
    return job, generator.with_options(**asdict(job.drawing))


def check_scorer(folder: Path, scorer: Scorer) -> None:
    """Raises ValueError for another scorer than that of the job of a folder."""
    if not is_scored_by(folder, scorer):
        there, given = read_job(folder).scorer, Source.of(scorer)
        raise ValueError(
            f"{folder} holds scores of {there and there.source} ({there and there.fingerprint}), not of "
            f"{given.source or 'this scorer'}: leave the scorer out, or score in another folder"
        )


def is_scored_by(folder: Path, scorer: Scorer) -> bool:
    """Whether the job of a folder has this scorer. Raises ValueError for a folder that holds no job."""
    there = read_job(folder).scorer
    try:
        return there is not None and there.fingerprint == described_scorer(scorer).fingerprint
    except ValueError:  # nobody else could open it
        return False


def read_drawn(folder: Path, job: Job, generator: Generator, names: Sequence[str]) -> Drawn:
    """Codes and the scores of some attributes out of a folder. Raises ValueError for attributes that it has not."""
    columns_of(folder, job, names)
    return Drawn(
        lambda space: read_scores(folder, generator, names, space),
        job.rows,
        job.seed,
        labels_of(job),
        job.scorer if names else None,
        str(folder),
    )


def draw(
    generator: Generator,
    scorer: Scorer | None,
    names: Sequence[str],
    samples: int,
    seed: int,
    labels: Tensor | None,
    engine: Engine | None = None,
    progress: Progress = silent,
    tell: Callable[[str], None] = lambda text: None,
) -> Drawn:
    """Fresh codes, with the scores of the named attributes if there is a scorer.

    engine: who scores more than 20,000; the processes of this machine if None. tell: told where they are kept.
    Raises ValueError for fewer than two samples, and what `run_job` raises.
    """
    if samples < 2:
        raise ValueError(f"expected at least 2 samples, got {samples}")
    source = Source.of(scorer) if scorer else None
    if scorer is None or not are_counted(samples):
        return Drawn(_at_once(generator, scorer, names, samples, seed, labels, progress), samples, seed, labels, source)
    job = _openable(generator, scorer, samples, seed, labels)
    if job is None:
        make = _scored_here(generator, scorer, names, samples, seed, labels, progress)
        return Drawn(make, samples, seed, labels, source)
    folder = cache_folder() / RUNS / job.name
    tell(f"{samples:,} codes are scored in {folder}: the same command goes on where it was stopped")
    run_job(folder, job, engine or read_engine(device=job.device), None, progress, tell)
    return Drawn(lambda space: read_scores(folder, generator, names, space), samples, seed, labels, source)


def _at_once(
    generator: Generator,
    scorer: Scorer | None,
    names: Sequence[str],
    samples: int,
    seed: int,
    labels: Tensor | None,
    progress: Progress,
) -> Callable[[str], Samples]:
    """Codes that nobody scores, or so few that their pictures are looked at here."""
    if scorer is None:
        return lambda space: Samples.unscored(gather(sample_codes(generator, samples, seed, space, labels), samples))
    scored = score_samples(generator, scorer, samples, seed, progress, labels).only(names)
    return lambda space: in_space(generator, scored, space)


def _scored_here(
    generator: Generator,
    scorer: Scorer,
    names: Sequence[str],
    samples: int,
    seed: int,
    labels: Tensor | None,
    progress: Progress,
) -> Callable[[str], Samples]:
    """The codes of a job, scored as its workers would do it, in this process."""
    make, batch = scoring(generator, scorer, seed, labels), usual_batch(generator)
    columns = [list(scorer.attributes).index(name) for name in names]
    scores, good, size = torch.empty(samples, len(names)), torch.ones(samples, dtype=torch.bool), USUAL_SHARD
    for first in range(0, samples, size):
        rows = range(first, min(first + size, samples))
        made = make(rows, batch)
        scores[rows.start : rows.stop] = made.tensors["scores"][:, columns]
        good[list(made.failed)] = False
        progress(DOING["score"], rows.stop, samples)
    scores = scores[good]
    return lambda space: Samples(good_codes(generator, seed, good, labels, space), scores, tuple(names))


def _openable(generator: Generator, scorer: Scorer, samples: int, seed: int, labels: Tensor | None) -> Job | None:
    """The job that other processes can do; None where they cannot open the same generator and scorer."""
    try:
        job = score_job(generator, scorer, samples, seed, labels)
        here = Path.cwd()
        scorer_of(job, here, generator_of(job, here))
    except ValueError:
        return None
    return job


def in_space(generator: Generator, samples: Samples, space: str) -> Samples:
    """The same samples with their codes in another space."""
    latents: Latents = samples.latents
    if latents.space == space:
        return samples
    return Samples(map_codes(generator, latents, space), samples.scores, samples.attributes)
