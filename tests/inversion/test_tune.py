"""Tuning: pictures become those that are wanted, and codes nearby keep their ways."""

from dataclasses import replace

import pytest
import torch

from latentwalk.delta import Delta, with_delta
from latentwalk.generator import Generator
from latentwalk.inversion.tune import MOST, Tuning, last_parameters, neighbours
from latentwalk.inverter import mean_square
from latentwalk.latents import Latents, in_turn


def pivot(generator: Generator) -> Latents:
    labels = in_turn(torch.arange(generator.classes), 1) if generator.classes else None
    return generator.sample([5], labels)


def error(generator: Generator, codes: Latents, targets: torch.Tensor) -> float:
    return float(mean_square(generator.render(codes) - targets).mean())


def planted(generator: Generator, seed: int = 0) -> Generator:
    """The generator with other weights in its last layer."""
    random = torch.Generator().manual_seed(seed)
    changes = {}
    for name in last_parameters(generator, 1):
        weight = generator.get_parameter(name)
        changes[name] = 0.5 * float(weight.abs().mean()) * torch.randn(weight.shape, generator=random)
    return with_delta(generator, Delta(generator.fingerprint, changes))


def test_another_networks_picture_is_learned_by_every_family(generator) -> None:
    codes = pivot(generator)
    target = planted(generator).render(codes)
    delta = Tuning(steps=30, neighbours=2).tune(generator, codes, target)
    assert error(with_delta(generator, delta), codes, target) < 0.8 * error(generator, codes, target)


def test_neighbours_keep_what_their_codes_do(tiny) -> None:
    """Without them the picture is as near, and everything around it has changed."""
    codes = pivot(tiny)
    target = (tiny.render(codes) + 0.2 * torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(1))).clamp(
        -1, 1
    )
    around, _ = neighbours(tiny, codes, 32, 0.6, torch.Generator().manual_seed(9))
    wanted = tiny.render(around) + target - tiny.render(codes)
    plain, careful = (
        with_delta(tiny, replace(Tuning(), neighbours=count).tune(tiny, codes, target)) for count in (0, 8)
    )
    assert error(careful, around, wanted) < 0.7 * error(plain, around, wanted)


def test_it_is_the_same_every_time_and_leaves_the_caller_alone(tiny) -> None:
    codes = pivot(tiny)
    target = planted(tiny).render(codes)
    torch.manual_seed(3)
    state = torch.get_rng_state()
    one, other = (Tuning(steps=8).tune(tiny, codes, target) for _ in range(2))
    assert all(torch.equal(one.changes[name], other.changes[name]) for name in one.changes)
    assert torch.equal(torch.get_rng_state(), state) and one.base == tiny.fingerprint


def test_what_is_masked_is_not_learned(tiny) -> None:
    codes = pivot(tiny)
    target = planted(tiny).render(codes)
    mask = torch.ones(1, 1, 16, 16)
    mask[..., 8:] = 0
    spoilt = torch.where(mask > 0, target, 0.9)
    one, other = (Tuning(steps=5).tune(tiny, codes, each, mask) for each in (target, spoilt))
    assert all(torch.allclose(one.changes[name], other.changes[name], atol=1e-6) for name in one.changes)


def test_neighbours_are_as_far_as_asked_and_take_turns(tiny) -> None:
    codes = tiny.sample(3)
    around, of = neighbours(tiny, codes, 6, 0.5, torch.Generator().manual_seed(0))
    assert of.tolist() == [0, 1, 2, 0, 1, 2]
    assert neighbours(tiny, codes, 2, 0.5, torch.Generator().manual_seed(0), 4)[1].tolist() == [1, 2]
    away = (around.values - codes.values[of]).norm(dim=1)
    assert bool((away > 0.2 * codes.values[of].norm(dim=1)).all())


def test_every_photograph_has_neighbours_in_turn(tiny, monkeypatch) -> None:
    """Also where there are more of them than are looked at in one step."""
    seen: set[int] = set()

    def watched(*given):
        codes, of = neighbours(*given)
        seen.update(of.tolist())
        return codes, of

    monkeypatch.setattr("latentwalk.inversion.tune.neighbours", watched)
    codes = tiny.sample(5)
    Tuning(steps=12, neighbours=2).tune(tiny, codes, tiny.render(codes))
    assert seen == {0, 1, 2, 3, 4}


def test_too_many_photographs_are_refused(tiny) -> None:
    codes = tiny.sample(MOST + 1)
    with pytest.raises(ValueError, match=f"at most {MOST} photographs together, got {MOST + 1}"):
        Tuning().tune(tiny, codes, tiny.render(codes))


@pytest.mark.parametrize("settings", [{"layers": 0}, {"steps": 0}, {"rate": 0.0}, {"neighbours": -1}])
def test_settings_without_sense_are_refused(settings) -> None:
    with pytest.raises(ValueError, match="layers and steps of at least 1"):
        Tuning(**settings)


def test_whoever_watches_sees_pictures_come_nearer(tiny) -> None:
    codes, seen = pivot(tiny), []
    target = planted(tiny).render(codes)
    delta = Tuning(steps=12, neighbours=2).tune(tiny, codes, target, watch=seen.append)
    assert len(seen) == 12 and not seen[0].requires_grad
    torch.testing.assert_close(seen[0], tiny.render(codes), rtol=0, atol=1e-5)
    errors = [float(mean_square(picture - target).mean()) for picture in seen]
    assert min(errors) == pytest.approx(error(with_delta(tiny, delta), codes, target), rel=1e-3)
    assert min(errors) < 0.8 * errors[0]
