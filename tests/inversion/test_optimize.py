"""The optimiser: exact where it can be, careful where it cannot, and helped where it is stuck."""

import pytest
import torch

from latentwalk.features.network import PixelFeatures
from latentwalk.inversion.optimize import HIDDEN, TRIAL, Optimize
from latentwalk.inversion.ridge import Ridge
from latentwalk.inverter import Term
from latentwalk.latents import Latents
from random_networks import EVERY

RIDGE = Ridge(pairs=100)


class Counted(PixelFeatures):
    """Features that count how many batches of pictures they are shown."""

    shown: list[int]

    def __init__(self) -> None:
        super().__init__()
        object.__setattr__(self, "shown", [])

    def maps(self, images):
        self.shown.append(len(images))
        return super().maps(images)


def far(toy) -> torch.Tensor:
    """Pictures that the toy cannot make."""
    return toy.render(toy.sample(range(3))) + 0.5 * torch.randn(3, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def test_a_linear_generator_takes_a_few_evaluations_from_anywhere(toy) -> None:
    codes = toy.sample(range(4))
    nothing = Latents(torch.zeros(4, 16))
    found = Optimize(enough=1e-8, ridge=RIDGE).invert(toy, toy.render(codes), start=nothing)
    assert torch.allclose(found.latents.values, codes.values, atol=0.02)
    assert int(found.evaluations.max()) <= 12


def test_the_prior_keeps_short_the_codes_of_what_cannot_be_made(toy) -> None:
    free, held = (Optimize(prior=prior, ridge=RIDGE).invert(toy, far(toy)) for prior in (0.0, 0.01))
    assert (held.norms < free.norms).all() and (held.mse > free.mse).all()


def test_only_what_is_late_is_seen_by_features_and_nothing_gets_worse(toy) -> None:
    near, features = toy.render(toy.sample(range(3))), Counted()
    assert Optimize(features=features, ridge=RIDGE).invert(toy, near).reached.all() and not features.shown
    some = torch.cat([near, far(toy)])
    without = Optimize(prior=0, ridge=RIDGE).invert(toy, some)
    helped = Optimize(prior=0, features=features, ridge=RIDGE).invert(toy, some)
    assert features.shown and max(features.shown) == 3
    assert (helped.mse <= without.mse + 1e-6).all()
    assert (helped.evaluations[3:] > without.evaluations[3:]).all()
    assert torch.equal(helped.evaluations, (~helped.losses.isnan()).sum(0))


def test_codes_per_layer_make_what_one_code_cannot() -> None:
    generator = EVERY["stylegan2-resnet"]()
    labels = [0] * 3 if generator.classes else None
    mixed = generator.map(generator.sample(range(3), labels), "w+")
    values = mixed.values.clone()
    values[:, 2:] = mixed.values.roll(1, 0)[:, 2:]
    pictures = generator.render(Latents(values, "w+"))
    settings = {"ridge": RIDGE, "probes": 30, "budget": 25, "enough": 0.0}
    single, layered = (Optimize(space=space, **settings).invert(generator, pictures) for space in ("w", "w+"))
    assert layered.latents.values.shape == values.shape
    assert (layered.mse < 0.5 * single.mse).all()


def test_the_class_is_found_by_trying_all() -> None:
    generator = EVERY["biggan"]()
    codes = generator.sample(range(generator.classes), range(generator.classes))
    found = Optimize(ridge=RIDGE, probes=60, budget=5).invert(generator, generator.render(codes))
    assert torch.equal(found.latents.labels, codes.labels)
    assert (found.evaluations >= TRIAL * generator.classes).all()
    given = Optimize(ridge=RIDGE, probes=60, budget=2).invert(generator, generator.render(codes), start=codes)
    assert torch.equal(given.latents.labels, codes.labels) and (given.evaluations == 1).all()


def test_what_a_mask_hides_asks_for_more_of_that_picture_alone(toy) -> None:
    pictures = toy.render(toy.sample(range(2)))
    mask = torch.ones(2, 1, 8, 8)
    mask[0, :, 5:] = 0
    level = 1e-4
    found = Optimize(enough=level, ridge=RIDGE, prior=0).invert(toy, pictures, Latents(torch.zeros(2, 16)), mask)
    ends = found.losses.T
    before = [float(column[~column.isnan()][-2]) for column in ends]
    assert found.reached.all() and float(found.mse[0]) <= HIDDEN * level
    assert before[0] > HIDDEN * level and before[1] > level, "each stops as soon as it is there"
    alone = Optimize(enough=level, ridge=RIDGE, prior=0).invert(toy, pictures[1:], Latents(torch.zeros(1, 16)))
    assert torch.equal(alone.evaluations, found.evaluations[1:])


def test_there_is_a_start_for_every_picture_or_for_none(toy) -> None:
    with pytest.raises(ValueError, match="for each of 3 pictures, got 2"):
        Optimize(ridge=RIDGE).invert(toy, far(toy), start=toy.sample(range(2)))


@pytest.mark.parametrize("settings", [{"budget": 0}, {"memory": 0}, {"prior": -1.0}, {"enough": -1.0}, {"probes": 0}])
def test_settings_that_mean_nothing_are_refused(settings) -> None:
    with pytest.raises(ValueError, match="expected a budget"):
        Optimize(**settings)


class Red:
    """Sees the mean of the red alone."""

    name = "red"

    def maps(self, images: torch.Tensor) -> list[torch.Tensor]:
        return [images[:, 0].mean((1, 2))]

    def distance(self, first: list[torch.Tensor], second: list[torch.Tensor]) -> torch.Tensor:
        return (first[0] - second[0]).square()


def test_a_further_term_is_followed_weighed_and_reported(toy) -> None:
    target = far(toy)
    plain, *seen = (
        Optimize(ridge=RIDGE, beside=terms).invert(toy, target)
        for terms in ((), (Term(Red(), 0.0),), (Term(Red(), 100.0),))
    )
    assert not plain.distances and torch.allclose(seen[0].latents.values, plain.latents.values, atol=1e-3)
    light, heavy = (found.distances["red"] for found in seen)
    assert (heavy < 0.1 * light).all()


def test_whoever_watches_sees_the_guess_first_and_the_best_so_far_after_every_look(toy) -> None:
    seen: list[Latents] = []
    found = Optimize(ridge=RIDGE).invert(toy, far(toy)[:1], watch=seen.append)
    torch.testing.assert_close(seen[0].values, RIDGE.guess(toy, far(toy)[:1]).values)
    torch.testing.assert_close(seen[-1].values, found.latents.values)
    assert len(seen) == int(found.evaluations[0])
    apart = [float((toy.render(codes) - far(toy)[:1]).square().mean()) for codes in seen]
    torch.testing.assert_close(torch.tensor(apart), found.losses[:, 0], rtol=1e-3, atol=1e-5)
