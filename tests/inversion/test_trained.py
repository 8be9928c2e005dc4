"""The encoder beside a generator: what it says is the answer, labels included, and no other encoder is taken."""

import pytest
import torch

from encoders import planted_encoder, untrained_encoder
from latentwalk.image_encoder import ImageEncoder, beside
from latentwalk.inversion.trained import Trained
from latentwalk.latents import Latents
from random_networks import random_dcgan, random_vae
from toys import ToyGenerator


@pytest.fixture
def vae(tmp_path):
    generator = random_vae()
    generator.source = str(tmp_path / "my.safetensors")
    return generator


@pytest.fixture
def encoder(vae) -> ImageEncoder:
    made = untrained_encoder(vae)
    made.save(beside(vae.source))
    return made


@pytest.fixture
def pictures(vae) -> torch.Tensor:
    return vae.render(vae.sample(3, [0, 1, 2]))


def test_the_answer_has_the_labels_inside(vae, encoder, pictures):
    found = Trained().invert(vae, pictures)
    assert found.latents.space == "zy" and found.latents.labels is None
    assert torch.allclose(
        found.latents.values, torch.cat((encoder.codes(pictures), encoder.labels(pictures)), 1), atol=1e-6
    )
    assert torch.allclose(found.images, vae.render(found.latents)) and found.evaluations.tolist() == [1, 1, 1]


def test_labels_that_are_known_are_taken(vae, encoder, pictures):
    start = vae.sample(3, [2, 0, 1])
    found = Trained().invert(vae, pictures, start).latents
    assert torch.equal(found.values[:, 5:], torch.eye(3)[[2, 0, 1]])
    beside_it = Trained("z").invert(vae, pictures, start).latents
    assert beside_it.space == "z" and torch.equal(beside_it.labels, start.labels)
    assert torch.equal(beside_it.values, found.values[:, :5])


def test_labels_in_z_are_those_that_the_encoder_reads(vae, encoder, pictures):
    found = Trained("z").invert(vae, pictures).latents
    assert torch.allclose(found.labels, encoder.labels(pictures), atol=1e-6)
    assert torch.allclose(vae.render(found), vae.render(Trained().invert(vae, pictures).latents), atol=1e-6)


def test_a_condition_that_is_turned_in_zy_is_the_label_of_the_same_noise(vae, encoder, pictures):
    found = Trained().invert(vae, pictures).latents
    turned = found.values.clone()
    turned[:, 5:] = torch.eye(3)[[1, 1, 1]]
    by_label = vae.render(Latents(found.values[:, :5], "z", torch.tensor([1, 1, 1])))
    assert torch.allclose(vae.render(found.with_values(turned)), by_label, atol=1e-6)


def test_half_a_picture_of_the_toy_is_completed(tmp_path):
    """Filling in what is unknown is a projection again and again: each brings the picture nearer."""
    toy = ToyGenerator()
    toy.source = str(tmp_path / "toy.safetensors")
    planted_encoder(toy).save(beside(toy.source))
    pictures, mask = toy.render(toy.sample(4)), torch.ones(toy.image_shape[1:])
    mask[:, 6:] = 0
    errors = [float(Trained(fills=n).invert(toy, pictures, mask=mask).mse.mean()) for n in (0, 3, 30)]
    assert errors[0] > 2 * errors[1] > 4 * errors[2]


def test_an_encoder_elsewhere_is_named(vae, encoder, pictures, tmp_path):
    file = beside(vae.source).rename(tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match=r"no encoder was trained along with .*my\.encoder\.safetensors beside"):
        Trained().invert(vae, pictures)
    found = Trained(encoder=str(file)).invert(vae, pictures)
    assert torch.allclose(found.latents.values[:, :5], encoder.codes(pictures), atol=1e-6)


def test_the_encoder_of_another_generator_is_refused(vae, encoder, pictures, tmp_path):
    other = random_dcgan()
    file = tmp_path / "other.safetensors"
    untrained_encoder(other).save(file)
    with pytest.raises(ValueError, match=f"belongs to the generator {other.fingerprint}, this one is") as error:
        Trained(encoder=str(file)).invert(vae, pictures)
    assert "\n" not in str(error.value)
    ImageEncoder(encoder.sizes, other.fingerprint).save(file)
    with pytest.raises(ValueError, match="does not fit"):
        Trained(encoder=str(file)).invert(other, other.render(other.sample(1)))
    with pytest.raises(ValueError, match="no checkpoint at"):
        Trained(encoder=str(tmp_path / "none")).invert(vae, pictures)


def test_settings_that_mean_nothing_are_refused():
    with pytest.raises(ValueError, match="no negative fills"):
        Trained(fills=-1)
