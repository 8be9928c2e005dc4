"""`latentwalk train`: scorers from hand labels on a generator's own samples, or from CelebA."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from latentwalk.cli.cards import describe_card, say_card
from latentwalk.cli.console import Bar, say_files, say_json, say_next, working
from latentwalk.cli.errors import STOPPED
from latentwalk.cli.invocation import command_line
from latentwalk.cli.options import OUTPUT, Device, Force, GeneratorName, Json
from latentwalk.cli.outputs import check_ending, outputs

if TYPE_CHECKING:
    from latentwalk.scorers.classifier import Classifier

app = typer.Typer(no_args_is_help=True, help="Train a scorer that tells attributes.")


class Architecture(StrEnum):
    resnet18 = "resnet18"
    plain = "plain"


Attributes = Annotated[
    list[str] | None,
    typer.Option(
        "--attribute",
        metavar="NAME[=COLUMN:VALUES]",
        help="A 0/1 column, or black_hair=hair:k for value k of the column hair. Repeatable. "
        "Default: every 0/1 column.",
        show_default=False,
    ),
]
Epochs = Annotated[int | None, typer.Option(metavar="N", min=1, help="Passes over the pictures.", show_default=False)]
Batch = Annotated[int, typer.Option(metavar="N", min=1, help="Pictures per step.")]
Network = Annotated[Architecture, typer.Option(help="The network.")]
Width = Annotated[int, typer.Option(metavar="N", min=1, max=512, help="Channels of its first layer.")]
Seed = Annotated[int, typer.Option(metavar="N", min=0, help="Of the weights, the samples and their order.")]
Out = Annotated[Path, typer.Option(metavar="FILE", help="The scorer, .safetensors.", rich_help_panel=OUTPUT)]
Run = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Where the checkpoint lies, to go on from there later. Default: beside --out, removed at the end.",
        rich_help_panel=OUTPUT,
        show_default=False,
    ),
]


@app.command()
def scorer(
    generator: GeneratorName,
    labels: Annotated[Path, typer.Option(metavar="FILE", help="Hand labels, .csv: the first column is seed or index.")],
    codes: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The codes that an index counts in, .npy or .safetensors."),
    ] = None,
    attribute: Attributes = None,
    samples: Annotated[int, typer.Option(metavar="N", min=1, max=10**7, help="Fresh samples to learn from.")] = 32_000,
    epochs: Epochs = None,
    batch: Batch = 128,
    architecture: Network = Architecture.resnet18,
    width: Width = 24,
    seed: Seed = 0,
    device: Device = "cpu",
    out: Out = Path("out/scorer.safetensors"),
    run: Run = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Train a scorer for any generator from a few hand labels on its own samples.

    Probes inside the generator learn from the labels and label fresh samples; a
    small network learns from those. A quarter of the labels is kept back to judge
    it. Ctrl-C keeps the last checkpoint; the same command goes on from there.

    \bExamples:
      latentwalk train scorer faces64 --labels labels.csv --codes latents.npy
      latentwalk train scorer my_dcgan.pt --labels labels.csv --attribute hat
      latentwalk train scorer my_dcgan.pt --labels labels.csv \\
          --attribute smiling --attribute black_hair=hair:k
    """
    from latentwalk.jobs.train import train_scorer
    from latentwalk.training.scorer import ScorerRecipe

    given = settings(architecture, width, epochs, batch, seed)
    recipe = ScorerRecipe(**given, samples=samples)
    with training(out, run, force, as_json, "fitting probes to the labels") as progress:
        made = train_scorer(generator, labels, out, codes, attribute or (), recipe, run, force, progress, device)
    report(made, out, as_json)
    if not as_json:
        say_next("edit", generator, "--scorer", out, "--set", made.attributes[0])


@app.command()
def celeba(
    folder: Annotated[Path, typer.Argument(help="CelebA as torchvision unpacks it, or the folder around it.")],
    attribute: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="One of CelebA's forty. Repeatable. Default: nine of them."),
    ] = None,
    epochs: Epochs = None,
    batch: Batch = 128,
    architecture: Network = Architecture.resnet18,
    width: Width = 24,
    seed: Seed = 0,
    device: Device = "cpu",
    out: Out = Path("out/celeba.safetensors"),
    run: Run = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Train a scorer on the photographs of CelebA, for generators that draw such faces.

    \bExamples:
      latentwalk train celeba data --out celeba.safetensors
      latentwalk train celeba data --attribute Eyeglasses --attribute Smiling
    """
    from latentwalk.jobs.train import train_celeba
    from latentwalk.training.celeba import CelebARecipe

    given = settings(architecture, width, epochs, batch, seed)
    recipe = CelebARecipe(**given)
    recipe = replace(recipe, attributes=tuple(attribute or recipe.attributes))
    with training(out, run, force, as_json, "reading the folder") as progress:
        made = train_celeba(folder, out, recipe, run, force, progress, device)
    report(made, out, as_json)


def settings(architecture: Architecture, width: int, epochs: int | None, batch: int, seed: int) -> dict[str, Any]:
    """What both recipes have; epochs only where they were named.

    Raises ValueError for a network that cannot be built, before anything is drawn for it.
    """
    if architecture is Architecture.plain and width % 8:
        raise ValueError(f"the width of a plain network is a multiple of 8, got {width}: use {width + -width % 8}")
    given = {"architecture": architecture.value, "width": width, "batch": batch, "seed": seed}
    return given | ({"epochs": epochs} if epochs else {})


@contextmanager
def training(out: Path, run: Path | None, force: bool, quiet: bool, first: str) -> Iterator[Bar]:
    """The block trains, beginning with what `first` says: outputs are checked, Ctrl-C can be gone on from."""
    check_ending(out, ".safetensors")
    announce(out, run, quiet)
    with resumable(), outputs([out], force), working(first, quiet) as progress:
        yield progress


def announce(out: Path, run: Path | None, quiet: bool) -> None:
    """Say when an earlier run goes on, since nobody sees it in the command."""
    checkpoint = (run or out.with_name(f"{out.name}.run")) / "checkpoint.pt"
    if checkpoint.exists() and not quiet:
        print(f"going on from {checkpoint}", file=sys.stderr)


@contextmanager
def resumable() -> Iterator[None]:
    """Ctrl-C inside the block ends the command with what was kept and the command that goes on from there."""
    from latentwalk.training.loop import Interrupted

    try:
        yield
    except Interrupted as stopped:
        print(f"{stopped}\n  {command_line()}", file=sys.stderr)
        raise typer.Exit(STOPPED) from None


def report(scorer: "Classifier", out: Path, as_json: bool) -> None:
    if as_json:
        say_json({**describe_card(scorer), "files": [out]})
        return
    say_card(scorer)
    say_files([out])
