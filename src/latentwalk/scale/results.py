"""What a job that is done holds, shard by shard in order, each checked by its sum."""

from collections.abc import Iterator
from pathlib import Path

from latentwalk.scale.job import Job, read_job
from latentwalk.scale.manifest import Entry, entries
from latentwalk.scale.shard import Shard, read_shard, shard_file


def shards_of(folder: Path, kind: str = "") -> tuple[Job, Iterator[tuple[Shard, range]]]:
    """The job, and its shards with their rows, read one after the other.

    kind: that the job must be of. Raises ValueError for a folder that is no job, or not done; and while it is read, for
    a shard that is not what was written.
    """
    job = read_job(folder)
    if kind and job.kind != kind:
        raise ValueError(f"{folder} holds a job of the kind {job.kind!r}: expected {kind!r}")
    known = entries(folder)
    missing = [shard for shard in range(job.shards) if shard not in known]
    if missing:
        raise ValueError(
            f"{folder} has {job.shards - len(missing):,} of {job.shards:,} shards: give the command that started it "
            "again to go on"
        )
    return job, _read(folder, job, known)


def _read(folder: Path, job: Job, known: dict[int, Entry]) -> Iterator[tuple[Shard, range]]:
    for number in range(job.shards):
        path = shard_file(folder, number)
        try:
            yield read_shard(path, known[number].sum), job.rows_of(number)
        except ValueError as error:
            raise ValueError(f"{error}: give the command that started the job again, it is redone alone") from None
