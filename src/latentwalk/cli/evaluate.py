"""`latentwalk evaluate`: what directions do, how much they leak, and which is the best for each attribute."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from latentwalk.cli.console import number, say, say_files, say_json, say_table, working
from latentwalk.cli.engine_options import EngineOptions
from latentwalk.cli.errors import remark
from latentwalk.cli.file_options import FileOptions
from latentwalk.cli.options import (
    OUTPUT,
    Classes,
    Device,
    DirectionSpace,
    Force,
    Json,
    check_file,
    check_generator,
    classes_of,
)
from latentwalk.cli.outputs import check_ending, outputs

if TYPE_CHECKING:
    from torch import Tensor

    from latentwalk.direction import Directions
    from latentwalk.evaluation import Comparison, DirectionResult, Estimate, Evaluation
    from latentwalk.generator import Generator
    from latentwalk.options import RenderOptions
    from latentwalk.progress import Progress
    from latentwalk.scores import Scorer


Files = Annotated[
    list[Path],
    typer.Argument(metavar="FILES...", help="Files of directions: those of latentwalk discover, or .npy, .npz, .pt."),
]


class Look(StrEnum):
    """What identity and quality look at."""

    judge = "judge"
    imagenet = "imagenet"
    inception = "inception"
    pixels = "pixels"


@dataclass(frozen=True)
class JudgingOptions(FileOptions):
    """Of what, by whom and on how many codes directions are judged."""

    generator: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The generator. Default: the one that the files name.", show_default=False),
    ] = None
    judge: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="A scorer that the directions were not fitted on. Default: the one that comes with the generator, "
            "else measurements-judge.",
            show_default=False,
        ),
    ] = None
    codes: Annotated[int, typer.Option(metavar="N", min=2, max=10**6, help="How many held-out codes to sample.")] = 1000
    strengths: Annotated[
        int,
        typer.Option(
            metavar="N", min=3, max=101, help="How many strengths to render, odd: 9 goes from -3 to 3 units in 0.75."
        ),
    ] = 9
    seed: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            help="Seed of the held-out codes. Default: one that nothing was fitted with.",
            show_default=False,
        ),
    ] = None
    features: Annotated[
        Look,
        typer.Option(
            help="What likeness and quality are measured on: the judge's layers, ImageNet's (needs "
            "latentwalk[features]), Inception's (needs torchvision's weights on this machine), or pixels.",
        ),
    ] = Look.judge
    direction_space: DirectionSpace = None
    classes: Classes = None
    device: Device = "cpu"
    force_generator: Annotated[
        bool,
        typer.Option(
            "--force-generator", help="Also take directions that were found on another generator, if they fit."
        ),
    ] = False

    def check(self, files: "Sequence[Path]") -> None:
        """Raises ValueError, before anything is loaded, for files and names that are not there."""
        from latentwalk.bundled import check_scorer, find_directions

        for file in files:
            check_file(find_directions(file), "a file of directions")
        if self.generator:
            check_generator(self.generator)
        if self.judge:
            check_scorer(self.judge)


Update = Annotated[
    bool,
    typer.Option(
        "--update", help="Also write ranges and figures into the files of directions.", rich_help_panel=OUTPUT
    ),
]


@dataclass(frozen=True)
class EvaluationOutput:
    """The figures."""

    out: Annotated[Path, typer.Option(metavar="FILE", help="All that was measured, .json.", rich_help_panel=OUTPUT)] = (
        Path("out/evaluation.json")
    )
    update: Update = False
    force: Force = False
    as_json: Json = False


class Judged(NamedTuple):
    """Directions and what was measured of them."""

    generator: "Generator"
    found: "list[tuple[Directions, str]]"
    result: "Evaluation"
    labels: "Tensor | None"


def evaluate(files: Files, judging: JudgingOptions, engine: EngineOptions, output: EvaluationOutput) -> None:
    """Judge directions on codes that they were not fitted to.

    Renders the same codes at every strength of every direction, and measures
    what changes: the attribute that is meant, all others, and the rest.
    Directions of one attribute are compared where they change it alike. More
    than 20,000 codes are looked at shard by shard: the same line again goes on
    where it was stopped.

    \bExamples:
      latentwalk evaluate out/directions/svm.safetensors
      latentwalk evaluate svm.safetensors sefa.safetensors --codes 500
      latentwalk evaluate d.safetensors --generator my.pkl --judge my.module:tell
      latentwalk evaluate d.safetensors --codes 100000 --workers 8
    """
    out = check_ending(output.out, ".json")
    judging.check(files)
    with outputs([out], output.force, out), working("loading", output.as_json) as progress:
        found = judged(files, judging, engine, progress)
        result = found.result
        result.save(out)
        if output.update:
            write_back(files, found)
    if output.as_json:
        say_json(result.model_dump(mode="json"))
        return
    say_evaluation(result)
    say_files([out])


def judged(files: "Sequence[Path]", given: JudgingOptions, engine: EngineOptions, progress: "Progress") -> Judged:
    """The directions of all files, judged together. Raises ValueError for what cannot be read or judged."""
    from latentwalk.jobs.directions import named_generator, read_directions
    from latentwalk.jobs.evaluate import evaluate as judge_directions
    from latentwalk.jobs.load import load
    from latentwalk.samples import are_counted

    name, choices = (given.generator, given.choices) if given.generator else named_generator(files)
    made = load(name, given.device, progress=progress, **(given.choices or choices).given)
    found = [read_directions(file, made, given.direction_space, given.force_generator, remark) for file in files]
    made = made.with_options(**asdict(recorded_drawing(found)))
    labels = classes_of(made, given.classes)
    with_files = list(zip(found, map(str, files), strict=True))
    result = judge_directions(
        made,
        with_files,
        load_judge(made, given.judge, given.device),
        given.codes,
        given.strengths,
        given.seed,
        labels=labels,
        features=given.features.value,
        force=given.force_generator,
        engine=engine.read(given.device) if engine.named or are_counted(given.codes) else None,
        progress=progress,
        tell=remark,
    )
    return Judged(made, with_files, result, labels)


def write_back(files: "Sequence[Path]", judged: Judged) -> None:
    """What was measured, into the files of directions that are ours."""
    from latentwalk.jobs.directions import is_ours
    from latentwalk.jobs.evaluate import with_evaluation

    kept = with_evaluation(judged.found, judged.result)
    for file, directions in zip(files, kept, strict=True):
        if is_ours(file) and file.is_file():  # what comes with the package stays as it is
            directions.save(file)


def recorded_drawing(found: "Sequence[Directions]") -> "RenderOptions":
    """The options of pictures that directions were found with. Raises ValueError when they differ."""
    from latentwalk.options import RenderOptions

    given = [directions.origin.drawing for directions in found if directions.origin.drawing is not None]
    if any(drawing != given[0] for drawing in given):
        raise ValueError("the files were found with different truncation, cutoff or noise: judge them one by one")
    return given[0] if given else RenderOptions()


def load_judge(generator: "Generator", judge: str | None, device: str) -> "Scorer":
    """The judge: the one that was named, else the one that comes with the generator, else what can be measured."""
    from latentwalk.bundled import MEASUREMENTS, SCORERS
    from latentwalk.jobs.load import load_scorer

    own = f"{generator.source}-judge"
    return load_scorer(judge or (own if own in SCORERS else MEASUREMENTS[1]), device, generator)


def say_evaluation(result: "Evaluation") -> None:
    """A row per direction, then for every attribute which direction leaks least."""
    headers = ("direction", "changes", ">per unit", ">off/on", ">crosses", ">monotonic", ">identity", "works")
    say_table(headers, [row(direction) for direction in result.directions])
    say(
        f"on {result.codes:,} held-out codes, judged by {result.judge.source or 'the judge'}. per unit: standard "
        "deviations of the logit",
        "dim",
    )
    say("off/on: leakage, what others change over what it changes; crosses: codes that end on the other side", "dim")
    say_disagreements(result)
    for comparison in result.comparisons:
        if len(comparison.ranking) > 1:
            say_comparison(result, comparison)


def say_disagreements(result: "Evaluation") -> None:
    """Directions whose names promise something else than the judge sees, a line for each."""
    for direction in result.directions:
        if direction.disagreement:
            say(f"! {direction.key}: the judge sees {direction.disagreement}, not what its name says", "yellow")


def say_comparison(result: "Evaluation", comparison: "Comparison") -> None:
    say()
    say(f"{comparison.attribute}, all at a change of {comparison.change:.2f}", "bold")
    rows = []
    for ranked in comparison.ranking:
        figures = (number(ranked.strength, 2), spoken(ranked.off), spoken(ranked.off_max), number(ranked.identity, 2))
        behind = "best" if ranked.reached and ranked.behind is None else spoken(ranked.behind, sign="+")
        mark = " !" if result[ranked.key].disagreement else ""
        rows.append((ranked.key + mark, *figures, behind if ranked.reached else "does not get there"))
    say_table(("direction", ">strength", ">off", ">worst off", ">identity", "behind the best"), rows)


def row(direction: "DirectionResult") -> tuple[str, ...]:
    figures = {name: None if found is None else found.value for name, found in direction.metrics.items()}
    changes = direction.attribute or "nothing measurable"
    if direction.matched == "measured":
        changes = f"{'less' if direction.sign < 0 else 'more'} {changes}"
    low, high = direction.range
    success = figures["success"]
    return (
        direction.key + (" !" if direction.disagreement else ""),
        changes,
        number(figures["effect"], 2),
        number(direction.leakage, 2),
        "-" if success is None else f"{success:.0%}",
        number(figures["monotonicity"], 2),
        number(figures["identity"], 2),
        f"{low:g} to {high:g}",
    )


def spoken(found: "Estimate | None", sign: str = "") -> str:
    """A figure and its interval."""
    if found is None:
        return "-"
    text = f"{found.value:{sign}.2f}"
    return text if found.low is None else f"{text} ({found.low:{sign}.2f} to {found.high:{sign}.2f})"
