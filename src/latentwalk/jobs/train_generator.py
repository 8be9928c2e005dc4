"""Train a generator: pictures and the name of a recipe become a file that everything here takes."""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from latentwalk.checkpoints import own
from latentwalk.files import check_writable
from latentwalk.generator import Generator
from latentwalk.image_encoder import beside
from latentwalk.images import save_image
from latentwalk.jobs.load import load
from latentwalk.jobs.run_page import RunPage
from latentwalk.jobs.train import run_folder
from latentwalk.latents import in_turn
from latentwalk.pictures.grid import grid
from latentwalk.progress import Progress, silent
from latentwalk.training.diary import Diary
from latentwalk.training.loop import Watch, train
from latentwalk.training.players import LabelledPlayer
from latentwalk.training.ranks import join
from latentwalk.training.recipe import Recipe
from latentwalk.training.recipes import RECIPES, check, networks
from latentwalk.training.runs import open_run
from latentwalk.training.sources import Source, read_pictures
from latentwalk.training.tensorboard import to_tensorboard
from latentwalk.training.trainer import Trainer

SHOWN = 32
"""Codes of a sheet: the seeds 0 to 31, the same in every sheet."""


def train_generator(
    recipe: str | Recipe,
    pictures: Source,
    out: str | Path,
    size: int = 64,
    attributes: str | Path | None = None,
    seed: int = 0,
    run: str | Path | None = None,
    sheets: float = 20,
    force: bool = False,
    progress: Progress = silent,
    device: torch.device | str = "cpu",
    name: str = "",
    conditions: Sequence[str] | None = None,
    command: str = "",
    tensorboard: bool = False,
    **changed: Any,
) -> Generator:
    """Pictures -> a trained generator in `out` (.safetensors), as `load` gives it.

    recipe: a name of `RECIPES`, or one of your own whose networks are those of the recipe called `name`.
    pictures, size, attributes: as in `read_pictures`. conditions: for recipes that learn from labels, the attributes to
    learn (see `Pictures.conditions`), which become the classes of the generator. changed: fields of the recipe, such as
    kimg=100 or batch=16.
    run: folder of the checkpoint, losses.jsonl, a sheet of samples every `sheets` thousand pictures (0: none), and
    index.html, which shows all of it and grows; `OUT.run` when not given, which is removed at the end. The same call
    with the same folder continues where a stopped one was, and ends with the same generator.
    command: what a person types to go on, for the page. tensorboard: also write the losses for it, into the folder.
    Processes that `torchrun` started learn together, a GPU each where the device is "cuda", and write one file: that of
    a single process, up to rounding. All return the generator.
    Raises ValueError for an unknown recipe, pictures or a folder that do not fit, and training that diverges;
    loop.Interrupted on Ctrl-C.

    An autoencoder's encoder goes into a file of its own, see `outputs_of`.
    """
    name = name if isinstance(recipe, Recipe) else recipe
    if name not in RECIPES:
        raise ValueError(f"unknown recipe {name!r}: expected {', '.join(RECIPES)}")
    known, (out, *others) = RECIPES[name], [check_writable(file, force) for file in outputs_of(name, out)]
    how = replace(recipe if isinstance(recipe, Recipe) else known.recipe, **changed)
    ranks = join(device)
    check(known, how, size, ranks.size)
    progress = progress if ranks.first else silent
    with ranks.in_turn():
        data = read_pictures(pictures, size, attributes, progress=progress)
    if known.labelled:
        data = data.conditions(conditions)
    elif conditions is not None:
        raise ValueError(f"{name} learns from no labels: leave the conditions out, or use another recipe")
    if len(data) < how.batch:
        raise ValueError(
            f"a step sees {how.batch} pictures, got {len(data)} in all: use a smaller batch, or more of them"
        )
    players = networks(known, how, size, data.images.shape[1], seed, data.values, data.attributes)
    trainer = Trainer(how, players, data, ranks.device, ranks)
    asked = players["generator"].labels if isinstance(players["generator"], LabelledPlayer) else None
    with run_folder(run, out, ranks.first) as folder:
        settings = {"networks": name, "recipe": asdict(how), "size": size, "seed": seed, "pictures": data.fingerprint}
        checkpoint = open_run(folder, json.loads(json.dumps(settings)))

        title = f"{name}, {size} x {size} pixels, {_named(pictures)}"
        page = RunPage(folder, title, how, len(data), command, shlex.join(["latentwalk", "sample", str(out)]))

        def show(kimg: float) -> None:
            generator = trainer.generator()
            samples = generator.render(generator.sample(SHOWN, in_turn(asked, SHOWN)))
            save_image(folder / "sheets" / f"{round(kimg):06}.png", grid(samples))
            page.write()

        def said(_what: str, done: int, total: int) -> None:
            progress("training, pictures", done * how.batch, total * how.batch)

        watches: list[Watch] = [Diary(folder / "losses.jsonl", how.batch, show, sheets), page] if ranks.first else []
        watches += [to_tensorboard(folder, how.batch)] if tensorboard and ranks.first else []

        def watch(done: int, losses: Mapping[str, Tensor]) -> None:
            for each in watches:
                each(done, losses)

        try:
            train(trainer, how.steps, seed, checkpoint, said, watch, ranks.first)
        except (KeyboardInterrupt, ValueError):
            if ranks.first:
                page.write("stopped")
            raise
        if ranks.first:
            made = trainer.generator()
            own.write(made, out)
            for file in others:
                trainer.encoder(made).save(file)
            if sheets:
                show(how.steps * how.batch / 1000)
            page.write("finished")
        ranks.wait()
    return load(out, ranks.device)


def outputs_of(recipe: str, out: str | Path) -> list[Path]:
    """The files that a recipe writes: the generator's, and that of the encoder beside it where it trains one."""
    return [Path(out), beside(out)] if RECIPES[recipe].encodes else [Path(out)]


def _named(pictures: Source) -> str:
    """What pictures are called."""
    return str(pictures) if isinstance(pictures, str | Path) else "pictures in memory"
