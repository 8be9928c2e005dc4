"""The recipes of `latentwalk train`: a command per generator that can be trained."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from latentwalk.cli.console import say, say_files, say_json, say_next
from latentwalk.cli.groups import flat
from latentwalk.cli.invocation import command_line
from latentwalk.cli.options import Device
from latentwalk.cli.training_output import TrainingOutput, training

GENERATORS = {
    "stylegan2": "a small StyleGAN2, with the spaces z, w, w+ and s",
    "stylegan2-conditions": "the same, with each condition a straight direction of w",
    "dcgan": "a DCGAN: transposed convolutions and BatchNorm",
    "wgan": "a DCGAN against a Wasserstein critic with clipped weights",
    "wgan-gp": "a DCGAN against a Wasserstein critic with a penalty on its gradient",
    "relativistic": "a DCGAN against a critic of pairs, the most stable one",
    "cgan": "a DCGAN of labels whose critic sees picture and label side by side",
    "cgan-projection": "a DCGAN of labels whose critic projects the picture onto the label",
    "acgan": "a DCGAN of labels whose critic reads the label too",
    "controlgan": "a DCGAN of labels that a classifier of its own reads",
    "infogan": "a DCGAN that finds ten classes and two numbers by itself",
    "cvae": "a variational autoencoder of labels: a decoder, and beside it an encoder for photographs",
    "cvae-gan": "a variational autoencoder of labels with a critic and a classifier",
}
"""What can be trained, and what it is: the names of training.recipes.RECIPES."""


@dataclass(frozen=True)
class DataOptions:
    """What to learn from."""

    size: Annotated[int, typer.Option(metavar="N", min=8, help="Pixels of a side: 8, 16, 32, 64 ...")] = 64
    attributes: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A list of what is in the pictures of a folder.", show_default=False),
    ] = None
    conditions: Annotated[
        list[str] | None,
        typer.Option(
            "--condition",
            metavar="NAME",
            help="An attribute to learn with, once for each; all that are there or not without. For recipes of labels.",
            show_default=False,
        ),
    ] = None


@dataclass(frozen=True)
class RecipeOptions:
    """What of the recipe is changed."""

    kimg: Annotated[
        float | None,
        typer.Option(metavar="N", min=0.001, help="Thousands of pictures to see.", show_default=False),
    ] = None
    batch: Annotated[int | None, typer.Option(metavar="N", min=1, help="Pictures per step.", show_default=False)] = None
    flip: Annotated[
        bool, typer.Option("--flip", help="Mirror half of the pictures, at random, as work with CelebA does.")
    ] = False
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Seed of the weights and the codes.")] = 0
    device: Device = "cpu"

    def changed(self) -> dict[str, Any]:
        """The fields of the recipe that were named."""
        given = {"kimg": self.kimg, "batch": self.batch, "flip": self.flip or None}
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True)
class GeneratorOutput(TrainingOutput):
    """The generator."""

    out: Annotated[
        Path, typer.Option(metavar="FILE", help="The generator, .safetensors.", rich_help_panel="Output")
    ] = Path("out/generator.safetensors")
    sheets: Annotated[
        float,
        typer.Option(
            metavar="N",
            min=0,
            help="Thousands of pictures between two sheets of samples in the folder of --run; 0 for none.",
            rich_help_panel="Output",
        ),
    ] = 20
    tensorboard: Annotated[
        bool,
        typer.Option("--tensorboard", help="Also write the losses for TensorBoard.", rich_help_panel="Output"),
    ] = False


def add_commands(app: typer.Typer) -> None:
    """A command for every recipe."""
    for name, about in GENERATORS.items():
        app.command(name)(_command(name, about))


def _command(name: str, about: str) -> Callable[..., None]:
    def command(
        data: Annotated[str, typer.Argument(help="avatars, a folder of pictures, CelebA's, or a file of arrays.")],
        source: DataOptions,
        changes: RecipeOptions,
        output: GeneratorOutput,
    ) -> None:
        if not output.as_json:
            print(f"see it grow: {output.folder / 'index.html'}", file=sys.stderr)
        with training(output, "reading the pictures") as progress:
            from latentwalk.jobs.train_generator import outputs_of, train_generator
            from latentwalk.training.ranks import is_first

            made = train_generator(
                name,
                data,
                output.out,
                source.size,
                source.attributes,
                changes.seed,
                output.run,
                output.sheets,
                output.force,
                progress,
                changes.device,
                conditions=source.conditions,
                command=command_line(),
                tensorboard=output.tensorboard,
                **changes.changed(),
            )
        if not is_first():
            return
        files = outputs_of(name, output.out)
        if output.as_json:
            say_json({"fingerprint": made.fingerprint, "spaces": list(made.spaces), "files": files})
            return
        say(repr(made))
        say_files(files)
        say_next("sample", output.out)

    command.__doc__ = f"""Train {about}.

    Ctrl-C keeps the last checkpoint; the same command goes on from there.

    \bExamples:
      latentwalk train {name} avatars --out my.safetensors
      latentwalk train {name} photos --kimg 100 --run run
    """
    return flat(command)
