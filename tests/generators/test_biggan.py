"""BigGAN and BigGAN-deep: spaces, classes, truncation and gradients, with random weights."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from latentwalk.generator import Generator
from latentwalk.latents import Latents
from latentwalk.options import RenderOptions
from random_networks import DEEP, PLAIN, random_biggan


@pytest.fixture(scope="module", params=[PLAIN, DEEP], ids=["plain", "deep"])
def network(request: pytest.FixtureRequest) -> Generator:
    return random_biggan(request.param)


def codes(network: Generator, n: int = 3) -> Latents:
    return network.sample(range(n), labels=[i % network.classes for i in range(n)])


def test_every_space_draws_the_same_pictures_and_passes_gradients(network: Generator) -> None:
    z = codes(network)
    expected = network.render(z)
    assert expected.shape == (3, *network.image_shape)
    assert not any(parameter.requires_grad for parameter in network.parameters())
    for space in network.spaces:
        latents = network.map(z, space)
        values = latents.values.clone().requires_grad_()
        images = network.synthesize(latents.with_values(values))
        assert torch.allclose(images, expected, atol=1e-5)
        (gradient,) = torch.autograd.grad(images.square().sum(), values)
        assert bool((gradient.flatten(1).norm(dim=1) > 0).all())


def test_gradients_reach_class_vectors(network: Generator) -> None:
    vectors = torch.full((1, network.classes), 0.25, requires_grad=True)
    images = network.synthesize(Latents(codes(network, 1).values, labels=vectors))
    (gradient,) = torch.autograd.grad(images.sum(), vectors)
    assert gradient.norm() > 0


def test_pictures_do_not_depend_on_the_batch(network: Generator) -> None:
    z = codes(network)
    assert torch.allclose(network.render(z), network.render(z, batch=1), atol=1e-5)


def test_every_slot_belongs_to_one_input(network: Generator) -> None:
    latents = network.map(codes(network, 1), "z+")
    plain = network.render(latents)
    for slot in range(latents.values.shape[1]):
        values = latents.values.clone()
        values[:, slot] += 1
        assert (network.render(latents.with_values(values)) - plain).abs().max() > 1e-5


def test_a_class_is_a_number_or_a_vector_and_must_be_given(network: Generator) -> None:
    z = codes(network)
    one_hot = torch.eye(network.classes)[z.labels]
    assert torch.allclose(network.render(z), network.render(Latents(z.values, labels=one_hot)), atol=1e-6)
    with pytest.raises(ValueError, match="without labels"):
        network.render(Latents(z.values))
    with pytest.raises(ValueError, match="class numbers go from 0 to 3"):
        network.render(Latents(z.values, labels=torch.tensor([0, 1, 4])))


def test_options_without_meaning_are_refused(network: Generator) -> None:
    with pytest.raises(ValueError, match="cutoff means nothing"):
        network.render(codes(network), RenderOptions(cutoff=2))
    with pytest.raises(ValueError, match="noise means nothing"):
        network.render(codes(network), RenderOptions(noise=3))
    with pytest.raises(ValueError, match="spaces"):
        network.map(codes(network), "w")
    with pytest.raises(ValueError, match="spaces"):
        network.entry_weights("w")


@pytest.mark.parametrize("space", ["z", "z+"])
def test_entry_weights_have_a_column_for_every_number_of_a_code(network: Generator, space: str) -> None:
    weights = network.entry_weights(space)
    assert tuple(weights) == network.layer_names
    assert {weight.shape[1] for weight in weights.values()} == {network.spaces[space].shape[-1]}


def test_z_plus_of_a_plain_biggan_is_z_cut_in_pieces() -> None:
    network = random_biggan(PLAIN)
    z = codes(network)
    slots = network.map(z, "z+")
    assert torch.equal(slots.values.flatten(1), z.values)
    assert torch.equal(network.map(slots, "z").values, z.values)
    pieces = network.entry_weights("z+")
    for i, (name, whole) in enumerate(network.entry_weights("z").items()):
        assert torch.allclose(z.values @ whole.T, slots.values[:, i] @ pieces[name].T, atol=1e-6)


def test_truncation_shortens_the_codes_of_a_plain_biggan() -> None:
    network = random_biggan(PLAIN)
    z = codes(network)
    half = network.render(z.with_values(z.values / 2))
    assert torch.allclose(network.render(z, RenderOptions(0.5)), half)
    assert torch.allclose(network.render(network.map(z, "z+", RenderOptions(0.5))), half)


def test_a_plain_biggan_without_slots_has_z_only() -> None:
    network = random_biggan(replace(PLAIN, hierarchical=False, embedding=0))
    assert list(network.spaces) == ["z"]
    assert network.render(codes(network)).shape == (3, 3, 16, 16)
    assert tuple(network.entry_weights("z")) == ("dense",)


def test_truncation_chooses_the_statistics_of_a_deep_biggan() -> None:
    network = random_biggan(DEEP)
    z = codes(network)

    def only(pick: Callable[[Tensor], Tensor]) -> Tensor:
        """Pictures of the network whose every row of statistics is the same."""
        other = random_biggan(DEEP)
        for name, rows in other.named_buffers():
            assert name.endswith(("mean", "var"))
            rows.copy_(pick(rows).clone().expand_as(rows))
        return other.render(z, RenderOptions(0.123))

    assert torch.allclose(network.render(z), only(lambda t: t[10]), atol=1e-5)
    assert torch.allclose(network.render(z, RenderOptions(0.3)), only(lambda t: t[3]), atol=1e-5)
    assert torch.allclose(network.render(z, RenderOptions(0.325)), only(lambda t: 0.75 * t[3] + 0.25 * t[4]), atol=1e-5)
    assert torch.equal(network.map(z, "z+", RenderOptions(0.3)).values[:, 0], z.values)
    for truncation in (-0.1, 1.1):
        with pytest.raises(ValueError, match="from 0 to 1"):
            network.render(z, RenderOptions(truncation))


def test_codes_per_block_have_no_way_back_in_a_deep_biggan() -> None:
    network = random_biggan(DEEP)
    with pytest.raises(ValueError, match="no single z"):
        network.map(network.map(codes(network), "z+"), "z")
