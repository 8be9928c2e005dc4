"""`latentwalk report`: one page that compares directions, with pictures, matrices, costs and commands."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from latentwalk.cli.console import say_files, say_json, working
from latentwalk.cli.evaluate import (
    Files,
    ForceGenerator,
    HeldOut,
    HeldOutSeed,
    JudgeName,
    Look,
    LookAt,
    Of,
    StrengthCount,
    Update,
    judged,
    say_evaluation,
    write_back,
)
from latentwalk.cli.invocation import TYPED
from latentwalk.cli.options import OUTPUT, Classes, Device, Force, Json
from latentwalk.cli.outputs import check_ending, outputs
from latentwalk.seeds import format_seeds

if TYPE_CHECKING:
    from latentwalk.direction import Directions

SHOWN = 2
"""Codes whose pictures the page shows, with the seeds 0 and 1."""


def report(
    files: Files,
    generator: Of = None,
    judge: JudgeName = None,
    codes: HeldOut = 1000,
    strengths: StrengthCount = 9,
    seed: HeldOutSeed = None,
    features: LookAt = Look.judge,
    classes: Classes = None,
    device: Device = "cpu",
    force_generator: ForceGenerator = False,
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="The page, .html; .md and .json go beside it.", rich_help_panel=OUTPUT)
    ] = Path("out/directions.html"),
    update: Update = False,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Compare directions on one page: which is best for what, and how much it leaks.

    Evaluates like latentwalk evaluate, and writes one HTML file that needs no
    network, with the same as Markdown and JSON beside it.

    \bExamples:
      latentwalk report out/directions/*.safetensors
      latentwalk report regression.safetensors old_boundary.npy --codes 300
      latentwalk report mine.safetensors --judge my.module:tell --out out/mine.html
    """
    from latentwalk.jobs.report import save_report

    check_ending(out, ".html")
    written = [out, out.with_suffix(".md"), out.with_suffix(".json")]
    with working("loading", as_json) as progress, outputs(written, force):
        whole = judged(
            files, generator, judge, codes, strengths, seed, features, classes, device, force_generator, progress
        )
        made, found, result, labels = whole
        shown = made.sample(
            range(SHOWN), None if labels is None else [int(labels[i % len(labels)]) for i in range(SHOWN)]
        )
        commands = [*(discovered(directions) for directions, _ in found), shlex.join(["latentwalk", *TYPED.get()])]
        save_report(result, made, found, shown, out, commands, progress)
        if update:
            write_back(files, whole)
    if as_json:
        say_json(result.model_dump(mode="json"))
        return
    say_evaluation(result)
    say_files(written)


def discovered(found: "Directions") -> str:
    """The command that finds directions again, from what their file says."""
    source = found.source
    method = str(source.get("method", ""))
    if "options" not in source:
        return f"# {method or 'directions'}: not found with latentwalk discover"
    parts = ["latentwalk", "discover", str(source.get("generator_source", "GENERATOR")), "--method", method]
    named = source.get("scorer") or source.get("names", {}).get("scorer")
    options: dict[str, Any] = {"scorer": named, **{name: source.get(name) for name in ("samples", "space", "seed")}}
    truncation = source.get("drawing", {}).get("truncation", 1)
    options["truncation"] = truncation if truncation != 1 else None
    options["class"] = format_seeds(source["classes"]) if source.get("classes") else None
    options["labels"] = "LABELS.csv" if source.get("cost", {}).get("labels") else None
    for name, value in options.items():
        parts += [] if value in (None, "") else [f"--{name}", str(value)]
    for name in source.get("attributes", ()):
        parts += ["--attribute", name]
    for key, value in source["options"].items():
        parts += ["--option", f"{method}.{key}={value}"]
    return shlex.join(parts)
