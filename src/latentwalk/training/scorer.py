"""A scorer for any generator from a few hand labels on its own samples.

Probes on the generator's activations learn from the hand labels, label tens of thousands of fresh samples, and an
image classifier learns from those under augmentation. It ends up better than the probes it learned from: their errors
differ from sample to sample, and it sees only the picture.
"""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from latentwalk.generator import Generator
from latentwalk.progress import Progress, silent
from latentwalk.samples import Samples, fresh_seeds
from latentwalk.scorers.classifier import Classifier
from latentwalk.scores import score
from latentwalk.training.augment import Augmentation
from latentwalk.training.judge import calibrate, report
from latentwalk.training.loop import train
from latentwalk.training.one_cycle import OneCycle, Schedule
from latentwalk.training.probes import Probes, fit_probes, readable
from latentwalk.training.runs import open_run
from latentwalk.training.supervise import steps_per_epoch, supervision, to_bytes
from latentwalk.weights import fingerprint


@dataclass(frozen=True)
class ScorerRecipe:
    """Everything that decides how a scorer is trained.

    samples: fresh samples that the probes label. epochs: passes over them. layers: what the probes read, the code
    ("code") and the hidden layers when empty. holdout: share of the labels, from the end of the file, that no step
    sees; they judge.
    """

    samples: int = 32_000
    epochs: int = 6
    batch: int = 128
    architecture: str = "resnet18"
    width: int = 24
    layers: tuple[str, ...] = ()
    holdout: float = 0.25
    seed: int = 0
    rate: float = 4e-3
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        if not 0 < self.holdout < 0.9:
            raise ValueError(f"the share of held-out labels lies between 0 and 0.9, got {self.holdout}")
        if min(self.samples, self.epochs, self.batch) < 1 or self.samples < self.batch:
            raise ValueError(
                f"expected at least one epoch and one batch of samples, got samples {self.samples}, "
                f"epochs {self.epochs}, batch {self.batch}"
            )


def learn_from_labels(
    generator: Generator,
    labels: Samples,
    recipe: ScorerRecipe | None = None,
    run: Path | None = None,
    progress: Progress = silent,
) -> Classifier:
    """Hand labels -> probes -> pseudo-labels -> image classifier -> calibrated scorer with its card.

    labels.scores: 1, 0 or NaN [n, a]. run: folder for the checkpoint, so that an interrupted run can be continued.
    Raises ValueError for too few labels or a run that began otherwise, and loop.Interrupted on Ctrl-C.
    """
    recipe = recipe or ScorerRecipe()
    checkpoint = open_run(run, _settings(generator, labels, recipe))
    used, unseen = split(labels, recipe.holdout)
    probes = fit_probes(generator, used, recipe.layers or readable(generator), recipe.seed)
    pictures, targets = pseudo_label(generator, probes, recipe, progress)

    scorer = Classifier.fresh(
        labels.attributes, recipe.architecture, recipe.width, generator.image_shape[0], recipe.seed
    )
    schedule = Schedule(recipe.epochs * steps_per_epoch(len(pictures), recipe.batch), recipe.rate)
    loss = supervision(pictures.__getitem__, targets, labels.attributes, recipe.batch, recipe.augmentation, recipe.seed)
    train(OneCycle(scorer, loss, schedule, generator.device), schedule.steps, recipe.seed, checkpoint, progress)
    scorer.freeze()

    calibrate(scorer, score(generator, scorer, used.latents), used.scores)
    logits = score(generator, scorer, unseen.latents)
    scorer.card = _card(generator, recipe, probes, report(logits, unseen.scores, labels.attributes))
    return scorer


def split(labels: Samples, holdout: float) -> tuple[Samples, Samples]:
    """The labels that are used and those, from the end, that are never seen before the judgement."""
    cut = round(len(labels.latents) * (1 - holdout))
    return (
        Samples(labels.latents[:cut], labels.scores[:cut], labels.attributes),
        Samples(labels.latents[cut:], labels.scores[cut:], labels.attributes),
    )


@torch.no_grad()
def pseudo_label(
    generator: Generator, probes: Probes, recipe: ScorerRecipe, progress: Progress
) -> tuple[Tensor, Tensor]:
    """Fresh images as bytes [n, c, h, w] and their probabilities by the probes [n, a]."""
    seeds = fresh_seeds(recipe.samples, 1 + recipe.seed)
    pictures = torch.empty(recipe.samples, *generator.image_shape, dtype=torch.uint8)
    targets = []
    for start in range(0, recipe.samples, 256):
        latents = generator.sample(seeds[start : start + 256])
        images, logits = probes.draw(generator, latents)
        pictures[start : start + len(latents)] = to_bytes(images).cpu()
        targets.append(logits.sigmoid().cpu())
        progress("labelling samples", start + len(latents), recipe.samples)
    return pictures, torch.cat(targets)


def _card(generator: Generator, recipe: ScorerRecipe, probes: Probes, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """How a scorer came about and how good it is on labels that no step saw."""
    return {
        "generator": generator.fingerprint,
        "recipe": asdict(recipe),
        "probes": {"layers": probes.layers, "cross_validated_auc": probes.auc},
        "held_out": rows,
    }


def _settings(generator: Generator, labels: Samples, recipe: ScorerRecipe) -> dict[str, Any]:
    """What has to be the same when a run is continued."""
    return {
        "recipe": asdict(recipe),
        "generator": generator.fingerprint,
        "attributes": labels.attributes,
        "labels": fingerprint({"codes": labels.latents.values, "scores": labels.scores}),
    }
