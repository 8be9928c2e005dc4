"""Directions of one attribute at equal on-target change."""

import numpy as np
import pytest
import torch

from latentwalk.metrics.compare import compare, rising, where
from latentwalk.numerics.bootstrap import mean_estimate, resamples, weighted
from latentwalk.sweep import even_strengths
from recorded import recorded, straight

WEIGHTS = resamples(200)


class TestResamples:
    def test_weights_are_those_of_drawing_with_replacement(self) -> None:
        weights = resamples(50, seed=3)
        assert weights.shape == (1000, 50)
        assert np.allclose(weights.sum(1), 1)
        assert weights.std(0).mean() == pytest.approx(np.sqrt(49 / 50) / 50, rel=0.05)
        assert np.array_equal(weights, resamples(50, seed=3))
        assert not np.array_equal(weights, resamples(50, seed=4))

    def test_the_interval_of_a_mean_is_that_of_the_normal_law(self) -> None:
        values = np.random.default_rng(0).normal(2, 3, 200)
        found = mean_estimate(values, WEIGHTS)
        half = 1.96 * values.std() / np.sqrt(200)
        assert found.value == pytest.approx(values.mean())
        assert (found.low, found.high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.15 * half)

    def test_values_that_are_no_numbers_are_left_out(self) -> None:
        values = np.where(np.arange(200) % 2, np.nan, 1.0)
        found = mean_estimate(values, WEIGHTS)
        assert (found.value, found.low, found.high) == pytest.approx((1, 1, 1))
        assert mean_estimate(np.full(200, np.nan), WEIGHTS) is None

    def test_means_of_many_columns_at_once(self) -> None:
        values = np.random.default_rng(0).normal(size=(200, 2, 3))
        assert np.allclose(weighted(values, WEIGHTS)[7, 1, 2], WEIGHTS[7] @ values[:, 1, 2])


def test_the_cleaner_direction_wins_though_it_is_weaker() -> None:
    """At equal strength the strong one leaks more per unit and less per change, and so it is ranked first."""
    found = compare({"dirty": straight([0.5, 0.2, 0.0]), "clean": straight([1.0, 0.2, 0.0])}, WEIGHTS)
    assert (found.attribute, found.change) == ("one", 1.0)
    first, second = found.ranking
    assert (first.key, second.key) == ("clean", "dirty")
    assert first.strength == pytest.approx(1.0, abs=1e-4)
    assert second.strength == pytest.approx(2.0, abs=1e-4)
    assert first.off.value == pytest.approx(0.1, abs=1e-4)
    assert second.off.value == pytest.approx(0.2, abs=1e-4)
    assert second.off_max.value == pytest.approx(0.4, abs=1e-4)
    assert first.behind is None
    assert second.behind.value == pytest.approx(0.1, abs=1e-4)
    assert second.behind.low > 0


def test_a_difference_within_chance_is_told() -> None:
    one, other = (straight([1.0, 0.2], noise=1.0) for _ in range(2))
    shuffled = recorded(one.logits[:, torch.randperm(200, generator=torch.Generator().manual_seed(0))])
    found = compare({"one": other, "other": shuffled}, WEIGHTS)
    behind = found.ranking[1].behind
    assert behind.low <= 0 <= behind.high


def test_differences_are_paired() -> None:
    """Codes that are hard for both say nothing about the difference."""
    random = torch.Generator().manual_seed(0)
    size = torch.rand(200, 1, generator=random) * 5
    zero = torch.randn(200, 2, generator=random)
    zero = (zero - zero.mean(0)) / zero.std(0)

    def leaking(factor: float):
        slopes = torch.cat([torch.ones(200, 1), factor * size], 1)
        return recorded(zero + even_strengths(9)[:, None, None] * slopes)

    best, worse = compare({"a": leaking(0.2), "b": leaking(0.22)}, WEIGHTS).ranking
    assert (best.key, worse.key) == ("a", "b")
    assert worse.behind.low > 0, "every single code leaks more"
    assert worse.off.low < best.off.high, "which intervals of their own do not show"


def test_the_common_change_is_one_that_all_reach() -> None:
    found = compare({"far": straight([1.0, 0.1]), "near": straight([0.2, 0.1])}, WEIGHTS)
    assert found.change == pytest.approx(0.6, abs=1e-4)
    assert all(ranked.reached for ranked in found.ranking)


def test_directions_that_do_nothing_do_not_pull_the_others_down() -> None:
    found = compare({"idle": straight([0.01, 0.1]), "good": straight([1.0, 0.1])}, WEIGHTS)
    assert found.change == 1
    assert [(ranked.key, ranked.reached) for ranked in found.ranking] == [("good", True), ("idle", False)]
    assert found.ranking[1].off is None
    assert compare({"idle": straight([0.0, 0.1])}, WEIGHTS) is None


def test_one_weak_direction_does_not_pull_many_strong_ones_down() -> None:
    good = {f"good {i}": straight([0.9, 0.1 * i]) for i in range(3)}
    found = compare({**good, "weak": straight([0.15, 0.1])}, WEIGHTS)
    assert found.change == 1
    assert [ranked.reached for ranked in found.ranking] == [True, True, True, False]


def test_the_way_that_gives_more_is_the_one_that_counts() -> None:
    back = straight([-0.5, 0.1]).toward(0, -1)
    (ranked,) = compare({"back": back}, WEIGHTS).ranking
    assert ranked.strength == pytest.approx(-2, abs=1e-4)
    assert ranked.off.value == pytest.approx(0.2, abs=1e-4)


def test_the_first_crossing_of_a_bent_curve() -> None:
    curve = torch.tensor([0.0, 0.0, 0.0, 2.0, 1.0])
    logits = curve[:, None, None] + torch.randn(200, 1, generator=torch.Generator().manual_seed(0))
    sweep = recorded(logits)
    half = float(rising(sweep)[1]) / 2
    assert where(sweep, half).of(sweep.strengths) == pytest.approx(0.75)


def test_directions_of_several_attributes_are_refused() -> None:
    with pytest.raises(ValueError, match="expected directions of one attribute, got 2"):
        compare({"a": straight([1.0, 0.0]), "b": straight([1.0, 0.0]).toward(1)}, WEIGHTS)
    with pytest.raises(ValueError, match="expected directions of one attribute"):
        compare({"a": straight([1.0, 0.0]).toward(None)}, WEIGHTS)
