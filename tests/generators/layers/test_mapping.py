"""The mapping network, its average, and truncation."""

import math

import pytest
import torch
from torch.nn import functional as F

from latentwalk.generators.layers.mapping import FullyConnected, Mapping, normalize_second_moment, truncate


def filled(network: torch.nn.Module) -> torch.nn.Module:
    random = torch.Generator().manual_seed(0)
    for parameter in network.parameters():
        parameter.data = torch.randn(parameter.shape, generator=random)
    return network.requires_grad_(False)


def test_rows_are_brought_to_a_mean_square_of_one() -> None:
    x = normalize_second_moment(torch.randn(5, 7))
    assert torch.allclose(x.square().mean(1), torch.ones(5), atol=1e-5)
    assert torch.equal(normalize_second_moment(torch.zeros(1, 7)), torch.zeros(1, 7))


@pytest.mark.parametrize(("weight_gain", "output_gain"), [(1.0, math.sqrt(2)), (math.sqrt(2), 1.0)])
def test_a_layer_scales_its_weights_at_run_time(weight_gain: float, output_gain: float) -> None:
    layer, x = filled(FullyConnected(6, 5, 0.01, False, weight_gain, output_gain)), torch.randn(3, 6)
    expected = F.linear(x, layer.weight * 0.01 / math.sqrt(6) * weight_gain, layer.bias * 0.01)
    assert torch.allclose(layer(x), F.leaky_relu(expected, 0.2) * output_gain, atol=1e-7)


@pytest.mark.parametrize("joint", [True, False])
def test_a_class_joins_z_before_the_first_layer(joint: bool) -> None:
    mapping, z, classes = filled(Mapping((6, 8, 4), 3, 5, joint=joint)), torch.randn(2, 6), torch.eye(3)[:2]
    embedding = F.linear(classes, mapping.embed.weight / math.sqrt(3), mapping.embed.bias)
    parts = [z, embedding] if joint else [normalize_second_moment(z), normalize_second_moment(embedding)]
    x = torch.cat(parts, 1)
    expected = mapping.layers(normalize_second_moment(x) if joint else x)
    assert torch.allclose(mapping(z, classes), expected, atol=1e-6)
    with pytest.raises(ValueError, match="has 3 classes"):
        mapping(z)


@pytest.mark.parametrize("classes", [0, 3])
def test_the_average_is_that_of_many_codes(classes: int) -> None:
    mapping = filled(Mapping((6, 8, 4), classes, 5, lr_multiplier=1.0))
    average = mapping.average()
    assert torch.equal(average, mapping.average())
    assert (average - mapping.average(codes=50_000, seed=1)).abs().max() < 0.15 * mapping.average(
        1000
    ).abs().max() + 0.1


def test_truncation_leaves_what_it_should() -> None:
    ws, average = torch.randn(2, 4, 3), torch.randn(3)
    assert truncate(ws, average, 1.0) is ws
    assert torch.allclose(truncate(ws, average, 0.0), average.expand(2, 4, 3))
    cut = truncate(ws, average, 0.5, 1)
    assert torch.allclose(cut[:, 0], (ws[:, 0] + average) / 2, atol=1e-6) and torch.equal(cut[:, 1:], ws[:, 1:])
