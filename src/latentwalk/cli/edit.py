"""`latentwalk edit`: move codes until their pictures have what is wanted, and say what else changed."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentwalk.cli.console import Bar, say_files, say_json, working
from latentwalk.cli.errors import ALL_WELL, NOT_REACHED
from latentwalk.cli.options import (
    OUTPUT,
    Classes,
    Codes,
    Cutoff,
    Device,
    Force,
    GeneratorName,
    Json,
    Noise,
    ScorerName,
    Seeds,
    Truncation,
    load_drawing,
    read_start,
    read_targets,
    scorer_for,
)
from latentwalk.cli.outputs import outputs
from latentwalk.cli.shifts import Chosen, ForceGenerator, Layers, Placed, Strengths, Without, read_shifts
from latentwalk.cli.summary import say_summary, summarize

if TYPE_CHECKING:
    from latentwalk.generator import Generator
    from latentwalk.jobs.edit import Edited
    from latentwalk.scores import Scorer
    from latentwalk.walk import Walker

WALK = "Walk"
"""Panel of the help that says how codes move."""

SHOWN = "before-after,strip,heat,chart,gif"
CHART_CODES = 1000
"""A chart shows means, so it may show more codes than other pictures; its receipt lists them all."""


def edit(
    generator: GeneratorName,
    targets: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME[=P]",
            help="An attribute and the probability to reach: 0.995 when left out, below 0.5 to fall. Repeatable.",
            show_default=False,
        ),
    ] = None,
    seeds: Seeds = None,
    codes: Codes = None,
    scorer: ScorerName = None,
    judge: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="A second scorer that says whether it agrees, or none. "
            "Default: the one that comes with the generator.",
            show_default=False,
        ),
    ] = None,
    classes: Classes = None,
    truncation: Truncation = 1.0,
    cutoff: Cutoff = None,
    noise: Noise = "const",
    device: Device = "cpu",
    hold: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES", help="Attributes that should stay, or others for all the rest.", rich_help_panel=WALK
        ),
    ] = None,
    along: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Walk straight along these directions (see discover), not along gradients.",
            rich_help_panel=WALK,
        ),
    ] = None,
    max_steps: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, max=10_000, help="Steps after which a code gives up. Default: 60.", rich_help_panel=WALK
        ),
    ] = None,
    direction: Chosen = None,
    strength: Strengths = None,
    layers: Layers = None,
    without: Without = None,
    place: Placed = False,
    force_generator: ForceGenerator = False,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Where files go. Default: out/NAME of what is set.", rich_help_panel=OUTPUT
        ),
    ] = None,
    show: Annotated[
        str,
        typer.Option(
            metavar="KINDS",
            help="before-after, strip, heat, chart, plane, gif, mp4, or none.",
            rich_help_panel=OUTPUT,
        ),
    ] = SHOWN,
    show_count: Annotated[
        int,
        typer.Option(metavar="N", min=1, max=1000, help="How many codes the pictures show.", rich_help_panel=OUTPUT),
    ] = 6,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Change an attribute: every code moves until its picture has it, or by a fixed strength along directions.

    Writes pictures, the codes, and a receipt of what else changed. Exit code 0
    when all codes got there, 1 when some did not: those are named, and their
    pictures are marked.

    \bExamples:
      latentwalk edit faces64 --set eyeglasses
      latentwalk edit faces64 --seeds 0-15 --set smiling=0.1 --hold others
      latentwalk edit faces64 --set hat --set smiling=0.1 --show strip,mp4
      latentwalk edit faces64 --seeds 0-9999 --set hat --show none --json
      latentwalk edit faces64 --direction out/directions/sefa.safetensors:hat \\
          --strength 3
      latentwalk edit my_model.pkl --truncation 0.7 --scorer my.module:smile \\
          --set smile
    """
    from latentwalk.jobs.edit import edit_batches
    from latentwalk.jobs.load import load_scorer

    wanted, kinds = read_targets(targets or []), read_kinds(show)
    if bool(wanted) == bool(direction):
        raise ValueError("expected what to change: --set NAME, or --direction FILE:NAME with --strength (not both)")
    folder = out or Path("out") / file_name("-".join(wanted or direction or []))
    files = [folder / name for name in ("receipt.json", "latents.safetensors", *kinds)]
    with working(f"loading {generator}", as_json) as progress:
        made = load_drawing(generator, device, truncation, cutoff, noise, progress)
        first = load_scorer(scorer_for(generator, scorer), device, made)
        second = find_judge(made, first, judge, wanted, device)
        start = read_start(made, seeds, codes, classes)
        if direction:
            walk = read_shifts(made, direction, strength, layers, without, place, force_generator)
        else:
            check_unused(strength=strength, layers=layers, without=without, place=place)
            walk = read_walk(made, along, max_steps)
        batches = edit_batches(
            made,
            start,
            first,
            wanted,
            hold=read_hold(hold),
            walk=walk,
            judge=second,
            frames=needs_frames(kinds),
        )
        with outputs(files, force):
            progress.wait(f"walking {len(start):,} codes")
            edited = gather(batches, show_count, len(start), progress)
            write(edited, folder, kinds, show_count, progress)
    summary = {**summarize(edited), "files": files}
    if as_json:
        say_json(summary)
    else:
        say_summary(summary)
        say_files(files)
    raise typer.Exit(ALL_WELL if summary["reached"] == summary["codes"] else NOT_REACHED)


def file_name(text: str) -> str:
    """A name for a folder from what was set, or from FILE:NAME of a direction."""
    return Path(text).name.replace(".safetensors", "").replace(":", "-").replace(" ", "_") or "edit"


def check_unused(**options: object) -> None:
    """Raises ValueError for an option that means nothing without --direction."""
    for name, value in options.items():
        if value:
            raise ValueError(f"--{name} goes with --direction: leave it out, or choose a direction")


def gather(batches: "Iterable[Edited]", show_count: int, total: int, progress: Bar) -> "Edited":
    """One edit of all batches, with the frames of the codes that are shown and of no others."""
    from latentwalk.jobs.edit import Edited

    parts, done = [], 0
    for part in batches:
        parts.append(part if done < show_count else part.without_paths())
        done += len(part)
        progress(f"walking {total:,} codes", done, total)
    return Edited.concatenate(parts)


def write(edited: "Edited", folder: Path, kinds: dict[str, str], show_count: int, progress: Bar) -> None:
    """The receipt and the codes of all, then the pictures of the first."""
    from latentwalk.jobs.figures import ANIMATIONS, save_film, save_picture
    from latentwalk.receipts import PictureRecipe

    progress.wait("writing the receipt")
    edited.receipt.save(folder / "receipt.json")
    edited.latents.save(folder / "latents.safetensors")
    for name, kind in kinds.items():
        progress.wait(f"drawing {name}")
        count = min(len(edited), CHART_CODES if kind == "chart" else show_count)
        if kind in ANIMATIONS:
            save_film(edited, folder / name, kind, count)
        else:
            save_picture(edited, folder / name, PictureRecipe(kind=kind, show=count))


def read_kinds(text: str) -> dict[str, str]:
    """{file name: kind of picture} from "strip,gif". Raises ValueError for an unknown kind."""
    from latentwalk.jobs.figures import ANIMATIONS, PICTURES

    kinds = [] if text.strip() == "none" else [kind.strip() for kind in text.split(",")]
    for kind in kinds:
        if kind not in (*PICTURES, *ANIMATIONS):
            raise ValueError(f"--show {text}: no kind {kind!r}: there are {', '.join((*PICTURES, *ANIMATIONS))}, none")
    return {f"{kind}.png" if kind in PICTURES else f"walk.{kind}": kind for kind in kinds}


def needs_frames(kinds: dict[str, str]) -> bool:
    from latentwalk.jobs.figures import NEED_PATHS

    return bool(NEED_PATHS & set(kinds.values()))


def read_hold(text: str | None) -> str | list[str]:
    if text is None:
        return []
    return "others" if text.strip() == "others" else [name.strip() for name in text.split(",")]


def read_walk(generator: "Generator", along: Path | None, max_steps: int | None) -> "Walker":
    """How to walk. Raises ValueError for directions of another generator."""
    from latentwalk.direction import Directions
    from latentwalk.walks.boundary import BoundaryWalk
    from latentwalk.walks.gradient import GradientWalk

    if along is None:
        return GradientWalk() if max_steps is None else GradientWalk(max_steps=max_steps)
    if max_steps is not None:
        raise ValueError("a walk along directions takes no steps: leave --max-steps out, or --along")
    return BoundaryWalk(Directions.load(along, generator.fingerprint))


def find_judge(
    generator: "Generator", scorer: "Scorer", judge: str | None, wanted: Iterable[str], device: str
) -> "Scorer | None":
    """The second scorer, if there is one. Raises ValueError when the one that was asked for knows none of the goals."""
    from latentwalk.jobs.load import judge_of, load_scorer

    name = judge or judge_of(generator, scorer)
    if name is None or name == "none":
        return None
    found = load_scorer(name, device, generator)
    known = [attribute for attribute in wanted if attribute in found.attributes]
    if judge and not known:
        raise ValueError(
            f"the judge {judge} knows none of what is set, only {', '.join(found.attributes)}: choose another, or none"
        )
    return found if known else None
