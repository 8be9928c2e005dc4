"""Classifiers: what is saved is what is loaded, and nothing else is."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from latentwalk.scorers.classifier import ARCHITECTURES, Classifier
from latentwalk.scores import Scorer


@pytest.fixture(params=ARCHITECTURES)
def scorer(request) -> Classifier:
    made = Classifier.fresh(("smiling", "hat"), request.param, 8, 3, seed=0)
    for module in made.modules():  # statistics as after some training
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_var.fill_(0.7)
    made.temperature.copy_(torch.tensor([0.5, 2.0]))
    made.card = {"held_out": [{"attribute": "hat", "auc": 0.9}]}
    return made.freeze()


@pytest.fixture
def images():
    return torch.rand(6, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_saved_and_loaded_gives_the_same_logits(scorer, images, tmp_path):
    path = tmp_path / "scorer.safetensors"
    scorer.save(path)
    loaded = Classifier.load(path)
    torch.testing.assert_close(loaded(images), scorer(images), atol=5e-3, rtol=0)
    assert loaded.attributes == scorer.attributes and loaded.card == scorer.card
    assert loaded.architecture == scorer.architecture and loaded.source == str(path)
    loaded.save(path)
    assert torch.equal(Classifier.load(path)(images), loaded(images)), "saving again loses nothing more"


def test_frozen_weights_and_gradients_that_reach_the_image(scorer, images):
    images.requires_grad_()
    before = {name: tensor.clone() for name, tensor in scorer.state_dict().items()}
    scorer(images).sum().backward()
    assert images.grad is not None and images.grad.abs().sum() > 0
    assert all(p.grad is None and not p.requires_grad for p in scorer.parameters())
    assert all(torch.equal(before[name], tensor) for name, tensor in scorer.state_dict().items())


def test_an_image_does_not_depend_on_its_batch(scorer, images):
    torch.testing.assert_close(scorer(images)[2:3], scorer(images[2:3]), atol=1e-5, rtol=1e-5)


def test_other_sizes_are_scored_too(scorer):
    assert scorer(torch.zeros(2, 3, 128, 96)).shape == (2, 2)


def test_temperature_divides(scorer, images):
    warm = scorer(images)
    scorer.temperature.mul_(2)
    torch.testing.assert_close(scorer(images), warm / 2)


def test_it_is_a_scorer_and_seeds_decide():
    one, two, other = (Classifier.fresh(("a",), "resnet18", 8, 3, seed) for seed in (0, 0, 1))
    assert isinstance(one, Scorer)
    assert one.fingerprint == two.fingerprint != other.fingerprint


def test_other_channels_and_architectures_are_refused(scorer):
    with pytest.raises(ValueError, match=r"looks at 3 channels, got images \[1, 1, 64, 64\]"):
        scorer(torch.zeros(1, 1, 64, 64))
    with pytest.raises(ValueError, match="no architecture 'vit': there are resnet18, plain"):
        Classifier(("a",), "vit")
    with pytest.raises(ValueError, match="multiple of 8, got 12"):
        Classifier(("a",), "plain", 12)


def description(**changes: object) -> dict[str, str]:
    plain = {"attributes": ["smiling", "hat"], "architecture": "resnet18", "width": 8, "channels": 3} | changes
    return {"kind": "latentwalk.classifier", "description": json.dumps(plain), "card": "{}"}


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"kind": "latentwalk.latents"},
        {"kind": "latentwalk.classifier"},
        description() | {"description": "no json"},
        description() | {"description": "[]"},
        description() | {"card": "[1]"},
        description(architecture="vit"),
        description(width=16),
        description(width=-1),
        description(width=10**9),
        description(width="8"),
        description(attributes=["smiling"]),
        description(attributes=5),
    ],
)
def test_foreign_files_are_refused(tmp_path, metadata):
    path = tmp_path / "scorer.safetensors"
    Classifier.fresh(("smiling", "hat"), "resnet18", 8, 3, 0).save(path)
    save_file(load_file(path), path, metadata)
    with pytest.raises(ValueError, match=r"scorer\.safetensors is no"):
        Classifier.load(path)


def test_damaged_files_are_refused(tmp_path):
    path = tmp_path / "scorer.safetensors"
    Classifier.fresh(("smiling", "hat"), "resnet18", 8, 3, 0).save(path)
    whole = path.read_bytes()
    for spoilt in (b"", whole[:100], whole[:-1000], b"\xff" * 64):
        path.write_bytes(spoilt)
        with pytest.raises(ValueError, match="not a readable scorer"):
            Classifier.load(path)
    with pytest.raises(ValueError, match="not a readable scorer"):
        Classifier.load(tmp_path / "none.safetensors")


def test_values_that_are_not_numbers_are_refused(tmp_path):
    path = tmp_path / "scorer.safetensors"
    made = Classifier.fresh(("smiling", "hat"), "resnet18", 8, 3, 0)
    with torch.no_grad():
        made.network[0].weight[0] = float("nan")
    made.save(path)
    with pytest.raises(ValueError, match="NaN or infinite"):
        Classifier.load(path)
