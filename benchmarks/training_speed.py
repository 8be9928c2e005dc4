"""How fast and how large training is, beside a bare loop of the same networks. Prints Markdown.

    python benchmarks/training_speed.py
    python benchmarks/training_speed.py --memory

Steps of both take turns, in one thread; time is that of the processor, medians. The bare loop is what one would write
by hand for these two networks and this loss alone: same layout, same optimizer, no averages, no look at gradients,
nothing that can be gone on from. With --memory, the largest size of a process that trains on 24,000 drawn avatars.
"""

import argparse
import copy
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

import torch
from torch import nn
from torch.nn import functional as F

from latentwalk.jobs.train_generator import train_generator
from latentwalk.training.data import Pictures
from latentwalk.training.recipe import Recipe
from latentwalk.training.recipes import RECIPES, networks
from latentwalk.training.trainer import Trainer

KNOWN, WARM = RECIPES["dcgan"], 2


def bare(recipe: Recipe, players: dict[str, nn.Module], images: torch.Tensor) -> Callable[[], None]:
    """A step of a DCGAN, written out."""
    generator, critic = (
        players[name].to(memory_format=torch.channels_last).train() for name in ("generator", "critic")
    )
    turn = recipe.turns[0]
    makes, tells = (
        torch.optim.Adam(network.parameters(), turn.rate, turn.betas, fused=True) for network in (generator, critic)
    )

    def step() -> None:
        rows = torch.randint(len(images), (recipe.batch,))
        real = images[rows].contiguous(memory_format=torch.channels_last).float() / 127.5 - 1
        fake = generator(torch.randn(recipe.batch, recipe.z))
        critic.requires_grad_(True)
        tells.zero_grad()
        (F.softplus(-critic(real)).mean() + F.softplus(critic(fake.detach())).mean()).backward()
        tells.step()
        critic.requires_grad_(False)
        makes.zero_grad()
        F.softplus(-critic(fake)).mean().backward()
        makes.step()

    return step


def timed(step: Callable[[], object]) -> float:
    begun = time.process_time()
    step()
    return time.process_time() - begun


def compared(side: int, steps: int) -> tuple[float, float]:
    """Images per second of the bare loop, and of the trainer."""
    images = torch.randint(0, 256, (1000, 3, side, side), dtype=torch.uint8)
    players = networks(KNOWN, KNOWN.recipe, side)
    loop = bare(KNOWN.recipe, copy.deepcopy(players), images.contiguous(memory_format=torch.channels_last))
    trainer = Trainer(KNOWN.recipe, players, Pictures(images, (), torch.zeros(1000, 0)))
    pairs = [(timed(loop), timed(lambda step=step: trainer.step(step))) for step in range(WARM + steps)][WARM:]
    by_hand, ours = (KNOWN.recipe.batch / statistics.median(times) for times in zip(*pairs, strict=True))
    return by_hand, ours


def memory(side: int) -> float:
    """Gigabytes that this process had at most, once it has trained on all avatars."""
    with tempfile.TemporaryDirectory() as folder:
        kimg = 3 * KNOWN.recipe.batch / 1000
        train_generator("dcgan", "avatars", Path(folder) / "a.safetensors", side, sheets=kimg, kimg=kimg)
    return cast(int, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / 1e6


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--sides", type=int, nargs="+", default=[32, 64])
    parser.add_argument("--memory", action="store_true")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    if asked.memory:
        side = asked.sides[-1]
        print(f"{memory(side):.2f} GB at {side} px")
        return
    print("| px | by hand, images/s | recipe dcgan, images/s | ratio |\n|---|---|---|---|")
    for side in asked.sides:
        by_hand, ours = compared(side, asked.steps)
        print(f"| {side} | {by_hand:.1f} | {ours:.1f} | {ours / by_hand:.3f} |", flush=True)


if __name__ == "__main__":
    main()
