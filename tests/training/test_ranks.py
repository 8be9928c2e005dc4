"""Several processes and one are the same run: two that speak over gloo against one that has the whole batch."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from latentwalk.training.data import Pictures
from latentwalk.training.loop import train
from latentwalk.training.ranks import Alone
from latentwalk.training.recipe import Term, Turn
from latentwalk.training.recipes import RECIPES, networks
from latentwalk.training.scene import Batch, Scene
from latentwalk.training.trainer import Trainer
from latentwalk.training.whole_batch import WholeBatchNorm, WholeDraws

STEPS, SIDE = 4, 8
NAMES = ("stylegan2", "dcgan", "wgan-gp", "cgan", "controlgan")


class Stop(Exception):
    """Ends a run with what there is, and keeps no more of it."""


def stop_at(wanted: int):
    def progress(_what: str, done: int, _total: int) -> None:
        if done == wanted:
            raise Stop

    return progress


def fresh(name: str, ranks: Alone | None = None) -> Trainer:
    """A recipe, small; lazy terms come soon, and a StyleGAN2 has its longest list of them."""
    random = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (40, 3, SIDE, SIDE), generator=random, dtype=torch.uint8)
    pictures = Pictures(images, ("a", "b", "c"), torch.rand(40, 3, generator=random).round())
    recipe = replace(RECIPES[name].recipe, batch=16, z=6, ema=0.1)
    critic, *others, generator = recipe.turns
    if name == "stylegan2":
        critic = replace(critic, terms=(*(replace(t, every=min(t.every, 2)) for t in critic.terms), Term("r2", 0.1)))
        generator = Turn(("generator",), (*generator.terms, Term("path_length", 2, 2)), generator.rate, generator.betas)
    recipe = replace(recipe, turns=(critic, *others, generator))
    return Trainer(recipe, networks(RECIPES[name], recipe, SIDE, labels=pictures.values), pictures, ranks=ranks)


def tensors(state: object) -> list[torch.Tensor]:
    if isinstance(state, torch.Tensor):
        return [state]
    parts = state.values() if isinstance(state, dict) else state if isinstance(state, list | tuple) else ()
    return [tensor for part in parts for tensor in tensors(part)]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def start(folder: Path, *names: str, size: int = 2) -> None:
    """That many processes, until all have ended well."""
    source = Path(__file__).parents[2] / "src"
    shared = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()), "WORLD_SIZE": str(size)}
    shared |= {"PYTHONPATH": f"{source}{os.pathsep}{Path(__file__).parents[1]}", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(Path(__file__).with_name("one_of_several.py")), str(folder), *names]
    started = [
        subprocess.Popen(command, env=os.environ | shared | {"RANK": str(rank)}, stderr=subprocess.PIPE, text=True)
        for rank in range(size)
    ]
    said = [one.communicate(timeout=120)[1] for one in started]
    assert not any(one.returncode for one in started), said


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Iterator[Path]:
    """What two processes wrote."""
    place = tmp_path_factory.mktemp("ranks")
    start(place, *NAMES)
    yield place


def alone(name: str, steps: int = STEPS) -> tuple[Trainer, list[Any]]:
    learner, losses = fresh(name), list[Any]()
    try:
        train(learner, 2 * STEPS, 3, progress=stop_at(steps), watch=lambda _done, now: losses.append(now))
    except Stop:
        pass
    return learner, losses


@pytest.mark.parametrize("name", NAMES)
def test_two_processes_and_one_are_the_same_run(name, folder):
    learner, losses = alone(name)
    first, second = (torch.load(folder / f"{name}-{rank}.pt", weights_only=True) for rank in (0, 1))
    assert all(map(torch.equal, tensors(first), tensors(second))), "both have the same bits"
    before, expected = fresh(name).state_dict()["networks"], learner.state_dict()
    for part, whole in expected["networks"].items():
        for key, value in whole.items():
            got, start = first["state"]["networks"][part][key], before[part][key]
            print(name, part, key, float((got - value).float().norm() / max(float((value - start).float().norm()), 1e-6)), float((got-value).float().norm()/max(1e-12,float(value.float().norm()))))
    print({n: (float(first["losses"][n]), float(losses[-1][n])) for n in losses[-1]})
