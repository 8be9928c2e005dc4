"""How good are the bundled scorers on hand labels that no step of their training saw?

    python benchmarks/scorer.py [faces64 faces64-judge ...]

Prints one Markdown table per scorer (bundled, or the path of one with the same attributes). The last quarter of the
labels judges: counts, area under the ROC curve with its 95% bootstrap interval, average precision, calibration error.
Two baselines learn from the same three quarters: logistic regression on the latent code, and the probes on the code
and the hidden layers that the recipe labels its samples with.
"""

import sys

import torch
from sklearn.metrics import roc_auc_score

from latentwalk.bundled import ASSETS
from latentwalk.generator import Generator
from latentwalk.jobs.load import load, load_scorer
from latentwalk.labels import read_labels
from latentwalk.samples import Samples
from latentwalk.scores import score
from latentwalk.training.judge import report
from latentwalk.training.probes import CODE, fit_probes, readable
from latentwalk.training.scorer import ScorerRecipe, split

FACES = ASSETS / "faces64"

ATTRIBUTES = (
    "eyeglasses",
    "smiling",
    "mouth_open",
    "facial_hair",
    "hat",
    "long_hair",
    "black_hair=hair:k/n,b,r,g,o",
    "blond_hair=hair:b/k,n,r,g,o",
    "turned_left=yaw:l",
    "turned_right=yaw:r",
)
"""What the bundled scorers learned from the columns of labels.csv.

Frontal faces count against both turns; hidden hair ("x") counts for nothing.
"""


def hand_labels(generator: Generator) -> tuple[Samples, Samples]:
    """The labels that training uses, and those that judge."""
    labels = read_labels(FACES / "labels.csv", generator, FACES / "latents.npy", ATTRIBUTES)
    return split(labels, ScorerRecipe().holdout)


def left_against_right(logits: torch.Tensor, labels: Samples) -> tuple[float, int]:
    """(AUC, faces) of telling a face turned left from one turned right, frontal ones left out."""
    left, right = labels.column("turned_left"), labels.column("turned_right")
    turned = (left + right) == 1
    columns = [labels.attributes.index(name) for name in ("turned_left", "turned_right")]
    lean = logits[:, columns[0]] - logits[:, columns[1]]
    return float(roc_auc_score(left[turned], lean[turned])), int(turned.sum())


def table(logits: torch.Tensor, labels: Samples, baselines: dict[str, torch.Tensor]) -> str:
    """Markdown: one row per attribute, one more column per baseline with its AUC."""
    heads = ["attribute", "labels", "positive", "AUC", "95% interval", "average precision", "calibration error"]
    heads += [f"AUC of {name}" for name in baselines]
    others = [report(found, labels.scores, labels.attributes) for found in baselines.values()]
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)]]
    for row, *rest in zip(report(logits, labels.scores, labels.attributes), *others, strict=True):
        figures = [f"{row['auc']:.3f}", f"{row['auc_low']:.3f} to {row['auc_high']:.3f}"]
        figures += [f"{row['average_precision']:.3f}", f"{row['calibration_error']:.3f}"]
        lines.append([row["attribute"], str(row["labels"]), str(row["positive"]), *figures])
        lines[-1] += [f"{other['auc']:.3f}" for other in rest]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main(scorers: list[str]) -> None:
    generator = load("faces64")
    used, unseen = hand_labels(generator)
    baselines = {
        "the code": fit_probes(generator, used, [CODE]).read(generator, unseen.latents)[1],
        "the probes": fit_probes(generator, used, readable(generator)).read(generator, unseen.latents)[1],
    }
    for name in scorers:
        logits = score(generator, load_scorer(name), unseen.latents)
        auc, faces = left_against_right(logits, unseen)
        print(f"{name}\n\n{table(logits, unseen, baselines)}\n")
        print(f"Left against right, frontal faces left out: AUC {auc:.4f} on {faces} faces.\n")


if __name__ == "__main__":
    main(sys.argv[1:] or ["faces64", "faces64-judge"])
