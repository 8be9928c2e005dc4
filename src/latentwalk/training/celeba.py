"""An attribute classifier from real photographs: CelebA and some of its forty attributes."""

from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.progress import Progress, silent
from latentwalk.scorers.classifier import Classifier
from latentwalk.training.augment import Augmentation
from latentwalk.training.celeba_folder import CelebAPart, read_celeba
from latentwalk.training.judge import calibrate, report
from latentwalk.training.loop import train
from latentwalk.training.one_cycle import OneCycle, Schedule
from latentwalk.training.runs import open_run
from latentwalk.training.supervise import from_bytes, steps_per_epoch, supervision
from latentwalk.weights import fingerprint


@dataclass(frozen=True)
class CelebARecipe:
    """Everything that decides how a classifier of CelebA is trained.

    attributes: some of CelebA's names. Pictures are resized and cropped to 64x64 and mirrored at random, nothing else
    by default.
    """

    attributes: tuple[str, ...] = (
        "Eyeglasses",
        "Smiling",
        "Mouth_Slightly_Open",
        "No_Beard",
        "Wearing_Hat",
        "Black_Hair",
        "Blond_Hair",
        "Male",
        "Young",
    )
    epochs: int = 4
    batch: int = 128
    architecture: str = "resnet18"
    width: int = 24
    seed: int = 0
    rate: float = 4e-3
    augmentation: Augmentation = field(default_factory=lambda: Augmentation(0, 0, 0, 0, 0, 0, mirror=True))


def learn_from_celeba(
    folder: str | Path,
    recipe: CelebARecipe | None = None,
    run: Path | None = None,
    progress: Progress = silent,
    device: torch.device | str = "cpu",
) -> Classifier:
    """Train on the first partition, calibrate on the second, report on the third.

    folder: CelebA in torchvision's layout. run: folder for the checkpoint, so that an interrupted run can be continued.
    Raises ValueError for a folder that does not fit, and loop.Interrupted on Ctrl-C.
    """
    recipe = recipe or CelebARecipe()
    parts = read_celeba(folder, recipe.attributes)
    fit, valid, test = (parts[name] for name in ("train", "valid", "test"))
    steps = recipe.epochs * steps_per_epoch(len(fit.files), recipe.batch)
    if steps < 1:
        raise ValueError(f"{folder} has {len(fit.files)} pictures to train on: expected a batch of {recipe.batch}")
    checkpoint = open_run(run, {"recipe": asdict(recipe), "labels": fingerprint({"labels": fit.labels})})

    scorer = Classifier.fresh(recipe.attributes, recipe.architecture, recipe.width, 3, recipe.seed)
    loss = supervision(fit.read, fit.labels, recipe.attributes, recipe.batch, recipe.augmentation, recipe.seed)
    train(OneCycle(scorer, loss, Schedule(steps, recipe.rate), device), steps, recipe.seed, checkpoint, progress)
    scorer.freeze()

    calibrate(scorer, _logits(scorer, valid, device, progress), valid.labels)
    rows = report(_logits(scorer, test, device, progress), test.labels, recipe.attributes)
    scorer.card = {"data": "CelebA", "recipe": asdict(recipe), "pictures": len(fit.files), "held_out": rows}
    return scorer


@torch.no_grad()
def _logits(
    scorer: Classifier, part: CelebAPart, device: torch.device | str, progress: Progress
) -> Float[Tensor, "n a"]:
    rows = torch.arange(len(part.files)).split(256)
    found = []
    for number, batch in enumerate(rows, start=1):
        found.append(scorer(from_bytes(part.read(batch).to(device))).cpu())
        progress("judging", number, len(rows))
    return torch.cat(found)
