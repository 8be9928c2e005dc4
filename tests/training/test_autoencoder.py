"""Autoencoders while they learn: losses in closed form, who learns from what, and the fixed pair at the end."""

import math

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from latentwalk.latents import Latents
from latentwalk.training import autoencoder_losses as losses
from latentwalk.training.autoencoder import Autoencoder, Encoded
from latentwalk.training.data import Pictures
from latentwalk.training.recipes import RECIPES, networks
from latentwalk.training.scene import Batch, Scene
from latentwalk.training.trainer import Trainer

BATCH, SIDE, Z = 8, 8, 6
NAMES = ("cvae", "cvae-gan")


def pictures(exclusive: bool = False) -> Pictures:
    random = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (24, 3, SIDE, SIDE), generator=random, dtype=torch.uint8)
    values = torch.eye(3)[torch.arange(24) % 3] if exclusive else (torch.rand(24, 3, generator=random) < 0.5).float()
    return Pictures(images, ("a", "b", "c"), values)


def scene(name: str = "cvae-gan", exclusive: bool = False, learns: tuple[str, ...] = ("generator",)) -> Scene:
    data, known = pictures(exclusive), RECIPES[name]
    made = networks(known, known.recipe, SIDE, labels=data.values)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        drawn = made["generator"].draw(BATCH)
    batch = Batch(data.images[:BATCH].float() / 127.5 - 1, data.values[:BATCH], torch.zeros(BATCH, 1, 1, 1), drawn)
    told = Scene(made, batch, "generator" in learns, torch.float32)
    told.turn(learns)
    return told


def test_the_divergence_is_that_of_normal_distributions(monkeypatch):
    random = torch.Generator().manual_seed(0)
    mean, log_variance = torch.randn(2, BATCH, Z, generator=random)
    monkeypatch.setattr(Scene, "encoded", Encoded(mean, log_variance))
    apart = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0)).sum(1).mean()
    assert torch.allclose(losses.divergence(scene()), apart)


def test_the_reconstruction_is_the_likelihood_of_normal_pixels():
    told = scene()
    likely = Normal(told.pictures("again"), 1.0).log_prob(told.real).sum((1, 2, 3)).mean()
    constant = 3 * SIDE * SIDE * math.log(2 * math.pi) / 2
    assert torch.allclose(losses.reconstruction(told), -likely - constant, rtol=1e-4)


def test_codes_are_drawn_from_what_the_encoder_says():
    told = scene()
    mean, log_variance = told.encoded
    assert torch.allclose((told.codes - mean) / (log_variance / 2).exp(), told.batch.drawn[0], atol=1e-4)


def test_hiding_is_best_where_the_adversary_knows_no_more_than_how_frequent_labels_are(monkeypatch):
    told = scene()
    usual = told.batch.labels.mean(0).clamp(0.01, 0.99)
    best = usual.logit().expand(BATCH, -1)
    monkeypatch.setattr(Scene, "ask_codes", lambda _: best)
    least = losses.generator_hides(told)
    for other in (best + 0.3, best - 0.3, 3 * best, (2 * told.batch.labels - 1) * 4):
        monkeypatch.setattr(Scene, "ask_codes", lambda _, other=other: other)
        assert losses.generator_hides(told) > least


@pytest.mark.parametrize("exclusive", [False, True])
def test_means_of_features_are_those_of_each_kind(exclusive, monkeypatch):
    """Written out once more, picture by picture."""
    told = scene(exclusive=exclusive)
    seen = {which: torch.randn(BATCH, 5, 2, 2) for which in ("real", "fake", "again")}
    monkeypatch.setattr(Scene, "features", lambda _, _who, which: seen[which])
    gap = (seen["real"].mean(0) - seen["fake"].mean(0)).square().sum() / 2
    assert torch.allclose(losses.generator_means(told), gap)
    kinds = [(label, holds) for label in range(3) for holds in ((1.0,) if exclusive else (1.0, 0.0))]
    gaps = []
    for label, holds in kinds:
        real = seen["real"][told.batch.labels[:, label] == holds]
        fake = seen["fake"][told.wanted[:, label] == holds]
        alike = (real.mean(0) - fake.mean(0)).square().sum() / 2 if len(real) and len(fake) else torch.zeros(())
        gaps.append(alike)
    assert torch.allclose(losses.generator_class_means(told), torch.stack(gaps).mean(), rtol=1e-4)
    both = (seen["real"] - seen["again"]).square().sum((1, 2, 3)).mean()
    assert torch.allclose(losses.generator_pairs(told), both), "half of the critic's and half of the reader's"


@pytest.mark.parametrize("name", NAMES)
def test_only_who_learns_in_a_turn_gets_gradients(name):
    recipe, told = RECIPES[name].recipe, scene(name)
    from latentwalk.training.losses import LOSSES

    for turn in recipe.turns:
        told.turn(turn.learns)
        for network in told.networks.values():
            network.zero_grad()
        sum(term.weight * LOSSES[term.loss](told) for term in turn.terms).backward()
        for other, network in told.networks.items():
            got = [weight.grad is not None and bool(weight.grad.abs().sum() > 0) for weight in network.parameters()]
            assert all(got) if other in turn.learns else not any(got), f"{other} while {turn.learns} learn"


def test_pictures_and_codes_are_made_once_for_all_turns():
    told, calls = scene(learns=("critic",)), []
    told.generator_learns = True
    told.networks["generator"].register_forward_hook(lambda *_: calls.append(1))
    early = {which: told.pictures(which) for which in ("fake", "again")}
    assert not any(images.requires_grad for images in early.values())
    told.turn(("generator",))
    for which, images in early.items():
        assert torch.equal(told.pictures(which), images) and told.pictures(which).requires_grad
    assert len(calls) == 2


@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize(("name", "half"), [("cvae", BATCH), ("cvae-gan", BATCH // 2)])
def test_what_is_asked_for_are_real_pictures_changed(name, half, exclusive):
    """All of it, or half where a critic sees to samples."""
    told = scene(name, exclusive)
    (z, labels), (drawn, wanted) = told.asked, told.batch.drawn
    assert torch.equal(z[:half], told.codes[:half]) and torch.equal(z[half:], drawn[half:])
    assert torch.equal(labels[half:], wanted[half:]) and torch.equal(told.labels_of("fake"), labels)
    if exclusive:
        assert torch.equal(labels.sum(1), torch.ones(BATCH)), "another class"
    else:
        turned = labels[:half] != told.batch.labels[:half]
        assert torch.equal(turned.sum(1), torch.ones(half)) and turned.any(0).all(), "every condition is turned"


@pytest.mark.parametrize("name", NAMES)
def test_what_is_fixed_paints_and_reads_as_the_player_did(name):
    data, known = pictures(), RECIPES[name]
    made = networks(known, known.recipe, SIDE, labels=data.values)
    trainer = Trainer(known.recipe, made, data)
    for step in range(3):
        trainer.step(step)
    player, images = trainer.average, data.images.float() / 127.5 - 1
    assert isinstance(player, Autoencoder)
    generator = trainer.generator()
    encoder = trainer.encoder(generator)
    with torch.no_grad():
        said = player.encode(images)
        painted = player(said.mean, data.values)
        read = trainer.networks["reader"](images).sigmoid()
    assert encoder.base == generator.fingerprint
    codes = encoder.codes(images)
    assert torch.allclose(codes @ player.spread.T + player.middle, said.mean, atol=1e-5)
    assert torch.allclose(encoder.labels(images), read, atol=1e-5)
    assert torch.allclose(generator.render(Latents(codes, "z", data.values)), painted, atol=1e-5)
    assert not any(weight.requires_grad for module in (generator, encoder) for weight in module.parameters())
    assert all(weight.requires_grad for weight in trainer.networks["generator"].parameters()), "who learns goes on"


def test_codes_of_real_pictures_lie_where_samples_are_drawn():
    """With the mean 0, the variance 1 and no correlation, whatever training left."""
    data, known = pictures(), RECIPES["cvae"]
    trainer = Trainer(known.recipe, networks(known, known.recipe, SIDE, labels=data.values), data)
    for step in range(20):
        trainer.step(step)
    images = data.images.float() / 127.5 - 1
    codes = trainer.encoder(trainer.generator()).codes(images)
    back = torch.linalg.inv(trainer.average.spread)
    inside = back @ trainer.average.encode(images).log_variance.detach().exp().mean(0).diag() @ back.T
    together = torch.cov(codes.T, correction=0) + inside
    assert torch.allclose(codes.mean(0), torch.zeros(known.recipe.z), atol=1e-4)
    assert torch.allclose(together, torch.eye(known.recipe.z), atol=1e-3)
    assert not torch.allclose(trainer.average.spread, torch.eye(known.recipe.z), atol=0.02), "training left something"


def test_the_caller_decides_about_chance():
    """Two steps from the same state are the same step."""
    data, known = pictures(), RECIPES["cvae"]
    ends = []
    for _ in range(2):
        trainer = Trainer(known.recipe, networks(known, known.recipe, SIDE, labels=data.values), data)
        with torch.random.fork_rng():
            torch.manual_seed(5)
            ends.append(trainer.step(0))
    assert all(torch.equal(ends[0][name], ends[1][name]) for name in ends[0])
