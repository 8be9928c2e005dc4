"""Options for jobs that are folders of shards: who works on them, and in which pieces."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentwalk.cli.errors import remark

if TYPE_CHECKING:
    from latentwalk.jobs.job_status import JobStatus
    from latentwalk.pool import Engine

WORK = "Workers"
"""Panel of the help that says who does a job."""

JobFolder = Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder of a job, such as runs/s1.")]


@dataclass(frozen=True)
class EngineOptions:
    """Who does the shards of a job."""

    engine: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="local (processes of this machine), ray (needs latentwalk[ray]), or ray://host:port of a cluster.",
            rich_help_panel=WORK,
        ),
    ] = "local"
    workers: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="Workers at once, one thread each. Default: one per core; one where a GPU works.",
            rich_help_panel=WORK,
            show_default=False,
        ),
    ] = None
    gpus: Annotated[
        float,
        typer.Option(
            metavar="SHARE",
            min=0.01,
            help="GPUs that each worker of ray takes; 0.5 puts two on one.",
            rich_help_panel=WORK,
        ),
    ] = 1.0

    @property
    def named(self) -> bool:
        """Whether somebody says who is to work."""
        return self.engine != "local" or self.workers is not None

    def read(self, device: str) -> "Engine":
        """The engine. Raises ValueError for one that is not there."""
        from latentwalk.jobs.engines import read_engine, usual_workers

        if device == "cpu" and self.engine == "local" and (self.workers or 0) > usual_workers():
            remark(f"{self.workers} workers share {usual_workers()} cores")
        return read_engine(self.engine, self.workers, device, self.gpus, remark)


@dataclass(frozen=True)
class PieceOptions:
    """In which pieces a job is done."""

    shards: Annotated[
        str | None,
        typer.Option(
            metavar="FIRST:END",
            help="Do only these shards, such as 0:100; other machines that see the folder do the rest. Default: all.",
            rich_help_panel=WORK,
            show_default=False,
        ),
    ] = None
    shard: Annotated[
        int | None,
        typer.Option(
            "--shard-size",
            metavar="N",
            min=1,
            help="Codes or photographs in one file, which is what a worker that dies has to do again. Default: 1024 "
            "codes, more in jobs of more than ten million; 32 photographs.",
            rich_help_panel=WORK,
            show_default=False,
        ),
    ] = None
    batch: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="Pictures at once. Default: 64 of 64 px, fewer of larger ones; 32 photographs.",
            rich_help_panel=WORK,
            show_default=False,
        ),
    ] = None


@contextmanager
def going_on(folder: Path) -> Iterator[None]:
    """The block does shards of a job. Ctrl-C in it says how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"what is done is kept in {folder}, the same line again goes on with it") from None


def status_facts(status: "JobStatus") -> dict[str, str]:
    """How far a job is, as lines for people."""
    from latentwalk.progress import clock, rate

    job = status.job
    facts = {
        "job": f"{job.kind}, {job.rows:,} rows in {job.shards:,} shards of {job.shard:,}, seed {job.seed}",
        "generator": f"{job.generator.source} ({job.generator.fingerprint}), {job.dtype} on {job.device}",
    }
    if job.scorer:
        mark = job.scorer.fingerprint or "no fingerprint"
        by = " of its module's source" if ":" in job.scorer.source else ""
        facts["scorer"] = f"{job.scorer.source} ({mark}{by}), {len(job.attributes)} attributes"
    facts["done"] = f"{status.rows:,} of {job.rows:,} rows ({status.rows / job.rows:.1%}), {size(status.bytes)}"
    facts["failed"] = f"{status.failed:,}" + "".join(f"; {n:,} {why}" for why, n in status.reasons.items())
    if status.rate and status.digest is None and status.at_work:
        facts["rate"] = f"{rate(status.rate)}, {clock(status.seconds_left)} left"
    facts["worked"] = f"{clock(status.worker_seconds)} of one worker"
    if status.worker_left and status.digest is None:
        facts["worked"] += f", about {clock(status.worker_left)} left"
    facts["at work"] = "; ".join(status.at_work) or "nobody"
    if status.digest:
        facts["digest"] = status.digest
    return facts


def size(count: float) -> str:
    """Bytes as people read them."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
