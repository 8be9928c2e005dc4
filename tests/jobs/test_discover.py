import pytest
import torch

from latentwalk.jobs.discover import fit_boundaries, fit_boundary
from toys import ATTRIBUTES, BlindScorer, ToyScorer

TRUTH = ToyScorer().directions


@pytest.fixture(scope="module")
def found(toy):
    return fit_boundaries(toy, BlindScorer(), samples=1500)


def test_every_attribute_of_the_scorer_has_its_boundary(found) -> None:
    assert [direction.name for direction in found] == list(ATTRIBUTES)
    for direction in found:
        assert direction.vector @ TRUTH[direction.name].vector > 0.97


def test_one_alone_is_the_same_as_one_of_many(toy, found) -> None:
    alone = fit_boundary(toy, BlindScorer(), attribute="two", samples=1500, seed=0)
    assert torch.equal(alone.vector, found["two"].vector)
    assert (alone.name, alone.unit, alone.offset) == ("two", found["two"].unit, found["two"].offset)


def test_a_found_boundary_places_and_shifts_codes(toy, found) -> None:
    codes = toy.sample(range(8))
    placed = found["one"].place(codes, strength=2.0)
    assert torch.allclose(found["one"].distance(placed), torch.full((8,), 2.0), atol=1e-5)
    moved = found["one"].shift(codes, 1.0)
    assert torch.allclose(found["one"].distance(moved), found["one"].distance(codes) + 1, atol=1e-5)


def test_chosen_attributes_come_once_and_in_the_order_asked_for(toy) -> None:
    found = fit_boundaries(toy, ToyScorer(), ["three", "one", "three"], samples=200, kind="logistic")
    assert [direction.name for direction in found] == ["three", "one"]


def test_pictures_are_scored_once_for_all_attributes(toy) -> None:
    seen = []

    class Counting(ToyScorer):
        def __call__(self, images, /):
            seen.append(len(images))
            return super().__call__(images)

    fit_boundaries(toy, Counting(), samples=1000)
    assert sum(seen) == 1000


def test_the_recipe_is_kept(toy, found) -> None:
    source = fit_boundaries(toy, ToyScorer(), samples=200, seed=3, kind="logistic").source
    assert (source["samples"], source["seed"], source["scorer"]) == (200, 3, "toy")
    assert source["parameters"]["kind"] == "logistic"
    assert source["parameters"]["seed"] == 3
    assert source["generator"] == toy.fingerprint
    assert found.source["seed"] == 0


def test_another_seed_draws_other_codes(toy) -> None:
    one, other = (fit_boundary(toy, ToyScorer(), "one", samples=200, seed=seed) for seed in (0, 1))
    assert not torch.equal(one.vector, other.vector)


def test_progress_is_told(toy) -> None:
    told = []
    fit_boundary(toy, ToyScorer(), "one", samples=1100, progress=lambda *now: told.append(now))
    assert told == [("scoring samples", done, 1100) for done in (512, 1024, 1100)]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"attributes": ["for"]}, "no attribute 'for': this scorer knows"),
        ({"attributes": []}, "expected at least one attribute, got none: there are one, two, three"),
        ({"kind": "forest"}, "no kind of boundary 'forest'"),
        ({"samples": 1}, "expected at least 2 samples, got 1"),
        ({"samples": 3}, "needs at least 4 codes"),
        ({"seed": -1}, "a seed is an integer from 0"),
    ],
)
def test_what_cannot_be_is_refused(toy, wrong, message) -> None:
    with pytest.raises(ValueError, match=message):
        fit_boundaries(toy, ToyScorer(), **wrong)


def test_a_name_or_kind_that_is_wrong_costs_nothing(toy) -> None:
    class Untouched(ToyScorer):
        def __call__(self, images, /):
            raise AssertionError("nothing needs to be scored to see that this is wrong")

    with pytest.raises(ValueError, match="no attribute"):
        fit_boundary(toy, Untouched(), "smiling")
    with pytest.raises(ValueError, match="no kind"):
        fit_boundary(toy, Untouched(), "one", kind="forest")
