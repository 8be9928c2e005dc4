"""Probes find what was planted in the toy generator, from a few hundred labels."""

import pytest
import torch

from latentwalk.samples import Samples
from latentwalk.scores import score
from latentwalk.training import probes
from latentwalk.training.probes import CODE, activations, fit_probes, readable
from toys import ToyScorer


def labelled(toy, count: int = 200, unknown: int = 30) -> Samples:
    latents = toy.sample(range(count))
    labels = (score(toy, ToyScorer(), latents) > 0).float()
    labels[:unknown, 0] = float("nan")
    return Samples(latents, labels, ToyScorer().attributes)


def test_the_planted_truth_is_found(toy):
    found = fit_probes(toy, labelled(toy), [CODE, "entry"])
    fresh = toy.sample(range(1000, 1500))
    images, logits = found.read(toy, fresh)
    truth = score(toy, ToyScorer(), fresh)
    torch.testing.assert_close(images, toy.synthesize(fresh))
    for column in range(3):
        assert torch.corrcoef(torch.stack([logits[:, column], truth[:, column]]))[0, 1] > 0.97
    assert min(found.auc) > 0.98 and found.layers == (CODE, "entry")


def test_every_layer_counts(toy):
    one = fit_probes(toy, labelled(toy, 80), ["entry"])
    assert one.layers == ("entry",)
    more = fit_probes(toy, labelled(toy, 80), [CODE, "entry"])
    assert all(weight.abs().sum() > 0 for weight in more.weights.values())


def test_logits_are_probabilities(toy):
    """The sign of a noisy logit is right as often as the probes say."""
    latents = toy.sample(range(800))
    noise = 2 * torch.randn(800, 3, generator=torch.Generator().manual_seed(0))
    labels = (score(toy, ToyScorer(), latents) + noise > 0).float()
    fit = Samples(latents[:400], labels[:400], ToyScorer().attributes)
    _, logits = fit_probes(toy, fit, ["entry"]).read(toy, latents[400:])
    assert abs(logits.sigmoid().mean() - labels[400:].mean()) < 0.05
    sure = logits.abs() > 2
    assert ((logits > 0) == (labels[400:] > 0))[sure].float().mean() > 0.85


def test_the_same_seed_gives_the_same_probes(toy):
    first, second = (fit_probes(toy, labelled(toy, 80), ["entry"], seed=5) for _ in range(2))
    assert torch.equal(first.weights["entry"], second.weights["entry"]) and torch.equal(first.bias, second.bias)


def test_too_few_labels_are_refused(toy):
    samples = labelled(toy, 40, unknown=0)
    samples.scores[:, 0] = (torch.arange(40) % 2).float()
    samples.scores[:, 1] = 0
    samples.scores[:7, 1] = 1
    with pytest.raises(ValueError, match="7 positive and 33 negative labels to learn from: expected at least 8"):
        fit_probes(toy, samples, ["entry"])


def test_unknown_layers_are_named(toy):
    with pytest.raises(ValueError, match="no layer 'entri': the nearest are"):
        fit_probes(toy, labelled(toy), ["entri"])


def test_huge_layers_are_left_out(tiny, monkeypatch):
    assert readable(tiny) == (CODE, "layers.0", "layers.1")
    sizes = {name: x.shape[1] for name, x in activations(tiny, tiny.sample([0]), tiny.layer_names).items()}
    monkeypatch.setattr(probes, "LARGEST", sizes["layers.0"])
    assert readable(tiny) == (CODE, "layers.0")
