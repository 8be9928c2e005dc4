from dataclasses import replace

import pytest
import torch
from scipy.stats import norm

from latentwalk.direction import Direction, Directions
from latentwalk.jobs.naming import CODES, FEWEST_CODES, NOTHING, Yardstick, codes_to_name, name_directions, numbered
from latentwalk.origin import Origin
from toys import AXES, GAIN, ToyScorer


def directions(*vectors: torch.Tensor) -> Directions:
    items = [Direction(f"found {i}", torch.nn.functional.normalize(v, dim=0)) for i, v in enumerate(vectors)]
    return Directions(tuple(items), Origin(method="toy", figures={"found 0": {"gain": 3.0}}))


@pytest.fixture(scope="module")
def codes(toy):
    return toy.sample(range(10_000, 10_200))


@pytest.fixture(scope="module")
def yardstick(toy, codes):
    return Yardstick.of(toy, ToyScorer(), codes)


def test_a_planted_axis_gets_the_name_of_what_it_moves_and_the_right_sign(toy, yardstick) -> None:
    found = name_directions(toy, directions(-AXES[:, 1], AXES[:, 2]), ToyScorer(), yardstick)
    assert [direction.name for direction in found] == ["two", "three"]
    assert torch.allclose(found[0].vector, AXES[:, 1], atol=1e-6)
    assert torch.allclose(found[1].vector, AXES[:, 2], atol=1e-6)


def test_the_effect_is_the_change_per_unit_in_spreads_of_the_logit(toy, codes, yardstick) -> None:
    found = name_directions(toy, directions(AXES[:, 0]), ToyScorer(), yardstick)
    (effect,) = found[0].effects
    spread = float((GAIN * codes.values @ AXES[:, 0]).std())
    assert effect.attribute == "one"
    assert effect.effect == pytest.approx(GAIN / spread, rel=1e-4)
    assert effect.low <= effect.effect <= effect.high


def test_what_moves_nothing_says_so_and_every_name_is_there_once(toy, yardstick) -> None:
    found = name_directions(toy, directions(AXES[:, 9], AXES[:, 10], AXES[:, 0]), ToyScorer(), yardstick)
    assert [direction.name for direction in found] == [NOTHING, f"{NOTHING} 2", "one"]
    assert not found[0].effects


def test_a_direction_that_moves_two_things_is_named_by_both(toy, yardstick) -> None:
    mixed = directions(AXES[:, 0] - 0.8 * AXES[:, 1], AXES[:, 0] + 0.3 * AXES[:, 2])
    found = name_directions(toy, mixed, ToyScorer(), yardstick)
    assert [direction.name for direction in found] == ["one - two", "one"]
    assert [effect.attribute for effect in found[1].effects] == ["one", "three"]


def test_noise_is_not_named(toy, codes) -> None:
    """A scorer of random numbers: with intervals for all attributes together no name is given by chance."""

    class Noise:
        attributes = tuple(f"n{i}" for i in range(40))

        def __call__(self, images: torch.Tensor, /) -> torch.Tensor:
            seed = int(images.double().abs().sum() * 1e6) % 2**31
            return torch.randn(len(images), 40, generator=torch.Generator().manual_seed(seed))

    found = name_directions(toy, directions(*AXES.T), Noise(), Yardstick.of(toy, Noise(), codes))
    assert all(direction.name.startswith(NOTHING) for direction in found)


def test_figures_follow_their_direction_to_its_new_name(toy, yardstick) -> None:
    found = name_directions(toy, directions(-AXES[:, 1]), ToyScorer(), yardstick)
    assert found.origin.figures == {"two": {"gain": 3.0}}
    assert found.origin.names.before == {"two": "found 0"}


def test_names_survive_the_file(toy, yardstick, tmp_path) -> None:
    found = name_directions(toy, directions(AXES[:, 0]), ToyScorer(), yardstick)
    found.save(tmp_path / "found.safetensors")
    again = Directions.load(tmp_path / "found.safetensors")
    assert again[0].effects == found[0].effects
    assert again.origin == found.origin


def test_too_few_codes_are_refused(toy) -> None:
    with pytest.raises(ValueError, match="at least 16 codes, got 3"):
        Yardstick.of(toy, ToyScorer(), toy.sample(range(3)))


def test_numbers_go_behind_names_that_came_before() -> None:
    assert numbered(["a", "b", "a", "a"]) == ["a", "b", "a 2", "a 3"]


def test_intervals_hold_for_all_attributes_and_directions_together(toy, yardstick) -> None:
    """Bonferroni: among twice the directions every interval is wider, by the ratio of the quantiles."""
    width = [
        found[0].effects[0].high - found[0].effects[0].low
        for found in (
            name_directions(toy, directions(*[AXES[:, 0] + 0.4 * AXES[:, 1]] * k), Bent(), yardstick) for k in (1, 8)
        )
    ]
    assert width[1] / width[0] == pytest.approx(norm.ppf(1 - 0.025 / 24) / norm.ppf(1 - 0.025 / 3), rel=1e-6)


class Bent(ToyScorer):
    """Logits with a slope that depends on the code, so that effects have a spread."""

    def __call__(self, images: torch.Tensor, /) -> torch.Tensor:
        logits = super().__call__(images)
        return logits + 0.1 * logits**2


def test_dear_pictures_are_looked_at_less_and_never_on_too_few(toy, monkeypatch) -> None:
    assert codes_to_name(toy, None, 10) == CODES
    monkeypatch.setattr("latentwalk.jobs.naming.PATIENCE", 0.0)
    assert codes_to_name(toy, None, 10) == FEWEST_CODES


def test_the_estimate_comes_before_the_first_direction(toy, yardstick) -> None:
    said = []
    name_directions(
        toy, directions(AXES[:, 0]), ToyScorer(), replace(yardstick, seconds=6.0), lambda *now: said.append(now)
    )
    assert said == [("naming 1 directions, about 12 s", done, 1) for done in (0, 1)]
