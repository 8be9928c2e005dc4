"""One shard of a job: what every worker does, whoever started it. A pure function of the job and a number.

A worker opens the job once (`open_work`) and then makes shards: the kind of the job makes the rows, and what is the
same for all kinds is here: whose network it is, memory that ends, the file.
"""

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

import torch

from latentwalk.jobs import shard_inversions, shard_moments, shard_scores, shard_sweeps
from latentwalk.jobs.shard_opened import Made, MakeRows
from latentwalk.pool import Done, RunShard
from latentwalk.scale.job import Job, read_job
from latentwalk.scale.shard import write_shard
from latentwalk.version import VERSION

KINDS: dict[str, Callable[[Job, Path], MakeRows]] = {
    "moments": shard_moments.open_rows,
    "score": shard_scores.open_rows,
    "invert": shard_inversions.open_rows,
    "evaluate": shard_sweeps.open_rows,
}
"""What can be done with rows: each opens what it needs and gives what makes the rows of a shard, so many at once."""


def open_work(folder: Path) -> RunShard:
    """What makes the shards of a job.

    Raises ValueError for networks that are not there, or are others by now, and for a job of another version.
    """
    job = read_job(folder)
    if job.latentwalk != VERSION:
        raise ValueError(f"the job was started with latentwalk {job.latentwalk}, this is {VERSION}: install that one")
    make = open_rows(job, folder)
    return lambda shard: make_shard(make, job, folder, shard)


def open_rows(job: Job, beside: Path) -> MakeRows:
    """What makes the rows of a job. beside: the folder where paths in it are looked for.

    Raises ValueError for networks that are not there, or are others by now, and for a kind that nobody knows.
    """
    if job.kind not in KINDS:
        raise ValueError(f"no kind of jobs {job.kind!r}: expected {', '.join(KINDS)}")
    _deterministic()
    return KINDS[job.kind](job, beside)


def make_shard(make: MakeRows, job: Job, folder: Path, shard: int, batch: int | None = None) -> Done:
    """Make the rows of a shard and write its file. batch: rows at once, as the job says if None.

    Raises MemoryError when it does not last for half of that either, NoSpace when the disk is full.
    """
    started = time.perf_counter()
    made, batch = make_rows(make, job, shard, batch)
    facts = {
        "job": job.name,
        "rows": len(job.rows_of(shard)),
        "batch": batch,
        "failed": len(made.failed),
        "reasons": {str(row): why for row, why in sorted(made.failed.items())},
    }
    sum_, size = write_shard(folder, shard, made.tensors, facts)
    return Done(
        shard=shard,
        sum=sum_,
        bytes=size,
        rows=facts["rows"],
        failed=facts["failed"],
        seconds=round(time.perf_counter() - started, 3),
        batch=batch,
        where=f"{socket.gethostname()}:{os.getpid()}",
    )


def make_rows(make: MakeRows, job: Job, shard: int, batch: int | None = None) -> tuple[Made, int]:
    """The rows of a shard, and how many were made at once: the half where memory did not last.

    Raises MemoryError when it does not last for that either.
    """
    rows, batch = job.rows_of(shard), batch or job.batch
    half = max(1, batch // 2)
    try:
        return make(rows, batch), batch
    except (MemoryError, RuntimeError) as error:
        if not _no_memory(error):
            raise
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    try:
        return make(rows, half), half
    except (MemoryError, RuntimeError) as error:
        if not _no_memory(error):
            raise
        raise MemoryError(
            f"no memory for {half} rows at once: take fewer --workers, or start the job again in another folder with "
            "a smaller --batch"
        ) from error


NO_MEMORY = ("can't allocate memory", "out of memory", "alloc_failed", "std::bad_alloc", "cannot allocate memory")
"""What those who allocate say, in small letters: torch on a CPU, CUDA and MPS, cuDNN and cuBLAS, C++, the system."""


def _no_memory(error: Exception) -> bool:
    text = str(error).lower()
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or any(words in text for words in NO_MEMORY)


def _deterministic() -> None:
    """The same numbers on the same kind of machine, and no shorter ones than were asked for."""
    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
