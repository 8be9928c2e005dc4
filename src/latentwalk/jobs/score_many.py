"""Score any number of codes in a folder that survives whatever happens, with any number of workers."""

from collections.abc import Callable
from pathlib import Path

from torch import Tensor

from latentwalk.generator import Generator
from latentwalk.jobs.engines import read_engine
from latentwalk.jobs.job_status import JobStatus, job_status
from latentwalk.jobs.run_shards import run_job
from latentwalk.jobs.shard_scores import score_job
from latentwalk.pool import Engine
from latentwalk.progress import Progress, silent
from latentwalk.scale.job import parse_span
from latentwalk.scorers.callable import Scoring


def score_many(
    generator: Generator,
    scorer: Scoring,
    samples: int,
    out: str | Path,
    *,
    seed: int = 0,
    labels: Tensor | None = None,
    batch: int | None = None,
    shard: int | None = None,
    keep: str = "float32",
    shards: str = "",
    engine: Engine | str = "local",
    workers: int | None = None,
    progress: Progress = silent,
    tell: Callable[[str], None] = lambda text: None,
) -> JobStatus:
    """Begin to score codes in a folder, or go on with it: `read_scores` gives them to methods, `status` says how far.

    Row i is the code i of the seed, made by a counter-based generator, so that codes need not be kept.
    generator, scorer: such that other processes can open them: from a file, bundled, or a function of a module.
    labels, batch, shard, keep: see `shard_scores.score_job`. shards: "0:100" to do only these; others do the rest.
    engine, workers: see `engines.read_engine`. tell: what a person should know.
    Raises ValueError for what cannot be opened elsewhere, a folder of another job, and shards that are being done.
    """
    job = score_job(generator, scorer, samples, seed, labels, batch, shard, keep)
    if isinstance(engine, str):
        engine = read_engine(engine, workers, generator.device.type)
    run_job(Path(out), job, engine, parse_span(shards, job.shards) if shards else None, progress, tell)
    return job_status(Path(out))
