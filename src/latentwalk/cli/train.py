"""`latentwalk train`: generators from pictures, and scorers from hand labels on samples or from CelebA."""

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from latentwalk.cli.cards import describe_card, say_card
from latentwalk.cli.console import say_files, say_json, say_next
from latentwalk.cli.errors import Group
from latentwalk.cli.file_options import FileOptions
from latentwalk.cli.groups import flat
from latentwalk.cli.options import OUTPUT, Device, GeneratorName, Space, check_file, check_generator
from latentwalk.cli.train_generators import add_commands
from latentwalk.cli.training_output import TrainingOutput, training

if TYPE_CHECKING:
    from latentwalk.scorers.classifier import Classifier

app = typer.Typer(cls=Group)


@app.callback()
def train() -> None:
    """Train a generator, or a scorer that tells attributes.

    \bExamples:
      latentwalk train stylegan2 avatars --out my.safetensors
      latentwalk train scorer my_dcgan.pt --labels labels.csv
      latentwalk train celeba data --attribute Eyeglasses
    """


class Architecture(StrEnum):
    resnet18 = "resnet18"
    plain = "plain"
    smooth = "smooth"


EPOCHS = {"scorer": 6, "celeba": 4}
"""Named in the help; the recipes have their own."""


@dataclass(frozen=True)
class NetworkOptions:
    """What is trained, and how; the defaults are those of the recipes."""

    epochs: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help=f"Passes over the pictures. Default: {EPOCHS['scorer']}; {EPOCHS['celeba']} for celeba.",
            show_default=False,
        ),
    ] = None
    batch: Annotated[int, typer.Option(metavar="N", min=1, help="Pictures per step.")] = 128
    architecture: Annotated[Architecture, typer.Option(help="The network that scores pictures.")] = (
        Architecture.resnet18
    )
    width: Annotated[int, typer.Option(metavar="N", min=1, max=512, help="Channels of its first layer.")] = 24
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Seed of the weights, the samples and their order.")] = 0
    device: Device = "cpu"

    def settings(self) -> dict[str, Any]:
        """What both recipes have; epochs only where they were named.

        Raises ValueError for a network that cannot be built, before anything is rendered for it.
        """
        width = self.width
        if self.architecture is Architecture.plain and width % 8:
            raise ValueError(f"the width of a plain network is a multiple of 8, got {width}: use {width + -width % 8}")
        given = {"architecture": self.architecture.value, "width": width, "batch": self.batch, "seed": self.seed}
        return given | ({"epochs": self.epochs} if self.epochs else {})


@dataclass(frozen=True)
class LabelOptions:
    """What to learn from."""

    labels: Annotated[Path, typer.Option(metavar="FILE", help="Hand labels, .csv; the first column is seed or index.")]
    codes: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The codes that the column index counts in: any file of codes."),
    ] = None
    space: Space = None
    attribute: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[=COLUMN:VALUES]",
            help="A 0/1 column, or black_hair=hair:k for value k of the column hair. Repeatable. "
            "Default: every 0/1 column.",
            show_default=False,
        ),
    ] = None
    samples: Annotated[
        int, typer.Option(metavar="N", min=1, max=10**7, help="How many fresh samples to learn from.")
    ] = 32_000
    alone: Annotated[
        bool,
        typer.Option("--alone", help="Train the scorer without its second and its judge: a third of the time."),
    ] = False


@dataclass(frozen=True)
class ScorerOutput(TrainingOutput):
    """The scorer."""

    out: Annotated[Path, typer.Option(metavar="FILE", help="The scorer, .safetensors.", rich_help_panel=OUTPUT)] = Path(
        "out/scorer.safetensors"
    )


@dataclass(frozen=True)
class CelebAOutput(ScorerOutput):
    """The scorer."""

    out: Annotated[Path, typer.Option(metavar="FILE", help="The scorer, .safetensors.", rich_help_panel=OUTPUT)] = Path(
        "out/celeba.safetensors"
    )


@app.command()
@flat
def scorer(
    generator: GeneratorName, data: LabelOptions, network: NetworkOptions, file: FileOptions, output: ScorerOutput
) -> None:
    """Train a scorer for any generator from a few hand labels on its own samples.

    Probes inside the generator learn from the labels and label fresh samples; a
    small network learns from those. A quarter of the labels is kept back to judge
    it. Two more networks are trained beside it, as unlike it as the same labels
    allow: the second walks with the scorer (NAME-second.safetensors), the judge
    says what came of it (NAME-judge.safetensors); edit finds them by their names.
    Ctrl-C keeps the last checkpoint; the same command goes on from there.

    \bExamples:
      latentwalk train scorer faces64 --labels labels.csv --codes latents.npy
      latentwalk train scorer my_dcgan.pt --labels labels.csv --attribute hat
      latentwalk train scorer my_dcgan.pt --labels labels.csv \\
          --attribute smiling --attribute black_hair=hair:k
    """
    settings, out = network.settings(), output.out
    check_generator(generator)
    check_file(data.labels, "hand labels, .csv")
    if data.space is not None and data.codes is None:
        raise ValueError(f"--space {data.space} says what --codes holds: leave it out, or name a file of codes")
    with training(output, "fitting probes to the labels") as progress:
        from latentwalk.jobs.load import companion_file, load
        from latentwalk.jobs.train import train_scorer
        from latentwalk.training.companions import COMPANIONS
        from latentwalk.training.scorer import ScorerRecipe

        companions = () if data.alone else COMPANIONS

        recipe = ScorerRecipe(**settings, samples=data.samples)
        columns = data.attribute or ()
        made = train_scorer(
            load(generator, network.device, progress=progress, **file.choices.given),
            data.labels,
            out,
            data.codes,
            columns,
            recipe,
            output.run,
            output.force,
            progress,
            network.device,
            data.space,
            companions,
        )
    report(made, [out, *(companion_file(out, kind) for kind in companions)], output.as_json)
    if not output.as_json:
        say_next("edit", generator, *file.choices.words, "--scorer", out, "--set", made.attributes[0])


@app.command()
@flat
def celeba(
    folder: Annotated[Path, typer.Argument(help="CelebA as torchvision unpacks it, or the folder around it.")],
    attribute: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="One of CelebA's forty, such as Eyeglasses. Repeatable. Default: nine of them."
        ),
    ] = None,
    *,
    network: NetworkOptions,
    output: CelebAOutput,
) -> None:
    """Train a scorer on the photographs of CelebA, for generators of such faces.

    \bExamples:
      latentwalk train celeba data --out celeba.safetensors
      latentwalk train celeba data --attribute Eyeglasses --attribute Smiling
    """
    settings, out = network.settings(), output.out
    check_file(folder, "CelebA as torchvision unpacks it")
    with training(output, "reading the folder") as progress:
        from latentwalk.jobs.train import train_celeba
        from latentwalk.training.celeba import CelebARecipe

        recipe = CelebARecipe(**settings)
        recipe = replace(recipe, attributes=tuple(attribute or recipe.attributes))
        made = train_celeba(folder, out, recipe, output.run, output.force, progress, network.device)
    report(made, [out], output.as_json)


def report(scorer: "Classifier", files: list[Path], as_json: bool) -> None:
    if as_json:
        say_json({**describe_card(scorer), "files": files})
        return
    say_card(scorer)
    say_files(files)


add_commands(app)
