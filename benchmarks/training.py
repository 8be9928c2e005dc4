"""What recipes reach on avatars of 32 pixels in some minutes of one core. Prints Markdown for docs/results.md.

    python benchmarks/training.py acgan --minutes 15

Five conditions, half of all pictures each. A classifier that learned from the drawings alone reads what is painted: how
often a condition is what was asked for (obeys), and when one of them is turned round and the noise stays, how often it
is read as turned (arrives) and the others as they were (stay). For infogan, what its class says, in nats. Time is that
of the processor, in one thread; judging does not count.
"""

import argparse
import math
import os
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from PIL.Image import Image
from torch import Tensor
from torch.nn import functional as F

from latentwalk.checkpoints import own
from latentwalk.generator import Generator
from latentwalk.images import save_image
from latentwalk.pictures.grid import grid
from latentwalk.scorers.classifier import Classifier
from latentwalk.training.avatar_factors import BINARY
from latentwalk.training.avatars import avatars
from latentwalk.training.data import Pictures
from latentwalk.training.one_cycle import OneCycle, Schedule
from latentwalk.training.recipes import RECIPES, networks
from latentwalk.training.trainer import Trainer

HELD, BATCH, EPOCHS = 2000, 64, 4
CODES = 2000
"""Codes that a generator is judged on, each with the conditions of a held-out avatar."""


def pictures(count: int) -> Pictures:
    """Avatars of 32 pixels: those of 64, four pixels averaged."""
    drawn = avatars(count)
    small = [F.avg_pool2d(part.float(), 2).round().byte() for part in drawn.images.split(1000)]
    return Pictures(torch.cat(small), drawn.attributes, drawn.values).only(BINARY)


def reader(data: Pictures, file: Path) -> Classifier:
    """A classifier of the conditions, read from the file if it is there."""
    if file.exists():
        return Classifier.load(file)
    per_epoch = len(data) // BATCH

    def loss(network: torch.nn.Module, step: int) -> Tensor:
        epoch, place = divmod(step, per_epoch)
        order = torch.randperm(len(data), generator=torch.Generator().manual_seed(epoch))
        rows = order[place * BATCH : (place + 1) * BATCH]
        return F.binary_cross_entropy_with_logits(network(data.images[rows].float() / 127.5 - 1), data.values[rows])

    made = Classifier.fresh(BINARY, "resnet18", 16, 3, 0)
    learner = OneCycle(made, loss, Schedule(EPOCHS * per_epoch))
    for step in range(learner.schedule.steps):
        learner.step(step)
    made.freeze().save(file)
    return Classifier.load(file)


@torch.no_grad()
def read(judge: Classifier, images: Tensor) -> Tensor:
    """Which conditions hold in pictures."""
    return torch.cat([judge(part) > 0 for part in images.split(250)])


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


def sheet(generator: Generator) -> Image:
    """A row per seed: nothing, each condition alone, and all of them."""
    size = generator.classes
    kinds = torch.cat((torch.zeros(1, size), torch.eye(size), torch.ones(1, size)))
    rows = [generator.render(generator.sample([seed] * len(kinds), kinds)) for seed in range(8)]
    return grid(torch.cat(rows), len(kinds))


def degrees(generator: Generator) -> Image:
    """A row per condition: its opposite, not there, half there, there, and twice (Lee and Seok, 2017)."""
    steps = torch.tensor([-1.0, 0.0, 0.5, 1.0, 2.0])
    rows = [
        generator.render(generator.sample([3] * len(steps), steps[:, None] * torch.eye(generator.classes)[one]))
        for one in range(generator.classes)
    ]
    return grid(torch.cat(rows), len(steps))


def trained(name: str, data: Pictures, minutes: float, every: float) -> Iterator[tuple[float, int, Trainer]]:
    """The recipe at work: minutes of the processor, thousands of pictures, and what there is by then."""
    known = RECIPES[name]
    trainer = Trainer(known.recipe, networks(known, known.recipe, 32, labels=data.values), data)
    step, spent = 0, 0.0
    for end in (every * (i + 1) for i in range(round(minutes / every))):
        begun = time.process_time()
        while spent + time.process_time() - begun < 60 * end:
            torch.manual_seed(step)
            trainer.step(step)
            step += 1
        spent += time.process_time() - begun
        yield end, step * known.recipe.batch // 1000, trainer


@torch.no_grad()
def informed(generator: Generator, trainer: Trainer, judge: Classifier) -> list[str]:
    """What the class of an InfoGAN says, in nats: to its own reader (Chen et al., 2016, equation 5), and about each
    condition as the classifier reads it."""
    labels = torch.arange(CODES) % generator.classes
    images = generator.render(generator.sample(CODES, labels))
    said = [trainer.networks["reader"](part)[:, : generator.classes] for part in images.split(250)]
    own_reader = math.log(generator.classes) - float(F.cross_entropy(torch.cat(said), labels))
    holds = read(judge, images).float()
    share = torch.stack([holds[labels == c].mean(0) for c in range(generator.classes)])
    gain = entropy(holds.mean(0)) - entropy(share).mean(0)
    return [f"{nats:.3f}" for nats in (own_reader, *gain.tolist())]


def entropy(p: Tensor) -> Tensor:
    return torch.special.entr(p) + torch.special.entr(1 - p)


def main() -> None:
    parser = argparse.ArgumentParser()
    labelled = [name for name, known in RECIPES.items() if known.labelled]
    parser.add_argument("recipes", nargs="+", choices=[*labelled, "infogan"])
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--every", type=float, default=3, help="minutes between two judgements")
    parser.add_argument("--count", type=int, default=24_000)
    parser.add_argument("--out", type=Path, default=Path("out/training"))
    asked = parser.parse_args()
    torch.set_num_threads(1)
    asked.out.mkdir(parents=True, exist_ok=True)

    data = pictures(asked.count)
    fit, held = data[:-HELD], data[-HELD:]
    judge = reader(fit, asked.out / "reader.safetensors")
    right = (read(judge, held.images.float() / 127.5 - 1) == held.values.bool()).float().mean(0)
    print(f"the classifier on held-out drawings: {', '.join(f'{share:.4f}' for share in right.tolist())}\n")
    for name in asked.recipes:
        columns = ["own reader", *BINARY] if name == "infogan" else [*BINARY, "mean"]
        print(f"| {name} | min | kimg | load | {' | '.join(columns)} |\n|{'---|' * (len(columns) + 4)}")
        for minutes, kimg, trainer in trained(name, fit, asked.minutes, asked.every):
            generator, when = trainer.generator(), f"{minutes:g} | {kimg} | {os.getloadavg()[0]:.1f}"
            own.write(generator, asked.out / f"{name}.safetensors")
            save_image(asked.out / f"{name}.png", sheet(generator))
            save_image(asked.out / f"{name}-degrees.png", degrees(generator))
            if name == "infogan":
                print(f"| nats | {when} | {' | '.join(informed(generator, trainer, judge))} |", flush=True)
                continue
            for figure, shares in judged(generator, judge, held.values[:CODES]).items():
                print(f"| {figure} | {when} | {' | '.join(f'{s:.3f}' for s in [*shares, sum(shares) / len(shares)])} |")
            print(end="", flush=True)
        print(flush=True)


if __name__ == "__main__":
    main()
