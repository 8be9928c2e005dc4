"""A code of noise and a condition: labels reach the picture, and both are one code in zy."""

import pytest
import torch

from latentwalk.generators.conditional_dcgan import ConditionalDCGANSizes
from latentwalk.generators.dcgan import DCGAN, BlockSizes
from latentwalk.latents import Latents
from latentwalk.options import RenderOptions
from random_networks import random_conditional_dcgan

NETWORK = random_conditional_dcgan()


def test_the_same_noise_with_another_label_is_another_picture():
    one, other = (NETWORK.render(NETWORK.sample(3, label)) for label in (0, 2))
    assert (one - other).abs().amax((1, 2, 3)).min() > 0.01


def test_numbers_and_vectors_of_a_class_are_the_same():
    vectors = torch.eye(3)[[2, 0]]
    assert torch.equal(NETWORK.render(NETWORK.sample(2, [2, 0])), NETWORK.render(NETWORK.sample(2, vectors)))


def test_both_parts_are_one_code_of_a_plain_network():
    """zy is what a DCGAN of the same weights takes as z."""
    plain = DCGAN(NETWORK.sizes.empty())
    plain.load_state_dict(NETWORK.state_dict())
    plain.freeze()
    codes = NETWORK.map(NETWORK.sample(4, [0, 1, 2, 0]), "zy")
    assert torch.equal(codes.values[:, 5:], torch.eye(3)[[0, 1, 2, 0]])
    assert torch.equal(plain.render(codes.values), NETWORK.render(codes))


def test_a_slider_in_zy_is_a_label_in_between():
    zy = NETWORK.map(NETWORK.sample(1, 0), "zy")
    half = zy.with_values(zy.values + torch.tensor([[0.0] * 5 + [-0.5, 0.5, 0.0]]))
    labels = torch.tensor([[0.5, 0.5, 0.0]])
    assert torch.allclose(NETWORK.render(half), NETWORK.render(NETWORK.sample(1, labels)), atol=1e-6)


def test_truncation_leaves_the_condition():
    codes, half = NETWORK.sample(3, 1), RenderOptions(truncation=0.5)
    short = Latents(0.5 * codes.values, "z", codes.labels)
    for way in (codes, NETWORK.map(codes, "zy")):
        assert torch.allclose(NETWORK.render(way, half), NETWORK.render(short), atol=1e-6)


def test_what_does_not_fit_is_said():
    with pytest.raises(ValueError, match="codes without labels"):
        NETWORK.render(NETWORK.sample(1))
    with pytest.raises(ValueError, match="cannot go back to 'z'"):
        NETWORK.map(NETWORK.map(NETWORK.sample(1, 0), "zy"), "z")
    with pytest.raises(ValueError, match="noise beside a condition, got 8 of 8"):
        ConditionalDCGANSizes((BlockSizes(8, 6, 4, 1, 0), BlockSizes(6, 3, 4, 2, 1)), 8)
