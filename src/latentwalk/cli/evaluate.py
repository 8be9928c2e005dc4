"""`latentwalk evaluate`: what directions do, what they drag along, and which is the best for each attribute."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentwalk.cli.console import number, say, say_files, say_json, say_table, working
from latentwalk.cli.options import DRAWING, OUTPUT, Device, Force, Json
from latentwalk.cli.outputs import check_ending, outputs

if TYPE_CHECKING:
    from torch import Tensor

    from latentwalk.directions import Directions
    from latentwalk.evaluation import Comparison, DirectionResult, Estimate, Evaluation
    from latentwalk.generator import Generator
    from latentwalk.scores import Scorer


class Features(StrEnum):
    judge = "judge"
    imagenet = "imagenet"
    pixels = "pixels"


def evaluate(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILES...", help="Files of directions, as discover writes them.")
    ],
    generator: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Default: the one that the files name.", show_default=False),
    ] = None,
    judge: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="A scorer that the directions were not fitted on. Default: the one that comes with the generator.",
            show_default=False,
        ),
    ] = None,
    codes: Annotated[int, typer.Option(metavar="N", min=2, max=20_000, help="Held-out codes to draw.")] = 1000,
    strengths: Annotated[
        int, typer.Option(metavar="N", min=3, max=101, help="Strengths to draw, odd, from -3 to 3 units.")
    ] = 9,
    features: Annotated[
        Features,
        typer.Option(help="What likeness and quality are measured on: the judge's layers, ImageNet's, or pixels."),
    ] = Features.judge,
    seed: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=0, help="Of the codes. Default: one that nothing was fitted with.", show_default=False
        ),
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option(
            "--class",
            metavar="LIST",
            help="Class numbers, such as 3 or 0-7, that codes get in turn. Default: all.",
            rich_help_panel=DRAWING,
        ),
    ] = None,
    device: Device = "cpu",
    force_generator: Annotated[
        bool, typer.Option("--force-generator", help="Take directions of another generator too.")
    ] = False,
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="All that was measured, .json.", rich_help_panel=OUTPUT)
    ] = Path("out/evaluation.json"),
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Judge directions on codes that they were not fitted to.

    Draws the same codes at every strength of every direction, and measures
    what changes: the attribute that is meant, all others, and the rest.
    Directions of one attribute are compared where they change it alike.

    \bExamples:
      latentwalk evaluate out/directions.safetensors
      latentwalk evaluate svm.safetensors sefa.safetensors --codes 500
      latentwalk evaluate d.safetensors --generator my.pkl --judge my.module:tell
    """
    from latentwalk.directions import Directions
    from latentwalk.jobs.evaluate import evaluate as judge_directions
    from latentwalk.jobs.load import load

    check_ending(out, ".json")
    found = [Directions.load(file) for file in files]
    name = generator or recorded_generator(found)
    with working(f"loading {name}", as_json) as progress:
        second = load_judge(name, judge, device)
        made = load(name, device, progress=progress)
        labels = read_classes(made, classes)
        with outputs([out], force):
            result = judge_directions(
                made,
                found,
                second,
                codes,
                strengths,
                seed,
                labels=labels,
                features=features.value,
                files=[str(file) for file in files],
                force=force_generator,
                progress=progress,
            )
            result.save(out)
    if as_json:
        say_json(result.model_dump(mode="json"))
        return
    say_evaluation(result)
    say_files([out])


def recorded_generator(found: "Sequence[Directions]") -> str:
    """The generator that the files name. Raises ValueError when they name none, or several."""
    names = {str(directions.source.get("generator_source", "")) for directions in found} - {""}
    if len(names) != 1:
        raise ValueError(
            f"the files name {'several generators: ' + ', '.join(sorted(names)) if names else 'no generator'}: "
            "choose one with --generator"
        )
    return names.pop()


def load_judge(generator: str, judge: str | None, device: str) -> "Scorer":
    """The judge. Raises ValueError when none was given and none comes with the generator."""
    from latentwalk.jobs.load import SCORERS, load_scorer

    if judge is None and f"{generator}-judge" not in SCORERS:
        raise ValueError(
            f"no judge comes with {generator}: name a scorer that the directions were not fitted on with --judge"
        )
    return load_scorer(judge or f"{generator}-judge", device)


def read_classes(generator: "Generator", classes: str | None) -> "Tensor | None":
    """The class numbers that codes get in turn. Raises ValueError for a generator without classes."""
    import torch

    from latentwalk.seeds import parse_seeds

    if not generator.classes:
        if classes is not None:
            raise ValueError(f"this generator has no classes, got --class {classes}: leave it out")
        return None
    return torch.arange(generator.classes) if classes is None else torch.tensor(parse_seeds(classes))


def say_evaluation(result: "Evaluation") -> None:
    """A row per direction, then for every attribute which direction drags least along."""
    headers = ("direction", "changes", ">per unit", ">off/on", ">crosses", ">monotonic", ">identity", "works")
    say_table(headers, [row(direction) for direction in result.directions])
    say(
        f"on {result.codes:,} held-out codes, judged by {result.judge.source or 'the judge'}. per unit: standard "
        "deviations of the logit",
        "dim",
    )
    say("off/on: what others change over what it changes; crosses: codes that end on the other side", "dim")
    for comparison in result.comparisons:
        if len(comparison.ranking) > 1:
            say_comparison(comparison)


def say_comparison(comparison: "Comparison") -> None:
    say()
    say(f"{comparison.attribute}, all at a change of {comparison.change:.2f}", "bold")
    rows = []
    for ranked in comparison.ranking:
        figures = (number(ranked.strength, 2), spoken(ranked.off), spoken(ranked.off_max), number(ranked.identity, 2))
        behind = "best" if ranked.reached and ranked.behind is None else spoken(ranked.behind, sign="+")
        rows.append((ranked.key, *figures, behind if ranked.reached else "does not get there"))
    say_table(("direction", ">strength", ">off", ">worst off", ">identity", "behind the best"), rows)


def row(direction: "DirectionResult") -> tuple[str, ...]:
    figures = {name: None if found is None else found.value for name, found in direction.metrics.items()}
    changes = direction.attribute or "nothing measurable"
    if direction.matched == "measured":
        changes = f"{'less' if direction.sign < 0 else 'more'} {changes}"
    low, high = direction.range
    success = figures["success"]
    return (
        direction.key,
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
