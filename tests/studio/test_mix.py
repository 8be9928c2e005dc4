"""Mixes of codes from different places of a generator."""

import pytest
import torch

from latentwalk.studio.mix import Portion, mix
from random_networks import random_biggan, random_stylegan2


def test_codes_are_brought_to_where_they_all_can_go() -> None:
    generator = random_stylegan2()
    seed, w = generator.sample([1]), generator.map(generator.sample([2]), "w")
    mixed = mix(generator, [Portion(seed, 1.0), Portion(w, 3.0)])
    assert mixed.space == "w"
    expected = 0.25 * generator.map(seed, "w").values + 0.75 * w.values
    torch.testing.assert_close(mixed.values, expected, atol=1e-5, rtol=0)


def test_layers_of_one_and_the_rest_of_another() -> None:
    generator = random_stylegan2()
    one, other = (generator.map(generator.sample([seed]), "w+") for seed in (1, 2))
    mixed = mix(generator, [Portion(generator.sample([1]), 1.0, (0, 2)), Portion(other, 1.0, (2, 6))])
    torch.testing.assert_close(mixed.values, torch.cat([one.values[:, :2], other.values[:, 2:]], 1))


def test_classes_are_mixed_as_vectors() -> None:
    generator = random_biggan()
    mixed = mix(generator, [Portion(generator.sample([1], 0), 0.25), Portion(generator.sample([2], 3), 0.75)])
    torch.testing.assert_close(mixed.labels, torch.tensor([[0.25, 0, 0, 0.75]]))
    same = mix(generator, [Portion(generator.sample([1], 2), 0.5), Portion(generator.sample([2], 2), 0.5)])
    assert same.labels is not None and same.labels.tolist() == [2]


def test_slots_of_a_biggan_are_mixed_too() -> None:
    generator = random_biggan()
    slots = generator.spaces["z+"].shape[0]
    one, other = generator.sample([1], 0), generator.sample([2], 0)
    mixed = mix(generator, [Portion(one, 1.0, (0, 1)), Portion(other, 1.0, (1, slots))])
    expected = torch.cat([generator.map(one, "z+").values[:, :1], generator.map(other, "z+").values[:, 1:]], 1)
    torch.testing.assert_close(mixed.values, expected, atol=1e-5, rtol=0)


def test_what_cannot_be_mixed_is_said(toy, network) -> None:
    with pytest.raises(ValueError, match="codes of z have no layers that could be mixed"):
        mix(toy, [Portion(toy.sample([1]), 1.0, (0, 1)), Portion(toy.sample([2]), 1.0)])
    with pytest.raises(ValueError, match="nothing has weight in the mix"):
        mix(toy, [])
    generator = random_stylegan2()
    with pytest.raises(ValueError, match="nothing has weight in layer 1"):
        mix(generator, [Portion(generator.sample([1]), 1.0, (0, 1))])
