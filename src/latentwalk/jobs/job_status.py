"""How far a job is: rows, rate, what failed and why, who is at work, and what the rest will cost."""

import time
from dataclasses import dataclass, field
from pathlib import Path

from latentwalk.scale.claims import at_work
from latentwalk.scale.job import Job, read_job
from latentwalk.scale.manifest import Entry, digest, entries
from latentwalk.scale.shard import read_shard, shard_file

RECENT = 600.0
"""Seconds of the past that the rate is measured over."""


@dataclass(frozen=True)
class JobStatus:
    """What the ledger of a job says.

    shards, rows, failed: done. reasons: how many rows failed for each. rate: rows per second of all workers together in
    the last ten minutes; None when nothing came. worker_seconds: that the shards took, all together. worker_left: that
    the others will take, by the same measure. at_work: who does shards now. digest: of the result, once it is whole.
    bytes: on the disk so far.
    """

    job: Job
    shards: int
    rows: int
    failed: int
    bytes: int
    rate: float | None
    worker_seconds: float
    worker_left: float | None
    at_work: list[str]
    digest: str | None
    reasons: dict[str, int] = field(default_factory=dict)

    @property
    def seconds_left(self) -> float | None:
        return None if not self.rate else (self.job.rows - self.rows) / self.rate


def job_status(folder: Path) -> JobStatus:
    """Raises ValueError for a folder that is no job."""
    job = read_job(folder)
    known = [entry for entry in entries(folder).values() if 0 <= entry.shard < job.shards]
    rows = sum(entry.rows for entry in known)
    timed = [entry for entry in known if entry.seconds > 0]
    seconds, measured = sum(entry.seconds for entry in timed), sum(entry.rows for entry in timed)
    return JobStatus(
        job=job,
        shards=len(known),
        rows=rows,
        failed=sum(entry.failed for entry in known),
        bytes=sum(entry.bytes for entry in known),
        rate=_rate(known),
        worker_seconds=seconds,
        worker_left=(job.rows - rows) * seconds / measured if measured else None,
        at_work=at_work(folder),
        digest=digest(known) if len(known) == job.shards else None,
        reasons=_reasons(folder, known),
    )


def _rate(known: list[Entry]) -> float | None:
    """Rows per second since the first of the shards that ended lately began."""
    now = time.time()
    recent = [entry for entry in known if now - entry.ended < RECENT]
    if not recent:
        return None
    began = min(entry.ended - entry.seconds for entry in recent)
    return sum(entry.rows for entry in recent) / max(now - began, 1e-3)


def _reasons(folder: Path, known: list[Entry]) -> dict[str, int]:
    counted: dict[str, int] = {}
    for entry in known:
        if entry.failed:
            try:
                reasons = read_shard(shard_file(folder, entry.shard)).facts["reasons"]
            except ValueError as error:
                reasons = {"": str(error)}
            for why in reasons.values():
                counted[why] = counted.get(why, 0) + 1
    return counted
