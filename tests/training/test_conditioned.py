"""A StyleGAN2 whose w begins with the labels: that it does, whatever is learned, and that the rest knows none."""

from dataclasses import replace

import pytest
import torch

from latentwalk.generators.stylegan2 import StyleGAN2, StyleGAN2Sizes
from latentwalk.latents import Latents
from latentwalk.training.conditioned import STRENGTH, ConditionedPlayer
from latentwalk.training.data import Pictures
from latentwalk.training.recipes import RECIPES, networks
from latentwalk.training.trainer import Trainer

SIZES = StyleGAN2Sizes((16, 24, 24, 24), (8, 8), noise=False)


@pytest.fixture(scope="module")
def labels() -> torch.Tensor:
    """One condition of three in ten, one of a half, and a degree that is mostly low."""
    random = torch.Generator().manual_seed(0)
    drawn = torch.rand(4000, 3, generator=random)
    return torch.stack((drawn[:, 0] < 0.3, drawn[:, 1] < 0.5, drawn[:, 2] ** 3), 1).float()


@pytest.fixture(scope="module")
def player(labels: torch.Tensor) -> ConditionedPlayer:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return ConditionedPlayer(SIZES, 0.5, labels)


@torch.no_grad()
def test_w_begins_with_the_labels_and_they_are_as_frequent_as_those_of_pictures(player, labels) -> None:
    torch.manual_seed(2)
    codes, others, _, said = player.draw(8000)
    for z in (codes, others):
        torch.testing.assert_close(player.network.mapping(z)[:, :3], STRENGTH * said, atol=1e-5, rtol=0)
    torch.testing.assert_close(said[:, :2].mean(0), labels[:, :2].mean(0), atol=0.02, rtol=0)
    shares = torch.tensor([0.1, 0.5, 0.9])
    torch.testing.assert_close(said[:, 2].quantile(shares), labels[:, 2].quantile(shares), atol=0.04, rtol=0)
    assert float(((said[:, :2] > 0) & (said[:, :2] < 1)).float().mean()) < 0.1, "hardly any are half there"


@torch.no_grad()
def test_the_rest_of_w_does_not_know_them(player) -> None:
    torch.manual_seed(3)
    z = torch.randn(50, 16)
    other = torch.cat((-z[:, :3], z[:, 3:]), 1)  # as long, with other labels
    w, w_other = (player.network.mapping(each) for each in (z, other))
    assert not torch.equal(w[:, :3], w_other[:, :3])
    torch.testing.assert_close(w[:, 3:], w_other[:, 3:])


def test_learning_leaves_that_as_it_is(labels) -> None:
    """And what comes out is a StyleGAN2 like any other."""
    known = RECIPES["stylegan2-conditions"]
    recipe = replace(known.recipe, batch=8, kimg=0.032)
    pictures = Pictures(torch.randint(0, 256, (64, 3, 8, 8), dtype=torch.uint8), ("a", "b", "c"), labels[:64])
    made = networks(known, recipe, 8, labels=pictures.values, names=pictures.attributes)
    before = {name: weight.clone() for name, weight in made["generator"].named_parameters()}
    trainer = Trainer(recipe, made, pictures)
    for step in range(recipe.steps):
        torch.manual_seed(step)
        trainer.step(step)
    assert all(not torch.equal(weight, before[name]) for name, weight in made["generator"].named_parameters())
    generator = trainer.generator()
    assert isinstance(generator, StyleGAN2) and generator.classes == 0
    z = generator.sample(200).values
    w = generator.map(Latents(z, "z"), "w").values
    torch.testing.assert_close(w[:, :3], STRENGTH * made["generator"].labels_of(z), atol=1e-5, rtol=0)


def test_what_it_cannot_learn_is_said(labels) -> None:
    with pytest.raises(ValueError, match="expected conditions, of which several may hold"):
        ConditionedPlayer(SIZES, 0.5, torch.eye(3).repeat(10, 1))
    with pytest.raises(ValueError, match="9 conditions are too many for codes of 16 numbers"):
        ConditionedPlayer(SIZES, 0.5, labels.repeat(1, 3))
    with pytest.raises(ValueError, match="holds for some of the pictures, and not for all"):
        ConditionedPlayer(SIZES, 0.5, torch.ones(10, 2))
