"""A scorer from pictures of which everything is known: whether a thing is there, and of what has a degree, how much."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.progress import Progress, silent
from latentwalk.scorers.classifier import Classifier
from latentwalk.training.augment import Augmentation
from latentwalk.training.data import Pictures
from latentwalk.training.judge import calibrate, report
from latentwalk.training.loop import train
from latentwalk.training.one_cycle import OneCycle, Schedule
from latentwalk.training.runs import open_run
from latentwalk.training.supervise import from_bytes, steps_per_epoch, supervision


@dataclass(frozen=True)
class ReaderRecipe:
    """Settings of a reader: everything that decides how it is trained.

    augmentation: must not change what is read. So nothing is moved, turned or mirrored by default: places are read too.
    calibration: share of the pictures, from the end, that set the temperatures and teach nothing else.
    """

    epochs: int = 10
    batch: int = 64
    architecture: str = "resnet18"
    width: int = 12
    seed: int = 0
    rate: float = 4e-3
    augmentation: Augmentation = field(default_factory=lambda: Augmentation(0, 0, 0, 0.03, 0.02, 0.12, mirror=False))
    calibration: float = 0.1


def learn_to_read(
    pictures: Pictures,
    unseen: Pictures,
    recipe: ReaderRecipe | None = None,
    run: Path | None = None,
    progress: Progress = silent,
    device: torch.device | str = "cpu",
) -> Classifier:
    """Pictures and their values in [0, 1] -> a calibrated scorer; its card says how good it is on unseen ones.

    A value that is 1 or 0 becomes a logit as anywhere; of one with a degree, sigmoid(logit) is the degree, because the
    cross-entropy is least there. run: folder for the checkpoint, so that an interrupted run can be continued.
    Raises ValueError for values outside [0, 1], too few pictures, or a run that began otherwise, and loop.Interrupted
    on Ctrl-C.
    """
    recipe = recipe or ReaderRecipe()
    names, cut = pictures.attributes, round(len(pictures) * (1 - recipe.calibration))
    learned, kept = pictures[:cut], pictures[cut:]
    steps = recipe.epochs * steps_per_epoch(cut, recipe.batch)
    if steps < 1 or not len(kept):
        raise ValueError(
            f"expected a batch of {recipe.batch} pictures and some to calibrate with, got {len(pictures)} pictures"
        )
    if not bool(((pictures.values >= 0) & (pictures.values <= 1)).all()):
        raise ValueError("expected values that are known and lie in [0, 1]")
    checkpoint = open_run(run, {"recipe": asdict(recipe), "pictures": pictures.fingerprint})

    scorer = Classifier.fresh(names, recipe.architecture, recipe.width, pictures.images.shape[1], recipe.seed)
    loss = supervision(
        learned.images.__getitem__, learned.values, names, recipe.batch, recipe.augmentation, recipe.seed
    )
    train(OneCycle(scorer, loss, Schedule(steps, recipe.rate), device), steps, recipe.seed, checkpoint, progress)
    scorer.freeze()

    calibrate(scorer, read(scorer, kept.images), kept.values)
    scorer.temperature.clamp_(min=1)  # where nothing is told wrong, any certainty would fit
    rows = agreement(read(scorer, unseen.images), unseen.values, names)
    scorer.card = {"data": pictures.fingerprint, "recipe": asdict(recipe), "pictures": cut, "held_out": rows}
    return scorer


@torch.no_grad()
def read(scorer: Classifier, images: Tensor, batch: int = 250) -> Float[Tensor, "n a"]:
    """Logits of pictures that are bytes [n, c, h, w], 0 to 255; on the CPU."""
    device = scorer.temperature.device
    return torch.cat([scorer(from_bytes(part.to(device))).cpu() for part in images.split(batch)])


def agreement(
    logits: Float[Tensor, "n a"], values: Float[Tensor, "n a"], attributes: Sequence[str]
) -> list[dict[str, Any]]:
    """One row per attribute: that of `judge.report` and the accuracy where values are 1 or 0, else R^2 of the degree.

    R^2 is 1 - (mean squared error) / (variance of the values): 1 is exact, 0 no better than their mean.
    """
    rows = []
    for name, x, y in zip(attributes, logits.T, values.T, strict=True):
        if bool(((y == 0) | (y == 1)).all()):
            right = float(((x > 0) == (y > 0.5)).float().mean())
            rows += [{**report(x[:, None], y[:, None], [name])[0], "accuracy": right}]
        else:
            error = (x.sigmoid() - y).double().square().mean()
            rows += [{"attribute": name, "labels": len(y), "r2": float(1 - error / y.double().var(unbiased=False))}]
    return rows
