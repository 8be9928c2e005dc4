"""The sweeps of an evaluation: recorded here, or by a job of shards where there are many codes or workers are named."""

from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor

from latentwalk.direction import Direction
from latentwalk.jobs.discover_samples import RUNS
from latentwalk.jobs.engines import read_engine
from latentwalk.jobs.run_shards import run_job
from latentwalk.jobs.shard_opened import generator_of, scorer_of
from latentwalk.jobs.shard_scores import good_codes
from latentwalk.jobs.shard_sweeps import held_out, lay_out, read_sweeps, sweeps_job
from latentwalk.kept import cache_folder
from latentwalk.metrics.record import Recorder
from latentwalk.pool import Engine
from latentwalk.samples import are_counted
from latentwalk.scale.job import Job
from latentwalk.sweep import Sweep

MOST = 10 * 10**9
"""Bytes that the sweeps of an evaluation may take, where they are compared."""


def recorded(
    recorder: Recorder,
    directions: Mapping[str, Direction],
    codes: int,
    seed: int,
    labels: Tensor | None,
    close: int,
    features: str,
    engine: Engine | None,
    tell: Callable[[str], None],
) -> list[Sweep]:
    """One sweep per direction over the held-out codes of a seed, the same ones whoever records them.

    engine: who records them; None for this process up to 20,000 codes, and for the processes of this machine above.
    Where no other process can open generator and judge, it is this one.
    Raises ValueError for more codes than fit in memory, and what `run_job` raises.
    """
    if are_counted(codes):
        check_room(codes, len(directions), len(recorder.strengths), len(recorder.judge.attributes))
    job = None
    if engine is not None or are_counted(codes):
        job = _openable(recorder, directions, codes, seed, labels, close, features)
    if job is None:
        return _here(recorder, list(directions.values()), codes, seed, labels, close)
    folder = (cache_folder() / RUNS / job.name).resolve()
    tell(f"{codes:,} codes are looked at in {folder}: the same command goes on where it was stopped")
    lay_out(job, folder, directions)
    run_job(folder, job, engine or read_engine(device=job.device), None, recorder.progress, tell)
    return list(read_sweeps(folder).values())


def check_room(codes: int, directions: int, strengths: int, attributes: int) -> None:
    """Raises ValueError for more codes than can be compared in ten gigabytes.

    A code takes 16 kB for its weight in a thousand resamples and a copy of that; and in each direction 2 kB for
    embeddings, its logits, and their changes before and after it is known which one is meant.
    """
    each = 16_000 + directions * (2_000 + 3 * 4 * strengths * attributes)
    if codes * each > MOST:
        raise ValueError(
            f"{codes:,} codes along {directions} directions take {codes * each / 1e9:,.0f} GB where they are compared, "
            f"more than {MOST / 1e9:.0f}: take {MOST // each:,} codes at most (--codes), or fewer directions at once"
        )


def _here(
    recorder: Recorder, directions: list[Direction], codes: int, seed: int, labels: Tensor | None, close: int
) -> list[Sweep]:
    """In one piece, in this process."""
    generator = recorder.generator
    if are_counted(codes):  # block by block: making codes takes ten times their memory
        every = good_codes(generator, seed, torch.ones(2 * codes, dtype=torch.bool), labels)
    else:
        every = held_out(generator, seed, codes, 0, 2 * codes, labels)
    return recorder.record(directions, every[:codes], every[codes:], close, seed)


def _openable(
    recorder: Recorder,
    directions: Mapping[str, Direction],
    codes: int,
    seed: int,
    labels: Tensor | None,
    close: int,
    features: str,
) -> Job | None:
    """The job that other processes can do; None where they cannot open the same generator and judge."""
    here = Path.cwd()
    try:
        job = sweeps_job(
            recorder.generator, recorder.judge, directions, codes, recorder.strengths, seed, labels, close, features
        )
        scorer_of(job, here, generator_of(job, here))
    except ValueError:
        return None
    return job
