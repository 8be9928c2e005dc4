"""Linear probes on a generator's own activations: what a few hand labels are enough for."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from torch import Tensor

from latentwalk.generator import Generator
from latentwalk.hooks import read_layers
from latentwalk.latents import Latents
from latentwalk.samples import Samples

PENALTIES = (1.0, 3.0, 10.0, 30.0)
"""Inverse strengths of the L2 penalty that cross-validation chooses from."""

FEWEST = 8
"""Labels of each kind below which an attribute is refused."""


@dataclass(frozen=True, eq=False)
class Probes:
    """Calibrated linear read-outs of one layer, one column per attribute.

    layer: the layer that is read; weight [f, a] and bias [a] act on its flattened activations.
    auc: cross-validated area under the ROC curve per attribute, on the labels used for fitting.
    """

    layer: str
    weight: Float[Tensor, "f a"]
    bias: Float[Tensor, "a"]
    auc: tuple[float, ...]

    def __call__(self, generator: Generator, latents: Latents) -> Float[Tensor, "n a"]:
        """Logits of codes."""
        return activations(generator, latents, self.layer) @ self.weight + self.bias


@torch.no_grad()
def activations(generator: Generator, latents: Latents, layer: str) -> Float[Tensor, "n f"]:
    """Flattened activations of a layer; the pass stops there."""
    rows = []
    for part in latents.split(128):
        with read_layers(generator, [layer]) as found:
            generator.synthesize(part)
        rows.append(found[layer].flatten(1).float())
    return torch.cat(rows)


def fit_probes(generator: Generator, samples: Samples, layers: Sequence[str], seed: int = 0, folds: int = 8) -> Probes:
    """Logistic regression on each layer's activations; the layer with the best mean cross-validated AUC is kept.

    The penalty is chosen per attribute by cross-validation, and the held-out logits of the same folds give the
    slope and offset that make them probabilities (Platt, 1999).
    samples.scores: 1, 0 or NaN. Raises ValueError when an attribute has too few labels of one kind.
    """
    _check_counts(samples)
    fitted = [_fit_layer(generator, samples, layer, seed, folds) for layer in layers]
    return max(fitted, key=lambda probes: float(np.mean(probes.auc)))


def _fit_layer(generator: Generator, samples: Samples, layer: str, seed: int, folds: int) -> Probes:
    features = activations(generator, samples.latents, layer)
    mean = features.mean(0)
    # With fewer samples than features, the samples' own span holds every L2-regularised solution.
    _, _, basis = torch.linalg.svd(features - mean, full_matrices=False)
    spread = (features - mean).square().sum(1).mean().sqrt()
    coordinates = ((features - mean) @ basis.T / spread).cpu().numpy().astype(np.float64)
    columns = [_fit_column(coordinates, y.cpu().numpy(), seed, folds) for y in samples.scores.T]
    weight = basis.T @ torch.tensor(np.stack([c[0] for c in columns], 1), dtype=basis.dtype).to(basis.device) / spread
    bias = torch.tensor([c[1] for c in columns]).to(weight) - mean @ weight
    return Probes(layer, weight, bias, tuple(c[2] for c in columns))


def _fit_column(x: np.ndarray, y: np.ndarray, seed: int, folds: int) -> tuple[np.ndarray, float, float]:
    """(weight, bias, cross-validated AUC) of one attribute, calibrated."""
    known = ~np.isnan(y)
    x, y = x[known], y[known]
    best: tuple[float, float, np.ndarray] = (-1.0, 1.0, y)
    for penalty in PENALTIES:
        held_out = np.empty(len(y))
        for fit, rest in StratifiedKFold(folds, shuffle=True, random_state=seed).split(x, y):
            held_out[rest] = LogisticRegression(C=penalty, max_iter=500).fit(x[fit], y[fit]).decision_function(x[rest])
        auc = float(roc_auc_score(y, held_out))
        if auc > best[0]:
            best = (auc, penalty, held_out)
    auc, penalty, held_out = best
    platt = LogisticRegression(C=100.0).fit(held_out[:, None], y)
    model = LogisticRegression(C=penalty, max_iter=1000).fit(x, y)
    slope = float(platt.coef_[0, 0])
    return model.coef_[0] * slope, float(model.intercept_[0]) * slope + float(platt.intercept_[0]), auc


def _check_counts(samples: Samples) -> None:
    for name, column in zip(samples.attributes, samples.scores.T, strict=True):
        yes, no = int((column == 1).sum()), int((column == 0).sum())
        if min(yes, no) < FEWEST:
            raise ValueError(
                f"{name} has {yes} positive and {no} negative labels: expected at least {FEWEST} of each; "
                "label more codes or leave it out"
            )
