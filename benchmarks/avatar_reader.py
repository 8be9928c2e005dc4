"""Avatars of 32 pixels, and what is read from pictures that should look like them."""

from pathlib import Path

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

from latentwalk.scorers.classifier import Classifier
from latentwalk.scores import Scorer
from latentwalk.training.avatar_factors import BINARY
from latentwalk.training.avatars import avatars
from latentwalk.training.data import Pictures
from latentwalk.training.one_cycle import OneCycle, Schedule

HELD, BATCH, EPOCHS = 2000, 64, 4


def pictures(count: int) -> Pictures:
    """Avatars of 32 pixels: those of 64, four pixels averaged."""
    drawn = avatars(count)
    small = [F.avg_pool2d(part.float(), 2).round().byte() for part in drawn.images.split(1000)]
    return Pictures(torch.cat(small), drawn.attributes, drawn.values)


def reader(data: Pictures, file: Path) -> Classifier:
    """A classifier of the conditions that learned from drawings alone, read from the file if it is there."""
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
def read(judge: Classifier, images: Float[Tensor, "n c h w"]) -> Bool[Tensor, "n 5"]:
    """Which conditions hold in pictures."""
    return torch.cat([judge(part) > 0 for part in images.split(250)])


@torch.no_grad()
def factors(scorer: Scorer, images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n 12"]:
    """Logits of all factors, by the bundled scorer, which looks at 64 pixels."""
    return torch.cat([scorer(F.interpolate(part, scale_factor=2)) for part in images.split(250)])
