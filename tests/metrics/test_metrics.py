"""What every metric does, whoever wrote it: it prefers what was planted, and knows when it has nothing to say."""

import math

import pytest
import torch

from latentwalk.direction import Direction
from latentwalk.features.network import PixelFeatures
from latentwalk.metrics import METRICS
from latentwalk.metrics.record import Recorder
from latentwalk.sweep import even_strengths
from recorded import recorded, straight
from toys import AXES, ToyScorer

NEEDS_TARGET = ("effect", "leakage", "success", "monotonicity", "linearity")


def better(name: str, one: float, other: float) -> bool:
    return one > other if METRICS[name].better == "higher" else one < other


@pytest.fixture(scope="module")
def drawn(toy):
    """By name: the planted direction of "one", a random one, and the planted one as an entangled judge sees it."""
    noise = torch.nn.functional.normalize(torch.randn(16, generator=torch.Generator().manual_seed(5)), dim=0)
    noise = noise * (noise @ AXES[:, 0]).sign()
    directions = [ToyScorer().directions["one"], Direction("noise", noise)]
    held, others = toy.sample(range(300)), toy.sample(range(300, 600))
    planted, random = Recorder(toy, ToyScorer(), PixelFeatures()).record(directions, held, others)
    entangled = Recorder(toy, ToyScorer(entangled=True), PixelFeatures()).record(directions[:1], held, others)[0]
    named = {"planted": planted, "noise": random, "entangled": entangled}
    return {name: sweep.toward(0) for name, sweep in named.items()}


@pytest.mark.parametrize("name", ["effect", "leakage", "dependency", "dependency_max", "success"])
def test_the_planted_direction_is_better_than_noise(drawn, name) -> None:
    measure = METRICS[name].measure
    assert better(name, measure(drawn["planted"]), measure(drawn["noise"]))


@pytest.mark.parametrize("name", ["leakage", "dependency", "dependency_max"])
def test_the_entangled_twin_is_worse(drawn, name) -> None:
    measure = METRICS[name].measure
    assert better(name, measure(drawn["planted"]), measure(drawn["entangled"]) - 0.3)


def test_the_closed_forms_of_the_toy(drawn) -> None:
    """One unit is one standard deviation of the logit; the twin changes both others by 0.6 of theirs."""
    planted, entangled = drawn["planted"], drawn["entangled"]
    spread = planted.spread[0] / 2  # of the codes that were drawn; 1 for all that there are
    assert METRICS["effect"].measure(planted) == pytest.approx(1 / float(spread), rel=1e-3)
    assert METRICS["monotonicity"].measure(planted) == pytest.approx(1)
    assert METRICS["linearity"].measure(planted) == pytest.approx(1)
    assert METRICS["leakage"].measure(planted) < 1e-3
    ratio = 0.6 * entangled.spread[0] * (1 / entangled.spread[1:]).mean()
    assert METRICS["leakage"].measure(entangled) == pytest.approx(float(ratio), rel=1e-3)


def test_a_turned_direction_is_as_good_once_its_sign_is_known(toy) -> None:
    back = ToyScorer().directions["one"].turned()
    recorder = Recorder(toy, ToyScorer(), PixelFeatures())
    there, turned = recorder.record([ToyScorer().directions["one"], back], toy.sample(range(80)))
    for name in NEEDS_TARGET:
        measure = METRICS[name].measure
        assert measure(turned.toward(0, -1)) == pytest.approx(measure(there.toward(0)), abs=1e-4), name


@pytest.mark.parametrize("name", METRICS)
def test_without_a_target_it_says_nothing_or_the_same(drawn, name) -> None:
    aimless = drawn["noise"].toward(None)
    value = METRICS[name].measure(aimless)
    assert math.isnan(value) == (name in NEEDS_TARGET)


@pytest.mark.parametrize("name", [name for name, metric in METRICS.items() if metric.values])
def test_the_figure_is_the_mean_of_its_values(drawn, name) -> None:
    metric = METRICS[name]
    values = metric.values(drawn["noise"])
    assert values.ndim == 1
    assert metric.measure(drawn["noise"]) == pytest.approx(float(values.nanmean()))


@pytest.mark.parametrize("name", METRICS)
def test_measuring_changes_nothing(drawn, name) -> None:
    before = drawn["noise"].logits.clone()
    assert METRICS[name].measure(drawn["noise"]) == METRICS[name].measure(drawn["noise"])
    assert torch.equal(before, drawn["noise"].logits)


def test_one_attribute_leaks_into_nothing() -> None:
    sweep = straight([1.0])
    for name in ("leakage", "dependency", "dependency_max"):
        assert math.isnan(METRICS[name].measure(sweep))


def test_both_ways_count_alike_in_what_others_change_by() -> None:
    """One attribute is dragged along by what is more of the target alone, another by what is less alone."""
    logits = torch.zeros(9, 50, 3)
    logits[..., 1] = even_strengths(9)[:, None].clamp(min=0)
    logits[..., 2] = even_strengths(9)[:, None].clamp(max=0)
    logits = logits + torch.randn(50, 3, generator=torch.Generator().manual_seed(0))
    one, other = (METRICS["dependency"].measure(recorded(logits[..., columns])) for columns in ([0, 1], [0, 2]))
    both = METRICS["dependency"].measure(recorded(logits))
    assert one > 0.1 and other > 0.1 and both == pytest.approx((one + other) / 2, rel=1e-4)


def test_a_logit_that_never_varies_counts_as_no_change() -> None:
    logits = torch.randn(5, 40, 2, generator=torch.Generator().manual_seed(0))
    logits[2, :, 1] = 0.7
    assert METRICS["dependency"].measure(recorded(logits)) == 0
