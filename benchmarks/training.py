"""What recipes reach on avatars of 32 pixels. Prints Markdown for docs/results.md.

    python benchmarks/training.py acgan --kimg 33           two to three minutes of one core
    python benchmarks/training.py acgan                     the recipe to its end, 400 thousand pictures
    python benchmarks/training.py cgan acgan --sheet        no training: a picture of what these have learned

Five conditions, half of all pictures each. A network that learned from the drawings alone reads what is painted: how
often a condition is what was asked for (obeys), and when one of them is turned round and the noise stays, how often it
is read as turned (arrives) and the others as they were (stay). For infogan, what its class says, in nats.

So that nobody buys obedience with sameness: FD-E as in avatars64.py, over 2,000 samples and drawings, and how far
apart two samples are, where two drawings are 1 (spread). Time is that of the processor, in one thread; judging does
not count.
"""

import argparse
import math
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

import latentwalk as lw
from avatar_reader import HELD, factors, pictures, read, reader
from avatars64 import BATCH, deepest, embed
from latentwalk.checkpoints import own
from latentwalk.generator import Generator
from latentwalk.images import save_image
from latentwalk.metrics.quality import frechet
from latentwalk.pictures.grid import grid
from latentwalk.scorers.classifier import Classifier
from latentwalk.training.avatar_factors import BINARY, FACTORS
from latentwalk.training.data import Pictures
from latentwalk.training.recipes import RECIPES, networks
from latentwalk.training.supervise import from_bytes
from latentwalk.training.trainer import Trainer

CODES = 2000
"""Codes that a generator is judged on, each with the conditions of a held-out avatar."""

BINS = 10
"""Equal shares that a factor with a degree is cut into, where nats are counted."""

SHOWN = ("nothing", "glasses", "hat", "beard", "smile", "long_hair")
"""Columns of the sheet."""


def judged(generator: Generator, judge: Classifier, labels: Tensor) -> dict[str, list[float]]:
    """Obeys, arrives and stays, for every condition."""
    codes = generator.sample(CODES, labels)
    before = read(judge, generator.render(codes))
    figures: dict[str, list[float]] = {"obeys": (before == labels.bool()).float().mean(0).tolist()}
    figures |= {"arrives": [], "stay": []}
    for one in range(len(BINARY)):
        turned = labels.clone()
        turned[:, one] = 1 - turned[:, one]
        after = read(judge, generator.render(generator.sample(CODES, turned)))
        others = [other for other in range(len(BINARY)) if other != one]
        figures["arrives"].append(float((after[:, one] == turned[:, one].bool()).float().mean()))
        figures["stay"].append(float((after[:, others] == before[:, others]).float().mean()))
    return figures


def distance(generator: Generator, held: Pictures, labels: Tensor) -> tuple[float, float]:
    """FD-E of samples to drawings, and that of other drawings."""
    features, drawn = deepest(), from_bytes(held.images)
    made = generator.render(generator.sample(CODES, labels))
    here, there, other = (embed(features, iter(part.split(BATCH))) for part in (made, *drawn.split(CODES)))
    return frechet(here, there), frechet(other, there)


def apart(images: Tensor) -> float:
    """How far two pictures are apart: the mean distance of each to the one that is half of all away."""
    return float((images - images.roll(len(images) // 2, 0)).square().mean((1, 2, 3)).sqrt().mean())


@torch.no_grad()
def informed(generator: Generator, trainer: Trainer) -> list[str]:
    """What the class of an InfoGAN says, in nats: to its own reader (Chen et al., 2016, equation 5), and about each
    factor as the bundled scorer reads it."""
    labels = torch.arange(CODES) % generator.classes
    images = generator.render(generator.sample(CODES, labels))
    reads = trainer.networks["reader"].eval()
    own_reader = torch.cat([reads(part)[:, : generator.classes] for part in images.split(250)])
    reads.train()
    nats = [math.log(generator.classes) - float(F.cross_entropy(own_reader, labels))]
    for place, column in enumerate(factors(lw.load_scorer("avatars64"), images).T):
        ranks = column.argsort().argsort()
        nats.append(information(labels, (column > 0).long() if place < len(BINARY) else ranks * BINS // len(ranks)))
    return [f"{each:.3f}" for each in nats]


def information(first: Tensor, second: Tensor) -> float:
    """Between two things that are counted, in nats. It is seldom below (kinds - 1) (kinds - 1) / (2 n), by chance."""
    joint = torch.zeros(int(first.max()) + 1, int(second.max()) + 1)
    joint = joint.index_put_((first, second), torch.tensor(1.0), accumulate=True) / len(first)
    parts = (joint.sum(1), joint.sum(0), joint)
    of_first, of_second, of_both = (float(torch.special.entr(part).sum()) for part in parts)
    return of_first + of_second - of_both


def alone(generator: Generator) -> Image.Image:
    """A row per seed: nothing, each condition alone, and all of them."""
    size = generator.classes
    kinds = torch.cat((torch.zeros(1, size), torch.eye(size), torch.ones(1, size)))
    rows = [generator.render(generator.sample([seed] * len(kinds), kinds)) for seed in range(8)]
    return grid(torch.cat(rows), len(kinds))


def degrees(generator: Generator) -> Image.Image:
    """A row per condition: its opposite, not there, half there, there, and twice (Lee and Seok, 2017)."""
    steps = torch.tensor([-1.0, 0.0, 0.5, 1.0, 2.0])
    rows = [
        generator.render(generator.sample([3] * len(steps), steps[:, None] * torch.eye(generator.classes)[one]))
        for one in range(generator.classes)
    ]
    return grid(torch.cat(rows), len(steps))


def sheet(generators: dict[str, Generator], seeds: tuple[int, ...]) -> Image.Image:
    """A row per generator and seed: nothing, and each condition alone."""
    kinds = torch.stack([torch.tensor([float(name == kind) for name in BINARY]) for kind in SHOWN])
    images, captions = [], []
    for name, generator in generators.items():
        for seed in seeds:
            images.append(generator.render(generator.sample([seed] * len(kinds), kinds)))
            captions += [f"{name}: none", *(kind.replace("_", " ") for kind in SHOWN[1:])]
    return grid(torch.cat(images), len(SHOWN), captions, scale=4)


def trained(name: str, data: Pictures, kimg: float, looks: int) -> Iterator[tuple[str, Trainer]]:
    """The recipe at work: minutes of the processor, thousands of pictures and the load, and what there is by then."""
    known, recipe = RECIPES[name], replace(RECIPES[name].recipe, kimg=kimg)
    trainer = Trainer(recipe, networks(known, recipe, 32, labels=data.values), data)
    step, spent = 0, 0.0
    for look in range(looks):
        begun = time.process_time()
        while step < recipe.steps * (look + 1) // looks:
            torch.manual_seed(step)
            trainer.step(step)
            step += 1
        spent += time.process_time() - begun
        yield f"{spent / 60:.1f} | {step * recipe.batch / 1000:.0f} | {os.getloadavg()[0]:.1f}", trainer


def report(name: str, fit: Pictures, held: Pictures, judge: Classifier, asked: argparse.Namespace) -> None:
    """A table of one recipe, and its file and pictures beside."""
    columns = ["own reader", *FACTORS] if name == "infogan" else [*BINARY, "mean"]
    print(f"| {name} | min | kimg | load | {' | '.join(columns)} |\n|{'---|' * (len(columns) + 4)}")
    labels, generator = held.values[:CODES], None
    for when, trainer in trained(name, fit, asked.kimg or RECIPES[name].recipe.kimg, asked.looks):
        generator = trainer.generator()
        own.write(generator, asked.out / f"{name}.safetensors")
        save_image(asked.out / f"{name}.png", alone(generator))
        save_image(asked.out / f"{name}-degrees.png", degrees(generator))
        if name == "infogan":
            print(f"| nats | {when} | {' | '.join(informed(generator, trainer))} |", flush=True)
            labels = torch.eye(generator.classes)[torch.arange(CODES) % generator.classes]
            continue
        for figure, shares in judged(generator, judge, labels).items():
            print(f"| {figure} | {when} | {' | '.join(f'{s:.3f}' for s in [*shares, sum(shares) / len(shares)])} |")
        print(end="", flush=True)
    assert generator is not None, "there is a look at the end"
    spread = apart(generator.render(generator.sample(CODES, labels))) / apart(from_bytes(held.images))
    print(f"\n{name}: spread {spread:.3f}", flush=True)
    if not asked.quick:
        made, drawn = distance(generator, fit[: 2 * CODES], labels)
        print(f"{name}: FD-E {made:.0f} (other drawings {drawn:.0f})", flush=True)
    print()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    labelled = [name for name, known in RECIPES.items() if known.labelled]
    parser.add_argument("recipes", nargs="+", choices=[*labelled, "infogan"])
    parser.add_argument("--kimg", type=float, help="thousands of pictures; the recipe's own if not given")
    parser.add_argument("--looks", type=int, default=3, help="how often it is judged")
    parser.add_argument("--quick", action="store_true", help="no FD-E, which takes two minutes")
    parser.add_argument("--sheet", action="store_true", help="a picture of those that were trained into --out")
    parser.add_argument("--seeds", type=int, nargs="+", default=[2], help="of the sheet")
    parser.add_argument("--count", type=int, default=24_000)
    parser.add_argument("--out", type=Path, default=Path("out/training"))
    asked = parser.parse_args()
    torch.set_num_threads(1)
    asked.out.mkdir(parents=True, exist_ok=True)

    if asked.sheet:
        generators = {name: lw.load(asked.out / f"{name}.safetensors") for name in asked.recipes}
        save_image(asked.out / "training.png", sheet(generators, tuple(asked.seeds)))
        return
    data = pictures(asked.count).only(BINARY)
    fit, held = data[:-HELD], data[-HELD:]
    judge = reader(fit, asked.out / "reader.safetensors")
    right = (read(judge, held.images.float() / 127.5 - 1) == held.values.bool()).float().mean(0)
    print(f"the classifier on held-out drawings: {', '.join(f'{share:.4f}' for share in right.tolist())}\n")
    for name in asked.recipes:
        report(name, fit, held, judge, asked)


if __name__ == "__main__":
    main()
