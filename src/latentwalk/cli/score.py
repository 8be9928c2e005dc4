"""`latentwalk score`: score any number of codes, in a folder that survives whatever happens."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from latentwalk.bundled import check_scorer
from latentwalk.cli.console import say_facts, say_json, say_next, working
from latentwalk.cli.engine_options import EngineOptions, PieceOptions, going_on, status_facts
from latentwalk.cli.errors import remark
from latentwalk.cli.options import (
    OUTPUT,
    GeneratorName,
    Json,
    PictureOptions,
    ScorerName,
    check_generator,
    classes_of,
    load_generator,
)
from latentwalk.cli.status import status_data


@dataclass(frozen=True)
class ScoreOptions:
    """What is scored."""

    samples: Annotated[int, typer.Option(metavar="N", min=1, help="How many codes.")] = 500_000
    scorer: ScorerName = None
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Seed of the codes.")] = 0
    keep: Annotated[
        str, typer.Option(metavar="TYPE", help="How scores are kept: float32, or float16 for half the space.")
    ] = "float32"


@dataclass(frozen=True)
class ScoreOutput:
    """Where they go."""

    out: Annotated[
        Path,
        typer.Option(
            metavar="FOLDER", help="The folder of the job. One that is there is gone on with.", rich_help_panel=OUTPUT
        ),
    ]
    as_json: Json = False


def score(
    generator: GeneratorName,
    what: ScoreOptions,
    look: PictureOptions,
    engine: EngineOptions,
    pieces: PieceOptions,
    output: ScoreOutput,
) -> None:
    """Score any number of codes, by any number of workers, killed at any moment.

    The folder holds one small file per shard. The same line again goes on where it
    stopped, here or on another machine, and the result is the same bytes however often
    that was. Learn directions from it with latentwalk discover --samples FOLDER.

    \bExamples:
      latentwalk score faces64 --samples 100000 --out runs/s1
      latentwalk score my_model.pkl --scorer measurements --samples 1000000 --out runs/s2 --workers 8
      latentwalk score faces64 --samples 100000 --out runs/s1 --shards 0:50
      latentwalk score faces64 --samples 100000 --out runs/s1 --engine ray://head:10001
    """
    check_generator(generator)
    if what.scorer:
        check_scorer(what.scorer)
    with working(f"loading {generator}", output.as_json, lines=True) as progress:
        from latentwalk.jobs.load import load_scorer, scorer_of
        from latentwalk.jobs.score_many import score_many

        chosen = engine.read(look.device)
        made = load_generator(generator, look, progress)
        name = scorer_of(made, what.scorer)
        if name is None:
            raise ValueError(f"no scorer comes with {generator}: name one with --scorer, such as measurements")
        with going_on(output.out):
            status = score_many(
                made,
                load_scorer(name, look.device, made),
                what.samples,
                output.out,
                seed=what.seed,
                labels=classes_of(made, look.classes),
                batch=pieces.batch,
                shard=pieces.shard,
                keep=what.keep,
                shards=pieces.shards or "",
                engine=chosen,
                progress=progress,
                tell=remark,
            )
    if output.as_json:
        say_json(status_data(status))
        return
    say_facts(str(output.out), status_facts(status))
    if status.digest and status.job.scorer:
        say_next("discover", generator, "--samples", output.out)
