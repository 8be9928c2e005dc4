"""Several processes and one are the same run: two that speak over gloo against one that has the whole batch."""

import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from latentwalk.training.augment import Augmentation, augment
from latentwalk.training.critics import with_deviation
from latentwalk.training.data import Pictures
from latentwalk.training.loop import train
from latentwalk.training.ranks import Alone, join
from latentwalk.training.recipe import Term
from latentwalk.training.recipes import RECIPES, check, networks
from latentwalk.training.trainer import Trainer
from latentwalk.training.whole_batch import WholeBatchNorm, WholeDraws

STEPS, BAD = 4, 2
"""How many steps are compared; and the one in which a loss of "broken" is no number."""

SIDES = {"stylegan2": 8, "dcgan": 16, "cgan": 8, "controlgan": 8, "cvae-gan": 8, "broken": 8}
"""Pixels of the pictures of each recipe. They show groups of pictures, BatchNorm in both networks, labels that are
turned round one after the other, random changes of pictures, and a loss with a memory."""


class Stop(Exception):
    """Ends a run with what there is."""


class Second(Alone):
    """The second of two processes, as far as it needs not speak to the first."""

    rank, size, first = 1, 2, False

    def mine(self, whole: Tensor) -> Tensor:
        return whole[1::2]


def some_steps(learner: Trainer, checkpoint: Path | None = None, writes: bool = True) -> Mapping[str, Tensor]:
    """The first steps of a run that would be twice as long. Returns the last losses."""
    seen: list[Mapping[str, Tensor]] = []

    def watch(done: int, losses: Mapping[str, Tensor]) -> None:
        seen.append(losses)
        if done == STEPS:
            raise Stop

    with pytest.raises(Stop):
        train(learner, 2 * STEPS, 3, checkpoint, watch=watch, writes=writes)
    return seen[-1]


def fresh(name: str, ranks: Alone | None = None) -> Trainer:
    """A recipe, small. A StyleGAN2 has whatever terms there are for it, and the lazy ones come soon."""
    side, known = SIDES[name], RECIPES["dcgan" if name == "broken" else name]
    random = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (40, 3, side, side), generator=random, dtype=torch.uint8)
    pictures = Pictures(images, ("a", "b", "c"), torch.rand(40, 3, generator=random).round())
    recipe = replace(known.recipe, batch=16, z=6, ema=0.1)
    if name == "stylegan2":
        critic, generator = recipe.turns
        critic = replace(critic, terms=(critic.terms[0], Term("r1", 0.1, 2), Term("r2", 0.1)))
        generator = replace(generator, terms=(*generator.terms, Term("path_length", 2, 2)))
        recipe = replace(recipe, turns=(critic, generator))
    return Trainer(recipe, networks(known, recipe, side, labels=pictures.values), pictures, ranks=ranks)


def tensors(state: object) -> list[Tensor]:
    if isinstance(state, Tensor):
        return [state]
    parts = state.values() if isinstance(state, dict) else state if isinstance(state, list | tuple) else ()
    return [tensor for part in parts for tensor in tensors(part)]


def weights(learner: Trainer) -> list[Tensor]:
    """All that learns, and what is remembered beside it."""
    return [tensor.detach().double() for tensor in tensors(learner.state_dict()["networks"])]


def check_same(learner: Trainer, other: Trainer, start: Trainer) -> None:
    """Two runs agree up to rounding: to two hundredths of what each weight tensor learned.

    Most agree to a millionth. But Adam's first steps follow the sign of a gradient, however small it is, and BatchNorm
    over few pictures hands a rounded bit on to all of them. Where a part of the batch is left out, it is tenths.
    """
    for mine, theirs, before in zip(weights(learner), weights(other), weights(start), strict=True):
        assert float((mine - theirs).norm()) <= 2e-2 * float((theirs - before).norm()) + 1e-7


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def start(folder: Path, *names: str, size: int = 2) -> None:
    """That many processes, until all have ended well."""
    here = Path(__file__)
    paths = os.pathsep.join(map(str, (here.parents[2] / "src", here.parents[1])))
    shared = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()), "WORLD_SIZE": str(size), "PYTHONPATH": paths}
    command = [sys.executable, str(here.with_name("one_of_several.py")), str(folder), *names]
    started = [
        subprocess.Popen(command, env=os.environ | shared | {"RANK": str(rank)}, stderr=subprocess.PIPE, text=True)
        for rank in range(size)
    ]
    said = [one.communicate(timeout=120)[1] for one in started]
    assert not any(one.returncode for one in started), said


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """What two processes wrote."""
    place = tmp_path_factory.mktemp("ranks")
    start(place, *SIDES)
    return place


@pytest.mark.parametrize("name", [name for name in SIDES if name != "broken"])
def test_two_processes_and_one_are_the_same_run(name, folder):
    first, second = (torch.load(folder / f"{name}-{rank}.pt", weights_only=True) for rank in (0, 1))
    assert all(map(torch.equal, tensors(first), tensors(second))), "both have the same bits"
    alone, together = fresh(name), fresh(name)
    losses = some_steps(alone)
    together.load_state_dict(first["state"])
    check_same(together, alone, fresh(name))
    assert list(losses) == list(first["losses"])
    assert all(float(losses[each]) == pytest.approx(float(first["losses"][each]), rel=1e-3) for each in losses)


def test_two_processes_go_on_to_the_same_bits(folder):
    whole = torch.load(folder / "dcgan-0.pt", weights_only=True)["state"]
    for rank in (0, 1):
        again = torch.load(folder / f"again-{rank}.pt", weights_only=True)
        assert all(map(torch.equal, tensors(again), tensors(whole)))


@pytest.mark.parametrize("name", ["stylegan2", "dcgan"])
def test_one_process_goes_on_with_what_two_began(name, folder, tmp_path):
    alone, going_on = fresh(name), fresh(name)
    some_steps(alone)
    kept = torch.load(folder / f"{name}.pt", weights_only=True)
    assert kept["step"] == STEPS - 1
    torch.save(kept, tmp_path / "checkpoint.pt")
    some_steps(going_on, tmp_path / "checkpoint.pt")
    check_same(going_on, alone, fresh(name))


def test_all_skip_the_step_that_one_cannot_take(folder):
    """The loss of one process is no number, once: nobody learns from it, and all go on alike."""
    first, second = (torch.load(folder / f"broken-{rank}.pt", weights_only=True) for rank in (0, 1))
    assert all(map(torch.equal, tensors(first), tensors(second)))
    assert all(tensor.isfinite().all() for tensor in tensors(first["state"]))
    assert float(first["state"]["wrong"][1]) == 1
    critic, generator = (float(each["state"][0]["step"]) for each in first["state"]["optimizers"])
    assert (critic, generator) == (STEPS - 1, STEPS)


def test_groups_are_dealt_out_whole():
    """The second process's groups are groups of the whole batch."""
    torch.manual_seed(0)
    whole = torch.randn(16, 3, 2, 2)
    assert torch.equal(Second().mine(with_deviation(whole)), with_deviation(Second().mine(whole)))


def test_what_is_drawn_inside_is_a_part_of_the_whole():
    like = torch.zeros(8, 3, 4, 4).contiguous(memory_format=torch.channels_last)
    draws = (
        lambda n: torch.rand(n),
        lambda n: torch.randn(n, 2),
        lambda n: torch.randint(5, (n, 3)),
        lambda n: torch.randint(2, 5, size=(n,)),
        lambda n: torch.randn_like(like[:n]),
        lambda n: torch.rand_like(like[:n]),
        lambda n: augment(torch.linspace(-1, 1, 8)[:n, None, None, None].expand(-1, 3, 8, 8), Augmentation())[1],
    )
    for draw in draws:
        torch.manual_seed(7)
        whole = draw(8)
        torch.manual_seed(7)
        with WholeDraws(Second()):
            part = draw(4)
        assert torch.equal(part, whole[1::2])


def test_the_norm_is_the_one_it_replaces():
    """Outputs, gradients, gradients of gradients, and what it remembers."""
    torch.manual_seed(0)
    x = torch.randn(6, 3, 4, 4, dtype=torch.float32)
    norms = [nn.BatchNorm2d(3) for _ in range(2)]
    nn.init.normal_(norms[0].weight)
    norms[1].load_state_dict(norms[0].state_dict())
    ours = WholeBatchNorm(norms[1], Alone())
    results = []
    for norm in (norms[0], ours):
        inside = x.clone().requires_grad_()
        (gradient,) = torch.autograd.grad((norm(inside) ** 3).sum(), inside, create_graph=True)
        (twice,) = torch.autograd.grad(gradient.square().sum(), inside)
        results.append([norm(x).detach(), gradient.detach(), twice, *norm.state_dict().values()])
    for mine, theirs in zip(results[1], results[0], strict=True):
        assert torch.allclose(mine, theirs, rtol=1e-4, atol=1e-4 * max(1.0, float(theirs.abs().max())))
    assert norms[1].weight is ours.weight
    assert torch.allclose(ours.eval()(x), norms[0].eval()(x), atol=1e-5)


def test_a_batch_that_cannot_be_shared_out_is_refused(monkeypatch):
    with pytest.raises(
        ValueError, match="2 processes share 7 pictures a step: expected a batch that is a multiple of 2"
    ):
        one = fresh("dcgan")
        Trainer(
            replace(one.recipe, batch=7), one.networks, Pictures(one.images, (), torch.zeros(40, 0)), "cpu", Second()
        )
    known = RECIPES["stylegan2"]
    with pytest.raises(
        ValueError, match=r"groups of 4 pictures in each of 2 processes: expected a batch of 8, 16, .*got 12"
    ):
        check(known, replace(known.recipe, batch=12), 64, 2)
    monkeypatch.delenv("RANK", raising=False)
    assert join("cpu").size == 1
