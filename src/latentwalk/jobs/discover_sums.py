"""Sums for decompositions of very many codes, added up by a job of shards and handed to the method."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from latentwalk.direction import Directions
from latentwalk.generator import Generator
from latentwalk.jobs.discover_samples import RUNS, Drawn
from latentwalk.jobs.engines import read_engine
from latentwalk.jobs.run_shards import run_job
from latentwalk.jobs.shard_moments import moments_job, read_moments
from latentwalk.jobs.shard_opened import generator_of
from latentwalk.kept import cache_folder
from latentwalk.methods import Method
from latentwalk.methods.decomposition import Decomposition
from latentwalk.numerics.moments import Moments
from latentwalk.numerics.sketch import Sketch
from latentwalk.pool import Engine
from latentwalk.progress import Progress, silent
from latentwalk.samples import Samples, are_counted
from latentwalk.scale.job import Job


@dataclass(frozen=True)
class Summed:
    """A decomposition whose rows are added up already: a `Method`."""

    method: Decomposition
    sums: Moments | Sketch

    def fit(self, generator: Generator, samples: Samples, progress: Progress = silent) -> Directions:
        return self.method.fit(generator, samples, progress, self.sums)


def with_sums(
    method: Method,
    generator: Generator,
    drawn: Drawn,
    space: str,
    engine: Engine | None,
    progress: Progress,
    tell: Callable[[str], None],
) -> Method:
    """The method; a decomposition that reads more than 20,000 codes with their sums, which a job adds up.

    Where no other process can open the generator, the method reads the same codes itself.
    Raises ValueError for what the method cannot read, and what `run_job` raises.
    """
    if not isinstance(method, Decomposition):
        return method
    job = _job(method, generator, drawn, space)
    if job is None:
        return method
    folder = cache_folder() / RUNS / job.name
    tell(f"{job.rows:,} codes are read in {folder}: the same command goes on where it was stopped")
    run_job(folder, job, engine or read_engine(device=job.device), None, progress, tell)
    return Summed(method, read_moments(folder))


def _job(method: Decomposition, generator: Generator, drawn: Drawn, space: str) -> Job | None:
    """The job that reads what the method would read; None where it reads little, or no job gives the same."""
    count, seed = (drawn.count, drawn.seed) if method.codes is None else (method.codes, method.seed)
    if not are_counted(count) or (method.codes is None and method.layer is None):  # codes that are there add up at once
        return None
    latents, turns = drawn.samples(space).latents, drawn.labels
    if method.codes is None and len(latents) < count:  # pictures of some failed
        return None
    if method.codes is not None and turns is not None and len(latents) % len(turns):  # classes come in another order
        return None
    columns = method.columns_of(generator, latents)
    try:
        where = method.space_of(generator, latents)
        job = moments_job(generator, count, seed, where, method.layer, columns, method.seed, turns)
        generator_of(job, Path.cwd())
    except ValueError:
        return None
    return job
