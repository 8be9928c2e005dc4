import pytest
import torch

from latentwalk.latents import Latents
from latentwalk.methods.learned import Learned, Reconstructor
from latentwalk.samples import Samples
from random_networks import FAMILIES, codes
from toys import AXES, ToyGenerator

SMALL = {"components": 3, "batch": 32, "width": 8, "rate": 2e-2}


class Keyhole(ToyGenerator):
    """Three of the sixteen axes are seen, the other thirteen change nothing at all."""

    def __init__(self) -> None:
        super().__init__()
        self.picture.weight.data[:, 3:] = 0
        self.freeze()


@pytest.fixture(scope="module")
def keyhole():
    return Keyhole()


@pytest.fixture(scope="module")
def found(keyhole):
    return Learned(steps=150, noise=0.3, **SMALL).fit(keyhole, Samples.unscored(keyhole.sample(range(500))))


def seen(vectors):
    """Mean share of the vectors that lies in the axes that are seen: 3/16 for vectors at random."""
    return (vectors @ AXES[:, :3]).square().sum(1).mean()


def test_directions_turn_to_what_can_be_seen(found) -> None:
    """Turned inside of the span they are told apart as well: which basis of it comes out is not planted."""
    assert seen(torch.stack([direction.vector for direction in found])) > 0.5


def test_the_reconstructor_learns_with_them(found) -> None:
    assert found.origin.summary["accuracy"] > 0.37, "one in three by chance"
    accuracies = [row["accuracy"] for row in found.origin.figures.values()]
    assert accuracies == sorted(accuracies, reverse=True) and len(accuracies) == 3


def test_directions_are_orthonormal(found) -> None:
    vectors = torch.stack([direction.vector for direction in found])
    assert torch.allclose(vectors @ vectors.T, torch.eye(3), atol=1e-5)


def test_a_unit_is_the_spread_of_the_codes_along_it(toy) -> None:
    wide = Latents(toy.sample(range(200)).values * torch.linspace(0.2, 3, 16))
    for direction in Learned(steps=2, **SMALL).fit(toy, Samples.unscored(wide)):
        assert direction.distance(wide).std() == pytest.approx(1, abs=1e-4)


def test_another_seed_ends_elsewhere_and_the_random_state_of_others_stays(toy) -> None:
    samples, state = Samples.unscored(toy.sample(range(50))), torch.get_rng_state()
    one, other = (Learned(steps=2, seed=seed, **SMALL).fit(toy, samples)[0] for seed in (0, 1))
    assert not torch.equal(one.vector, other.vector)
    assert torch.equal(torch.get_rng_state(), state)


def test_progress_is_told_and_changes_nothing(toy) -> None:
    told, samples = [], Samples.unscored(toy.sample(range(50)))
    loud = Learned(steps=2, **SMALL).fit(toy, samples, lambda *now: told.append(now))
    assert told == [("learning directions", 1, 2), ("learning directions", 2, 2)]
    quiet = Learned(steps=2, **SMALL).fit(toy, samples)
    assert torch.equal(loud[0].vector, quiet[0].vector) and loud.origin == quiet.origin


@pytest.mark.parametrize("generator", FAMILIES, indirect=True)
def test_every_family_learns(generator) -> None:
    before = generator.fingerprint
    found = Learned(components=2, steps=1, batch=2, width=2).fit(
        generator, Samples.unscored(codes(generator, range(4)))
    )
    assert len(found) == 2 and generator.freeze().fingerprint == before


@pytest.mark.parametrize("side", [4, 8, 33])
def test_pictures_of_any_size_are_looked_at(side) -> None:
    which, strength = Reconstructor(3, 5, 4)(torch.zeros(2, 3, side, side), torch.ones(2, 3, side, side))
    assert which.shape == (2, 5) and strength.shape == (2,)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"components": 1}, "components of learned directions: 2 or more, got 1"),
        ({"steps": 0}, "steps of learned directions: 1 or more, got 0"),
        ({"weakest": 7.0}, "strengths go from above 0 to a larger finite one, got 7.0 to 6.0"),
        ({"noise": -1.0}, "noise of pictures is 0 or more, got -1.0"),
        ({"rate": 0.0}, "rate of learning is above 0"),
        ({"seed": -1}, "a seed is an integer"),
    ],
)
def test_hyperparameters_out_of_range_are_refused(wrong, message) -> None:
    with pytest.raises(ValueError, match=message):
        Learned(**wrong)


def test_too_many_directions_and_too_few_codes_are_refused(toy) -> None:
    with pytest.raises(ValueError, match="a code has 16 numbers, so there are 16 directions, got 17"):
        Learned(components=17).fit(toy, Samples.unscored(toy.sample(range(40))))
    with pytest.raises(ValueError, match="3 directions need more than 3 codes to learn from, got 3"):
        Learned(components=3).fit(toy, Samples.unscored(toy.sample(range(3))))
