"""A scorer for any generator from a few hand labels on its own samples.

Probes on the generator's activations learn from the hand labels, label tens of thousands of fresh samples, and an
image classifier learns from those under augmentation. It ends up better than the probes it learned from: their errors
differ from sample to sample, and it sees only the picture.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from latentwalk.files import write_text
from latentwalk.generator import Generator
from latentwalk.samples import Progress, Samples, fresh_seeds, silent
from latentwalk.scorers.classifier import Classifier
from latentwalk.scores import score
from latentwalk.training.augment import Augmentation, augment, mirror_columns
from latentwalk.training.judge import report, temperature
from latentwalk.training.loop import Schedule, train
from latentwalk.training.probes import Probes, fit_probes


@dataclass(frozen=True)
class ScorerRecipe:
    """Everything that decides how a scorer is trained.

    samples: fresh samples that the probes label. epochs: passes over them. layers: layers the probes may read, all
    hidden ones when empty. holdout: share of the labels, from the end of the file, that no step sees; they judge.
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


def train_scorer(
    generator: Generator,
    labels: Samples,
    recipe: ScorerRecipe | None = None,
    run: Path | None = None,
    progress: Progress = silent,
) -> Classifier:
    """Hand labels -> probes -> pseudo-labels -> image classifier -> calibrated scorer with its card.

    labels.scores: 1, 0 or NaN [n, a]. run: folder for the checkpoint, so that an interrupted run can be continued.
    Raises ValueError for too few labels, and loop.Interrupted on Ctrl-C.
    """
    recipe = recipe or ScorerRecipe()
    used, unseen = split(labels, recipe.holdout)
    probes = fit_probes(generator, used, recipe.layers or generator.layer_names[:-1], recipe.seed)
    pictures, targets = pseudo_label(generator, probes, recipe, progress)
    if run is not None:
        _check_run(run, recipe, generator, labels)

    torch.manual_seed(recipe.seed)
    scorer = Classifier(labels.attributes, recipe.architecture, recipe.width, generator.image_shape[0])
    scorer.to(memory_format=torch.channels_last)
    schedule = Schedule(recipe.epochs * (len(pictures) // recipe.batch), recipe.rate, seed=recipe.seed)
    checkpoint = run / "checkpoint.pt" if run else None
    loss = distillation(pictures, targets, labels.attributes, recipe)
    train(scorer, loss, schedule, checkpoint, progress, device=generator.device)
    scorer.freeze()

    _calibrate(scorer, score(generator, scorer, used.latents), used.scores)
    logits = score(generator, scorer, unseen.latents)
    scorer.card = card(generator, recipe, probes, report(logits, unseen.scores, labels.attributes))
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
        images = (generator.synthesize(latents) + 1) * 127.5
        pictures[start : start + len(latents)] = images.round().clamp(0, 255).byte().cpu()
        targets.append(probes(generator, latents).sigmoid().cpu())
        progress("labelling samples", start + len(latents), recipe.samples)
    return pictures, torch.cat(targets)


def distillation(pictures: Tensor, targets: Tensor, attributes: tuple[str, ...], recipe: ScorerRecipe):
    """Binary cross-entropy on the logits against the probes' probabilities, for the batch of a step."""
    mirrored = mirror_columns(attributes)
    per_epoch = len(pictures) // recipe.batch

    def loss(network: nn.Module, step: int) -> Tensor:
        epoch, place = divmod(step, per_epoch)
        order = torch.randperm(len(pictures), generator=torch.Generator().manual_seed(recipe.seed * 1000 + epoch))
        rows = order[place * recipe.batch : (place + 1) * recipe.batch]
        device = next(network.parameters()).device
        images, flipped = augment(pictures[rows].to(device).float() / 127.5 - 1, recipe.augmentation)
        wanted = targets[rows].to(device)
        wanted = torch.where(flipped[:, None] > 0, wanted[:, mirrored], wanted)
        # bfloat16 halves the time of a convolution where the processor has it and costs no accuracy here.
        with torch.autocast(device.type, torch.bfloat16):
            logits = network(images)
        return F.binary_cross_entropy_with_logits(logits.float(), wanted)

    return loss


def _calibrate(scorer: Classifier, logits: Tensor, labels: Tensor) -> None:
    found = [temperature(x, y) for x, y in zip(logits.T.cpu(), labels.T.cpu(), strict=True)]
    scorer.temperature.copy_(torch.tensor(found).to(scorer.temperature))


def card(generator: Generator, recipe: ScorerRecipe, probes: Probes, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """How a scorer came about and how good it is on labels that no step saw."""
    return {
        "generator": generator.fingerprint,
        "recipe": asdict(recipe),
        "probes": {"layer": probes.layer, "cross_validated_auc": probes.auc},
        "held_out": rows,
    }


def _check_run(run: Path, recipe: ScorerRecipe, generator: Generator, labels: Samples) -> None:
    """Refuse to continue a run that was started with something else."""
    now: Mapping[str, Any] = {
        "recipe": asdict(recipe),
        "generator": generator.fingerprint,
        "attributes": labels.attributes,
        "labels": len(labels.latents),
    }
    path = run / "run.json"
    text = json.dumps(now, indent=2)
    if path.exists() and path.read_text(encoding="utf-8") != text:
        raise ValueError(f"{run} holds a run with other settings: use the same ones, or another --run folder")
    write_text(path, text)
