"""Avatars of 32 pixels, and a network that reads their twelve factors, also from pictures that are soft or noisy."""

from pathlib import Path

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

from latentwalk.scorers.classifier import Classifier
from latentwalk.training.avatar_factors import BINARY, FACTORS
from latentwalk.training.avatars import avatars
from latentwalk.training.data import Pictures
from latentwalk.training.one_cycle import OneCycle, Schedule

HELD, BATCH, EPOCHS, WIDTH = 2000, 64, 6, 16

NOISE = 0.2
"""Largest standard deviation of the noise that it learns to look through, in [-1, 1]."""


def pictures(count: int) -> Pictures:
    """Avatars of 32 pixels: those of 64, four pixels averaged."""
    drawn = avatars(count)
    small = [F.avg_pool2d(part.float(), 2).round().byte() for part in drawn.images.split(1000)]
    return Pictures(torch.cat(small), drawn.attributes, drawn.values)


def reader(data: Pictures, file: Path) -> Classifier:
    """A network that learned from drawings alone, read from the file if it is there: logits of the binary factors, and
    the others in standard deviations."""
    if file.exists():
        return Classifier.load(file)
    per_epoch, wanted = len(data) // BATCH, scaled(data.values)

    def loss(network: torch.nn.Module, step: int) -> Tensor:
        torch.manual_seed(step)
        epoch, place = divmod(step, per_epoch)
        order = torch.randperm(len(data), generator=torch.Generator().manual_seed(epoch))
        rows = order[place * BATCH : (place + 1) * BATCH]
        said, truth = network(worn(data.images[rows].float() / 127.5 - 1)), wanted[rows]
        there = F.binary_cross_entropy_with_logits(said[:, : len(BINARY)], truth[:, : len(BINARY)])
        return there + F.mse_loss(said[:, len(BINARY) :], truth[:, len(BINARY) :])

    made = Classifier.fresh(FACTORS, "resnet18", WIDTH, 3, 0)
    learner = OneCycle(made, loss, Schedule(EPOCHS * per_epoch))
    for step in range(learner.schedule.steps):
        learner.step(step)
    made.freeze().save(file)
    return Classifier.load(file)


def worn(images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
    """Pictures as a generator that has not learned long makes them: more or less soft, and half of them noisy."""
    soft = F.avg_pool2d(F.pad(images, (1, 1, 1, 1), mode="replicate"), 3, 1)
    less = torch.lerp(images, soft, torch.rand(len(images), 1, 1, 1))
    noise = (2 * torch.rand(len(images), 1, 1, 1) - 1).clamp(min=0) * NOISE
    return less + torch.randn_like(images) * noise


def scaled(values: Float[Tensor, "n 12"]) -> Float[Tensor, "n 12"]:
    """Factors as they are learned: those with a degree of mean 0 and standard deviation 1."""
    return torch.cat([values[:, : len(BINARY)], (values[:, len(BINARY) :] - 0.5) * 12**0.5], 1)


@torch.no_grad()
def said(judge: Classifier, images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n 12"]:
    return torch.cat([judge(part) for part in images.split(250)])


def read(judge: Classifier, images: Float[Tensor, "n c h w"]) -> Bool[Tensor, "n 5"]:
    """Which conditions hold in pictures."""
    return said(judge, images)[:, : len(BINARY)] > 0


def how_good(judge: Classifier, held: Pictures) -> dict[str, float]:
    """On drawings that it did not learn from: the share of binary factors that it gets right, R^2 of the others."""
    answers, truth = said(judge, held.images.float() / 127.5 - 1), scaled(held.values)
    right = ((answers > 0) == truth.bool()).float().mean(0)
    fit = 1 - (answers - truth).square().mean(0) / truth.var(0, correction=0)
    return dict(zip(FACTORS, torch.cat((right[: len(BINARY)], fit[len(BINARY) :])).tolist(), strict=True))
