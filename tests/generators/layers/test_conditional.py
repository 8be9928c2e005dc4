"""Laws of all generators whose code is noise and a condition."""

import pytest
import torch

from latentwalk.latents import Latents
from latentwalk.options import RenderOptions
from random_networks import random_conditional_dcgan, random_vae

NETWORKS = [random_conditional_dcgan(), random_vae()]


@pytest.mark.parametrize("network", NETWORKS)
def test_a_slider_in_zy_is_a_label_in_between(network):
    zy = network.map(network.sample(1, 0), "zy")
    half = zy.with_values(zy.values + torch.tensor([[0.0] * 5 + [-0.5, 0.5, 0.0]]))
    labels = torch.tensor([[0.5, 0.5, 0.0]])
    assert torch.allclose(network.render(half), network.render(network.sample(1, labels)), atol=1e-6)


@pytest.mark.parametrize("network", NETWORKS)
def test_truncation_leaves_the_condition(network):
    codes, half = network.sample(3, 1), RenderOptions(truncation=0.5)
    short = Latents(0.5 * codes.values, "z", codes.labels)
    for way in (codes, network.map(codes, "zy")):
        assert torch.allclose(network.render(way, half), network.render(short), atol=1e-6)
