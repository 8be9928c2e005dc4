"""`latentwalk status`, `verify` and `compact`: what a folder of shards holds."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from latentwalk.cli.console import say, say_facts, say_files, say_json, working
from latentwalk.cli.engine_options import JobFolder, status_facts
from latentwalk.cli.errors import NOT_REACHED
from latentwalk.cli.options import OUTPUT, Force, Json
from latentwalk.cli.outputs import check_ending, outputs

if TYPE_CHECKING:
    from latentwalk.jobs.job_status import JobStatus

TABLES = (".safetensors", ".parquet")


def status(
    folder: JobFolder,
    price: Annotated[
        float | None,
        typer.Option(metavar="AMOUNT", min=0, help="What one worker costs per hour, to estimate what the rest costs."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say how far a job is: rows, rate, time left, what failed and why, who is at work.

    \bExamples:
      latentwalk status runs/s1
      latentwalk status runs/s1 --price 0.40
    """
    from latentwalk.jobs.job_status import job_status

    found = job_status(folder)
    if as_json:
        say_json(status_data(found))
        return
    facts = status_facts(found)
    if price is not None:
        spent, left = found.worker_seconds / 3600 * price, (found.worker_left or 0) / 3600 * price
        facts["cost"] = f"{spent:,.2f} so far, about {left:,.2f} more"
    say_facts(str(folder), facts)


def status_data(found: "JobStatus") -> Mapping[str, Any]:
    """The same as plain data."""
    return {**asdict(found), "job": found.job.model_dump(mode="json"), "seconds_left": found.seconds_left}


@dataclass(frozen=True)
class CheckOptions:
    """How much is made again."""

    share: Annotated[
        float, typer.Option(metavar="SHARE", min=0, max=1, help="Share of the shards to make again, one at least.")
    ] = 0.001
    tolerance: Annotated[
        float, typer.Option(metavar="X", min=0, help="Difference that other kinds of processors may make.")
    ] = 1e-4
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Seed of the choice of shards.")] = 0
    trust: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="The Python function that scored, package.module:function, or the address of the generator: nothing "
            "is run or fetched because a folder says so. Repeatable.",
            show_default=False,
        ),
    ] = None


def verify(folder: JobFolder, check: CheckOptions, as_json: Json = False) -> None:
    """Check the sum of every shard, and make some of them again.

    Says whether these are the same bytes, or the same within the tolerance, as on another
    kind of processor. Exit code 1 when a shard is damaged or differs by more.

    \bExamples:
      latentwalk verify runs/s1
      latentwalk verify runs/s1 --share 0.01 --seed 1
    """
    with working("checking sums", as_json) as progress:
        from latentwalk.jobs.verify_job import verify_job

        found = verify_job(folder, check.share, check.tolerance, check.seed, check.trust or (), progress)
    if as_json:
        say_json({**asdict(found), "exact": found.exact, "good": found.good})
    else:
        many = f"{len(found.checked)} of the shards made again"
        if found.exact:
            say(f"{many}: every byte is the same", "green")
        elif found.good:
            say(f"{many}: {found.same} the same bytes, the others within {found.largest:.1e}", "green")
        else:
            how = f"they differ by {found.largest:.1e}, more than {found.tolerance:g}"
            say(f"{many}: {how if found.largest > found.tolerance else 'the same'}", "red")
        if found.damaged:
            say(f"{len(found.damaged)} shards are damaged: {', '.join(map(str, found.damaged[:20]))}", "red")
            say("give the command that started the job again: these are done again, alone", "dim")
        if found.missing:
            say(f"{found.missing:,} shards are not done yet")
    if not found.good:
        raise typer.Exit(NOT_REACHED)


@dataclass(frozen=True)
class TableOutput:
    """The table."""

    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The table: .safetensors, or .parquet (needs latentwalk[parquet]). Default: FOLDER.safetensors.",
            rich_help_panel=OUTPUT,
            show_default=False,
        ),
    ] = None
    force: Force = False
    as_json: Json = False


def compact(folder: JobFolder, output: TableOutput) -> None:
    """Write the result of a job that is done as one file.

    \bExamples:
      latentwalk compact runs/s1
      latentwalk compact runs/s1 --out scores.parquet
    """
    path = check_ending(output.out or folder.with_name(f"{folder.resolve().name}.safetensors"), *TABLES)
    with outputs([path], output.force, path), working("reading shards", output.as_json):
        from latentwalk.jobs.compact_job import compact_job

        compact_job(folder, path)
    if output.as_json:
        say_json({"files": [path]})
        return
    say_files([path])
