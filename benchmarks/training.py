"""What recipes reach on avatars of 32 pixels in some minutes of one core. Prints Markdown for docs/results.md.

    python benchmarks/training.py acgan --minutes 15

Five conditions, half of all pictures each. A classifier that learned from the drawings alone reads what is painted: how
often a condition is what was asked for (obeys), and when one of them is turned round and the noise stays, how often it
is read as turned (arrives) and the others as they were (stay). Time is that of the processor, in one thread.
"""

import argparse
import json
import os
import time
from pathlib import Path

import torch
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


def sheet(generator: Generator) -> Tensor:
    """A row per seed: nothing of the conditions, each alone, and all of them."""
    kinds = torch.cat((torch.zeros(1, len(BINARY)), torch.eye(len(BINARY)), torch.ones(1, len(BINARY))))
    rows = [generator.render(generator.sample([seed] * len(kinds), kinds)) for seed in range(8)]
    return grid(torch.cat(rows), len(kinds))


def trained(name: str, data: Pictures, minutes: float, folder: Path) -> Trainer:
    """The recipe after so many minutes of the processor."""
    known = RECIPES[name]
    trainer = Trainer(known.recipe, networks(known, known.recipe, 32, labels=data.values), data)
    start, step, shown = time.process_time(), 0, 0
    while (seconds := time.process_time() - start) < 60 * minutes:
        torch.manual_seed(step)
        losses = trainer.step(step)
        step += 1
        if seconds > 60 * (shown + 1):
            shown += 1
            line = {name: round(float(loss), 3) for name, loss in losses.items()}
            print(f"{shown} min, {step * known.recipe.batch / 1000:.0f} kimg: {json.dumps(line)}", flush=True)
            save_image(folder / f"{name}.png", sheet(trainer.generator()))
    print(f"{name}: {step * known.recipe.batch / 1000:.0f} kimg in {minutes:g} min, load {os.getloadavg()[0]:.1f}\n")
    return trainer


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("recipes", nargs="+", choices=[name for name, known in RECIPES.items() if known.labelled])
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--count", type=int, default=24_000)
    parser.add_argument("--out", type=Path, default=Path("out/training"))
    asked = parser.parse_args()
    torch.set_num_threads(1)
    asked.out.mkdir(parents=True, exist_ok=True)

    data = pictures(asked.count)
    fit, held = data[:-HELD], data[-HELD:]
    judge = reader(fit, asked.out / "reader.safetensors")
    right = (read(judge, held.images.float() / 127.5 - 1) == held.values.bool()).float().mean(0)
    print(f"the classifier on held-out drawings: {', '.join(f'{share:.4f}' for share in right.tolist())}\n", flush=True)
    for name in asked.recipes:
        generator = trained(name, fit, asked.minutes, asked.out).generator()
        own.write(generator, asked.out / f"{name}.safetensors")
        save_image(asked.out / f"{name}.png", sheet(generator))
        print(f"| {name} | {' | '.join(BINARY)} | mean |\n|---|{'---|' * (len(BINARY) + 1)}")
        for figure, shares in judged(generator, judge, held.values[:CODES]).items():
            print(f"| {figure} | {' | '.join(f'{s:.3f}' for s in [*shares, sum(shares) / len(shares)])} |")
        print(flush=True)


if __name__ == "__main__":
    main()
