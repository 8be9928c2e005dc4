"""Do what is left of a job: claim its shards, find those that are missing or damaged, and hand them to an engine."""

import math
from collections.abc import Callable
from pathlib import Path

from latentwalk.jobs.shard_work import open_work
from latentwalk.pool import Engine
from latentwalk.progress import Progress, silent
from latentwalk.scale.claims import claimed
from latentwalk.scale.job import Job
from latentwalk.scale.manifest import append, check_shards, entries
from latentwalk.scale.shard import FOLDER, remove_remains, shard_file


def run_job(
    folder: Path,
    job: Job,
    engine: Engine,
    span: range | None = None,
    progress: Progress = silent,
    tell: Callable[[str], None] = lambda text: None,
) -> None:
    """Begin a job in a folder, or go on with it, until its shards are done.

    span: the shards to do, for others who do the rest; all if None. tell: what a person should know.
    Killed at any moment, it loses what its workers were doing, and the next call goes on from there.
    Raises ValueError for a folder of another job, shards that somebody else is doing, and more failed rows than the job
    allows; NoSpace when the disk is full.
    """
    folder = folder.resolve()
    span = range(job.shards) if span is None else span
    if not span or span.step != 1 or span.start < 0 or span.stop > job.shards:
        raise ValueError(f"this job has {job.shards:,} shards, expected a part of range(0, {job.shards}), got {span}")
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    job.write(folder)
    with claimed(folder, span):
        remove_remains(folder, span)
        known = dict(check_shards(folder, job, span))
        damaged = [s for s, entry in known.items() if entry is None and shard_file(folder, s).exists()]
        if damaged:
            more = f" and {len(damaged) - 8:,} others" if len(damaged) > 8 else ""
            tell(f"damaged, so done again: shards {', '.join(map(str, damaged[:8]))}{more}")
        failed = sum(entry.failed for entry in known.values() if entry)
        failed += sum(e.failed for e in entries(folder).values() if e.shard < job.shards and e.shard not in span)
        rows, total = sum(e.rows for e in known.values() if e), sum(len(job.rows_of(s)) for s in span)
        _check_failed(folder, job, failed)
        progress(DOING.get(job.kind, job.kind), rows, total)
        for done in engine.run(open_work, folder, [s for s, entry in known.items() if entry is None]):
            append(folder, done)
            failed, rows = failed + done.failed, rows + done.rows
            progress(DOING.get(job.kind, job.kind), rows, total)
            _check_failed(folder, job, failed)
        remove_remains(folder, span)  # of workers that outlived who started them


DOING = {
    "score": "scoring samples",
    "moments": "adding up moments",
    "invert": "inverting photographs",
    "evaluate": "rendering edits",
}
"""What is being done, for people."""


def _check_failed(folder: Path, job: Job, failed: int) -> None:
    most = math.ceil(job.most_failed * job.rows)
    if failed > most:
        raise ValueError(
            f"{failed:,} rows failed, more than {job.most_failed:.1%} of {job.rows:,}: look at latentwalk status "
            f"{folder}, which says why"
        )
