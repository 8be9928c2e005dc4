"""Linear probes on a generator's own activations: what a few hand labels are enough for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits
from torch import Tensor

from latentwalk.generator import RENDER_BATCH, Generator
from latentwalk.hooks import read_layers
from latentwalk.latents import Latents
from latentwalk.samples import Samples

CODE = "code"
"""Stands for the latent code itself among the names of layers."""

PENALTIES = (1.0, 4.0, 16.0)
"""Inverse strengths of the L2 penalty that cross-validation chooses from."""

FEWEST = 8
"""Labels of each kind below which an attribute is refused."""

FOLDS = 8

LARGEST = 2**16
"""Values of a layer beyond which it is not read unless it is asked for by name."""


@dataclass(frozen=True, eq=False)
class Probes:
    """One calibrated linear read-out of several layers per attribute.

    weights: [f, a] per layer, on its flattened activations; bias: [a].
    auc: cross-validated area under the ROC curve per attribute, on the labels used for fitting.
    """

    weights: Mapping[str, Float[Tensor, "_ a"]]
    bias: Float[Tensor, "a"]
    auc: tuple[float, ...]

    @property
    def layers(self) -> tuple[str, ...]:
        return tuple(self.weights)

    def read(self, generator: Generator, latents: Latents) -> tuple[Float[Tensor, "n c h w"], Float[Tensor, "n a"]]:
        """Images and logits of codes, in one pass."""
        images, found = _pass(generator, latents, self.layers)
        return images, sum((found[layer] @ weight for layer, weight in self.weights.items()), self.bias)


@torch.no_grad()
def activations(generator: Generator, latents: Latents, layers: Sequence[str]) -> dict[str, Float[Tensor, "n _"]]:
    """Flattened activations of any number of codes by layer name."""
    parts = [_pass(generator, part, layers)[1] for part in latents.split(RENDER_BATCH)]
    return {layer: torch.cat([part[layer] for part in parts]) for layer in layers}


def readable(generator: Generator) -> tuple[str, ...]:
    """The code, and every layer before the image that is small enough to keep for hundreds of codes."""
    hidden = generator.layer_names[:-1]
    sizes = activations(generator, generator.sample([0]), hidden)
    return (CODE, *(layer for layer in hidden if sizes[layer].shape[1] <= LARGEST))


def _pass(generator: Generator, latents: Latents, layers: Sequence[str]) -> tuple[Tensor, dict[str, Tensor]]:
    with read_layers(generator, [layer for layer in layers if layer != CODE], stop=False) as found:
        images = generator.synthesize(latents)
    found[CODE] = latents.values
    return images, {layer: found[layer].flatten(1).float() for layer in layers}


def fit_probes(generator: Generator, samples: Samples, layers: Sequence[str], seed: int = 0) -> Probes:
    """Logistic regression on each layer's activations, then one more on their logits (stacking, Wolpert, 1992).

    Layers err on different pictures, so together they are better than the best of them. The second regression learns
    from held-out logits only, and so makes probabilities of them too (Platt, 1999).
    samples.scores: 1, 0 or NaN. layers: names, or CODE. Raises ValueError when an attribute has too few labels of one
    kind.
    """
    _check_counts(samples)
    features = activations(generator, samples.latents, layers)
    # Every layer in the few coordinates that its labelled codes span, whatever its size.
    spans = {layer: _span(x) for layer, x in features.items()}
    # The problems are small: threads would wait for each other longer than they work, above all on a busy machine.
    with threadpool_limits(1):
        columns = [_fit_column([s[0] for s in spans.values()], y.cpu().numpy(), seed) for y in samples.scores.T]
    # Back from those coordinates to one weight per activation; what was subtracted as the mean goes into the bias.
    weights: dict[str, Tensor] = {}
    bias = torch.tensor([c.bias for c in columns], device=generator.device)
    for index, (layer, (_, basis, mean)) in enumerate(spans.items()):
        inside = np.stack([c.weights[index] for c in columns], 1)
        weights[layer] = basis @ torch.from_numpy(inside).to(basis)
        bias = bias - mean @ weights[layer]
    return Probes(weights, bias, tuple(c.auc for c in columns))


def _span(x: Tensor) -> tuple[np.ndarray, Tensor, Tensor]:
    """(coordinates [n, r], basis [f, r], mean [f]) with coordinates = (x - mean) @ basis, of mean square 1 per row.

    With fewer samples than features, the samples' own span holds every L2-regularised solution.
    """
    mean = x.mean(0)
    centred = (x - mean).cpu().double()  # not every device has float64
    # The products of samples with each other are [n, n], however many activations [f] there are.
    gram = centred @ centred.T
    scale = gram.diagonal().mean()
    values, vectors = torch.linalg.eigh(gram / scale)
    kept = values > 1e-9
    roots = values[kept].sqrt()
    basis = centred.T @ (vectors[:, kept] / roots) / scale
    return (vectors[:, kept] * roots).numpy(), basis.to(x), mean


@dataclass(frozen=True, eq=False)
class _Column:
    """One attribute: weights in the coordinates of each layer, a bias, and the cross-validated AUC."""

    weights: list[np.ndarray]
    bias: float
    auc: float


def _fit_column(layers: list[np.ndarray], y: np.ndarray, seed: int) -> _Column:
    known = ~np.isnan(y)
    y = y[known]
    # One model per layer, each with its logits on codes that it did not learn from.
    models, held_out = zip(*(_fit_layer(x[known], y, seed) for x in layers), strict=True)
    # One more model weighs the layers by how right those logits are. Its own quality is cross-validated in turn.
    evidence = np.stack(held_out, 1)
    stack = LogisticRegression(C=1.0).fit(evidence, y)
    auc = roc_auc_score(y, _held_out(LogisticRegression(C=1.0), evidence, y, seed + 1))
    # A weighted sum of linear models is a linear model: only its weights and its bias are kept.
    shares = stack.coef_[0]
    weights = [share * model.coef_[0] for share, model in zip(shares, models, strict=True)]
    bias = float(stack.intercept_[0]) + sum(float(s * m.intercept_[0]) for s, m in zip(shares, models, strict=True))
    return _Column(weights, bias, float(auc))


def _fit_layer(x: np.ndarray, y: np.ndarray, seed: int) -> tuple[LogisticRegression, np.ndarray]:
    """The model with the best penalty, and its logits on the folds that it did not learn from."""
    tried = [(model := LogisticRegression(C=c, max_iter=300), _held_out(model, x, y, seed)) for c in PENALTIES]
    model, held_out = max(tried, key=lambda pair: float(roc_auc_score(y, pair[1])))
    return model.fit(x, y), held_out


def _held_out(model: LogisticRegression, x: np.ndarray, y: np.ndarray, seed: int) -> np.ndarray:
    logits = np.empty(len(y))
    for fit, rest in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(x, y):
        logits[rest] = model.fit(x[fit], y[fit]).decision_function(x[rest])
    return logits


def _check_counts(samples: Samples) -> None:
    for name, column in zip(samples.attributes, samples.scores.T, strict=True):
        yes, no = int((column == 1).sum()), int((column == 0).sum())
        if min(yes, no) < FEWEST:
            raise ValueError(
                f"{name} has {yes} positive and {no} negative labels to learn from: expected at least {FEWEST} of "
                "each; label more codes or leave it out, or find a direction with `latentwalk discover --method "
                "fewshot`, for which 2 of each are enough"
            )
