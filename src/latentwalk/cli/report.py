"""`latentwalk report`: one page that compares directions, with pictures, matrices, costs and commands."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from latentwalk.cli.console import say_files, say_json, working
from latentwalk.cli.engine_options import EngineOptions
from latentwalk.cli.evaluate import Files, JudgingOptions, Update, judged, say_evaluation, write_back
from latentwalk.cli.invocation import TYPED
from latentwalk.cli.options import OUTPUT, Force, Json
from latentwalk.cli.outputs import check_ending, outputs

SHOWN = 2
"""Codes whose pictures the page shows, with the seeds 0 and 1."""


@dataclass(frozen=True)
class PageOutput:
    """The page."""

    out: Annotated[
        Path, typer.Option(metavar="FILE", help="The page, .html; .md and .json go beside it.", rich_help_panel=OUTPUT)
    ] = Path("out/directions.html")
    update: Update = False
    force: Force = False
    as_json: Json = False


def report(files: Files, judging: JudgingOptions, engine: EngineOptions, output: PageOutput) -> None:
    """Compare directions on one page: which is best for what, and how much it leaks.

    Evaluates like latentwalk evaluate, and writes one HTML file that needs no
    network, with the same as Markdown and JSON beside it.

    \bExamples:
      latentwalk report out/directions/*.safetensors
      latentwalk report regression.safetensors old_boundary.npy --codes 300
      latentwalk report mine.safetensors --judge my.module:tell --out out/mine.html
    """
    out = check_ending(output.out, ".html")
    judging.check(files)
    written = [out, out.with_suffix(".md"), out.with_suffix(".json")]
    with outputs(written, output.force, out), working("loading", output.as_json) as progress:
        from latentwalk.jobs.report import save_report

        whole = judged(files, judging, engine, progress)
        made, found, result, labels = whole
        shown = made.sample(
            range(SHOWN), None if labels is None else [int(labels[i % len(labels)]) for i in range(SHOWN)]
        )
        commands = [directions.origin.command() for directions, _ in found]
        commands.append(shlex.join(["latentwalk", *TYPED.get()]))
        save_report(result, made, found, shown, output.out, commands, progress)
        if output.update:
            write_back(files, whole)
    if output.as_json:
        say_json(result.model_dump(mode="json"))
        return
    say_evaluation(result)
    say_files(written)
