"""What a recipe describes: the same bits whenever it is resumed, averages, skipped steps, and what comes out."""

import copy
from dataclasses import replace

import pytest
import torch
from torch import nn

from latentwalk.checkpoints import own
from latentwalk.generators.stylegan2 import StyleGAN2Sizes
from latentwalk.jobs.load import load
from latentwalk.latents import Latents
from latentwalk.training import loop, trainer
from latentwalk.training.critics import PlainCritic, ResidualCritic
from latentwalk.training.data import Pictures
from latentwalk.training.loop import Interrupted, train
from latentwalk.training.players import ConditionalPlayer, DCGANPlayer, StyleGAN2Player
from latentwalk.training.recipe import Recipe, Term, Turn
from latentwalk.training.recipes import RECIPES, networks
from latentwalk.training.trainer import Trainer

STEPS = 7


def pictures(count: int = 40, side: int = 8) -> Pictures:
    random = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (count, 3, side, side), generator=random, dtype=torch.uint8)
    return Pictures(images, ("bright", "odd"), torch.rand(count, 2, generator=random).round())


def recipe(name: str) -> Recipe:
    """As published, but small; lazy terms come soon."""
    known = RECIPES[name].recipe
    turns = tuple(
        replace(turn, terms=tuple(replace(term, every=min(term.every, 3)) for term in turn.terms))
        for turn in known.turns
    )
    return replace(known, batch=8, z=6, turns=turns, ema=0.1)


def players(name: str) -> dict[str, nn.Module]:
    with torch.random.fork_rng():
        torch.manual_seed(5)
        if name == "dcgan":
            return {"generator": DCGANPlayer(6, (8,)), "critic": PlainCritic((8,))}
        if name == "acgan":
            player = ConditionalPlayer(6, (8,), pictures().values)
            return {"generator": player, "critic": PlainCritic((8,), outputs=3)}
        sizes = StyleGAN2Sizes((6, 8, 8), (8, 4), noise=False)
        return {"generator": StyleGAN2Player(sizes, mixing=0.5), "critic": ResidualCritic((8, 4))}


def learner(name: str, **changed) -> Trainer:
    return Trainer(replace(recipe(name), **changed), players(name), pictures())


def trained(one: Trainer, *rest, steps: int = STEPS, seed: int = 3) -> Trainer:
    train(one, steps, seed, *rest)
    return one


def tensors(state: object) -> list[torch.Tensor]:
    if isinstance(state, torch.Tensor):
        return [state]
    parts = state.values() if isinstance(state, dict) else state if isinstance(state, list | tuple) else ()
    return [tensor for part in parts for tensor in tensors(part)]


def same(a: Trainer, b: Trainer) -> bool:
    return all(torch.equal(x, y) for x, y in zip(tensors(a.state_dict()), tensors(b.state_dict()), strict=True))


@pytest.fixture(params=["stylegan2", "dcgan", "acgan"])
def name(request) -> str:
    return request.param


def test_the_seed_decides(name):
    assert same(trained(learner(name)), trained(learner(name)))
    assert not same(trained(learner(name)), trained(learner(name), seed=4))


@pytest.mark.parametrize("stop", [1, 4])
def test_a_resumed_run_ends_with_the_same_bits(name, stop, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "EVERY", -1.0)
    path = tmp_path / "checkpoint.pt"

    def progress(_what: str, done: int, _total: int) -> None:
        if done == stop + 1:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted):
        trained(learner(name), path, progress)
    assert same(trained(learner(name), path), trained(learner(name)))


def test_a_classifier_with_a_memory_resumes_with_the_same_bits(tmp_path, monkeypatch):
    """Gamma and what it is steered by are part of the state."""
    monkeypatch.setattr(loop, "EVERY", -1.0)
    small = replace(RECIPES["controlgan"].recipe, batch=8, z=6)

    def learner() -> Trainer:
        return Trainer(small, networks(RECIPES["controlgan"], small, 8, labels=pictures().values), pictures())

    def stop(_what: str, done: int, _total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    path = tmp_path / "checkpoint.pt"
    with pytest.raises(Interrupted):
        trained(learner(), path, stop)
    one = trained(learner(), path)
    assert same(one, trained(learner())) and one.networks["classifier"].gamma > 0


def test_looking_at_the_generator_changes_nothing(name):
    one = learner(name)
    for step in range(STEPS):
        torch.manual_seed(3 * 1_000_003 + step)
        one.step(step)
        one.generator()
    ours, theirs = trained(learner(name)).networks, one.networks
    assert all(
        torch.equal(a, b) for n in ours for a, b in zip(ours[n].parameters(), theirs[n].parameters(), strict=True)
    )


def test_the_average_is_the_moving_mean(name):
    """Half-lives in pictures: at most a share of those seen so far."""
    one, average = learner(name, ramp=0.05), [w.detach().clone() for w in players(name)["generator"].parameters()]
    for step in range(STEPS):
        torch.manual_seed(step)
        one.step(step)
        keep = 0.5 ** (8 / min(100.0, 0.05 * 8 * (step + 1)))
        now = one.networks["generator"].parameters()
        average = [keep * old + (1 - keep) * new.detach() for old, new in zip(average, now, strict=True)]
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(average, one.average.parameters(), strict=True))


def test_the_file_is_the_network(name, tmp_path):
    one = trained(learner(name))
    made = one.generator()
    own.write(made, tmp_path / "made.safetensors")
    loaded = load(tmp_path / "made.safetensors")
    z, labels = torch.randn(5, 6), torch.rand(5, 2) if name == "acgan" else None
    codes = Latents(z, "z", labels)
    with torch.no_grad():
        expected = one.average(z) if labels is None else one.average(z, labels)
    assert torch.equal(made.render(codes), loaded.render(codes))
    assert torch.allclose(loaded.render(codes), expected, atol=1e-5)
    assert list(loaded.spaces) == {"dcgan": ["z"], "acgan": ["z", "zy"]}.get(name, ["z", "w", "w+", "s"])
    assert not any(weight.requires_grad for weight in loaded.parameters())


def test_the_average_w_is_that_of_the_mapping():
    made = trained(learner("stylegan2")).generator()
    ws = made.map(made.sample(4000), "w").values
    assert torch.allclose(made.average, ws.mean(0), atol=5 * float(ws.std()) / 4000**0.5)


def test_batch_norm_of_averaged_weights_is_that_of_their_own_maps():
    """The first layer's mean and variance, worked out over many codes."""
    one = trained(learner("dcgan"))
    one.generator()
    norm = one.average.norms[0]
    maps = one.average.convolutions[0](torch.randn(4000, 6)[:, :, None, None]).detach()
    assert torch.allclose(norm.running_mean, maps.mean((0, 2, 3)), atol=0.2 * float(maps.std()))
    assert torch.allclose(norm.running_var, maps.var((0, 2, 3)), rtol=0.3)


def test_mixed_codes_are_two_codes():
    """Where the layers change, each part has the styles of one code."""
    torch.manual_seed(0)
    player = StyleGAN2Player(StyleGAN2Sizes((6, 8, 8), (8, 4), noise=False), mixing=0.5)
    z, others, mixed = player.draw(64)
    ws = player.codes(z, others, mixed)
    first, second = player.codes(z), player.codes(others)
    assert torch.equal(ws, torch.where(mixed, second, first)) and not mixed[:, 0].any()
    share = float(mixed.any(1).float().mean())
    assert 0.3 < share < 0.7 and (mixed.int().diff(dim=1) >= 0).all()


def nan_at(steps: range, monkeypatch, loss: str = "critic_logistic") -> None:
    """From here on, the loss is no number in the calls of these numbers."""
    calls, real = iter(range(10**6)), trainer.LOSSES[loss]
    broken = lambda scene: real(scene) * (float("nan") if next(calls) in steps else 1.0)  # noqa: E731
    monkeypatch.setitem(trainer.LOSSES, loss, broken)


def test_a_step_without_numbers_is_skipped(name, monkeypatch):
    """The critic stays as it was in that turn, its optimizer too; what follows are numbers."""
    one = learner(name)
    nan_at(range(2, 3), monkeypatch)
    for step in range(2):
        one.step(step)
    before = copy.deepcopy((one.networks["critic"].state_dict(), one.optimizers[0].state_dict()))
    losses = one.step(2)
    after = one.networks["critic"].state_dict(), one.optimizers[0].state_dict()
    assert all(map(torch.equal, tensors(list(before)), tensors(list(after))))
    assert all(loss.isfinite() for loss in losses.values())
    one.step(3)
    assert not torch.equal(before[0]["score.weight"], one.networks["critic"].state_dict()["score.weight"])
    assert all(tensor.isfinite().all() for tensor in tensors(one.state_dict()))


def test_ten_in_a_row_end_it(monkeypatch):
    one = learner("stylegan2")
    nan_at(range(2, 100), monkeypatch)
    with pytest.raises(ValueError, match=r"10 steps in a row .*critic_logistic.*diverged"):
        trained(one, steps=30)
    assert all(tensor.isfinite().all() for tensor in tensors(one.state_dict())), "what is left can be gone on from"


def test_nine_in_a_row_do_not(monkeypatch):
    nan_at(range(2, 11), monkeypatch)
    trained(learner("stylegan2"), steps=14)


def falling(falls: float) -> Recipe:
    """Ten steps."""
    base = recipe("dcgan")
    return replace(base, kimg=0.08, turns=tuple(replace(turn, falls=falls) for turn in base.turns))


def test_rates_fall_to_nothing_over_the_last_share():
    some, none = falling(0.5), falling(0)
    rates = [some.rate(some.turns[0], step) / some.turns[0].rate for step in range(11)]
    assert rates == pytest.approx([1] * 6 + [0.8, 0.6, 0.4, 0.2, 0])
    assert none.rate(none.turns[0], 9) == none.turns[0].rate
    with pytest.raises(ValueError, match=r"falls in \[0, 1\]"):
        falling(1.5)


def test_the_first_step_of_adam_is_as_long_as_the_rate():
    """Every weight moves by the rate, whatever its gradient (Kingma and Ba, 2015, section 2.1)."""
    moved = []
    for falls in (0, 1):
        one = Trainer(falling(falls), players("dcgan"), pictures())
        before = one.networks["critic"].score.weight.detach().clone()
        torch.manual_seed(0)
        one.step(6)
        moved.append(one.networks["critic"].score.weight.detach() - before)
    assert moved[0].abs().max() == pytest.approx(one.recipe.turns[0].rate, rel=1e-3)
    assert torch.allclose(moved[1], 0.4 * moved[0], rtol=0.01, atol=1e-8)


def test_clipped_weights_stay_in_their_bounds():
    base = recipe("dcgan")
    critic = Turn(("critic",), (Term("critic_wasserstein"),), 0.1, (0.5, 0.99), clip=0.01)
    one = trained(Trainer(replace(base, turns=(critic, base.turns[1])), players("dcgan"), pictures()))
    assert max(float(w.abs().max()) for w in one.networks["critic"].parameters()) <= 0.01


def test_a_turn_that_is_not_due_teaches_nobody():
    base = recipe("dcgan")
    one = Trainer(replace(base, turns=(base.turns[0], replace(base.turns[1], every=3))), players("dcgan"), pictures())
    before = one.networks["generator"].state_dict()["convolutions.0.weight"].clone()
    one.step(1)
    one.step(2)
    assert torch.equal(before, one.networks["generator"].state_dict()["convolutions.0.weight"])
    one.step(3)
    assert not torch.equal(before, one.networks["generator"].state_dict()["convolutions.0.weight"])


def test_what_does_not_fit_is_said():
    base = recipe("dcgan")
    with pytest.raises(ValueError, match="called 'generator'"):
        Trainer(base, {"critic": PlainCritic((8,))}, pictures())
    with pytest.raises(ValueError, match="teaches 'critic': there are generator"):
        Trainer(base, {"generator": DCGANPlayer(6, (8,))}, pictures())
    odd = replace(base, turns=(Turn(("critic",), (Term("hinge"),), 0.1, (0.5, 0.99)),))
    with pytest.raises(ValueError, match="unknown loss 'hinge'"):
        Trainer(odd, players("dcgan"), pictures())
    with pytest.raises(ValueError, match="groups of 4 pictures"):
        trained(learner("stylegan2", batch=6), steps=1)
    with pytest.raises(ValueError, match=r"8, 16, 32, 64 .* got 24"):
        networks(RECIPES["dcgan"], base, 24)
    with pytest.raises(ValueError, match="learns from labels, and the pictures have none"):
        networks(RECIPES["acgan"], base, 8)


@pytest.mark.parametrize("known", RECIPES)
def test_every_recipe_trains_its_networks(known):
    small = replace(RECIPES[known].recipe, batch=4)
    one = trained(Trainer(small, networks(RECIPES[known], small, 8, labels=pictures().values), pictures()), steps=2)
    assert one.generator().image_shape == (3, 8, 8)


def test_half_of_the_pictures_are_mirrored_when_asked():
    """Exact mirrors of those that are seen without, a half of them, and nothing else is drawn differently."""
    plain, flipped = learner("stylegan2"), learner("stylegan2", flip=True)
    mirrored = []
    for step in range(60):
        torch.manual_seed(step)
        a = plain._draw(step)
        torch.manual_seed(step)
        b = flipped._draw(step)
        same = (a.real == b.real).flatten(1).all(1)
        assert torch.equal(torch.where(same[:, None, None, None], a.real, a.real.flip(3)), b.real)
        assert all(map(torch.equal, a.drawn, b.drawn)) and torch.equal(a.labels, b.labels)
        mirrored += (~same).tolist()
    assert 0.4 < sum(mirrored) / len(mirrored) < 0.6
