"""`latentwalk discover`: directions of a generator that change one thing each."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from latentwalk.cli.console import number, say, say_files, say_json, say_table, working
from latentwalk.cli.options import OUTPUT, Device, Force, GeneratorName, Json, ScorerName, scorer_for
from latentwalk.cli.outputs import check_ending, outputs

if TYPE_CHECKING:
    from latentwalk.directions import Directions

app = typer.Typer(no_args_is_help=True, help="Find directions in latent space that change one thing each.")


class Kind(StrEnum):
    svm = "svm"
    logistic = "logistic"


@app.command()
def boundary(
    generator: GeneratorName,
    attribute: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="What to find. Repeatable. Default: all that the scorer knows."),
    ] = None,
    scorer: ScorerName = None,
    samples: Annotated[int, typer.Option(metavar="N", min=2, max=10**8, help="Codes to draw and score.")] = 20_000,
    kind: Annotated[Kind, typer.Option(help="The linear classifier.")] = Kind.svm,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Of the samples and of the split.")] = 0,
    device: Device = "cpu",
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="The directions, .safetensors.", rich_help_panel=OUTPUT)
    ] = Path("out/directions.safetensors"),
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Fit the plane between codes that have an attribute and codes that do not.

    Draws and scores samples, and judges every plane on samples that it was not
    fitted to. Walk along the result with latentwalk edit --along.

    \bExamples:
      latentwalk discover boundary faces64 --attribute smiling
      latentwalk discover boundary faces64 --kind logistic --out d.safetensors
    """
    from latentwalk.jobs.discover import fit_boundaries
    from latentwalk.jobs.load import load, load_scorer

    check_ending(out, ".safetensors")
    with working(f"loading {generator}", as_json) as progress:
        made = load(generator, device, progress=progress)
        judged = load_scorer(scorer_for(generator, scorer), device)
        with outputs([out], force):
            found = fit_boundaries(made, judged, attribute or None, samples, seed, kind.value, progress)
            found.save(out)
    if as_json:
        say_json({"directions": [direction.name for direction in found], **found.source, "files": [out]})
        return
    say_directions(found)
    say_files([out])


def say_directions(found: "Directions") -> None:
    """One row per direction: how well its boundary told codes apart that it was not fitted to."""
    figures: dict[str, dict[str, Any]] = found.source.get("figures", {})
    rows = []
    for direction in found:
        seen = figures.get(direction.name, {})
        shares = [number(seen.get(name)) for name in ("validation", "rest", "correlation")]
        positive = seen.get("positive")
        rows.append((direction.name, *shares, "-" if positive is None else f"{positive:.0%}"))
    say_table(("direction", ">accuracy", ">others", ">correlation", ">have it"), rows)
    say("on held-out codes; accuracy: those that score highest and lowest; correlation: of score and place", "dim")
