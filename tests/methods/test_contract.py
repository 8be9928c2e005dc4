"""What every method does, whoever wrote it: it finds what was planted, in the same way each time."""

from functools import cache

import pytest
import torch
from torch.nn.functional import cosine_similarity

from latentwalk.methods import METHODS, Method
from latentwalk.samples import Samples, score_samples
from toys import ATTRIBUTES, AXES, ToyScorer

HERE = [name for name, entry in METHODS.items() if entry.spaces is None or "z" in entry.spaces]
"""Methods that have a meaning on the toy, which has the space z alone."""

TAUGHT = [name for name in HERE if METHODS[name].needs in ("scores", "labels", "scorer")]
"""Methods that are told what to look for."""

APART = ("jacobian",)
"""Taught methods that leave other attributes alone, so that they do not follow a gradient that touches several."""

UNTAUGHT = [name for name in HERE if name not in TAUGHT]
"""Methods that look by themselves."""

UNIDENTIFIED = {"ica", "learned"}
"""What looks for independent axes finds any in the toy: its coordinates are Gaussian, and every rotation of them is as
independent as the next; and a network tells the pictures of a turned set of axes apart as well. Their own tests plant
what they can find."""

OPTIONS: dict[str, dict[str, object]] = {
    "ganspace": {"layer": "entry", "components": 10},
    "ica": {"layer": "entry", "components": 3, "iterations": 50},
    "sparse-pca": {"layer": "entry", "components": 10},
    "fewshot": {"layers": ("entry",)},
    "learned": {"components": 3, "steps": 3, "batch": 8, "width": 4},
}
"""Hyperparameters for the toy, where a method's own are meant for larger generators."""


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "entangled"])
def truth(request):
    return ToyScorer(request.param)


@pytest.fixture(scope="module")
def samples(toy, truth):
    return score_samples(toy, truth, 3000)


def make(name: str, scorer: ToyScorer) -> Method:
    taught = {"scorer": scorer} if METHODS[name].needs == "scorer" else {}
    return METHODS[name].make(**taught, **OPTIONS.get(name, {}))


def leave_to_its_own_tests(name: str, truth: ToyScorer) -> None:
    if name in APART and truth.source == "toy-entangled":
        pytest.skip("it looks for what changes one attribute alone, not for the gradient")


@pytest.fixture(scope="module", params=HERE)
def name_of_method(request):
    return request.param


@pytest.fixture
def method(name_of_method, truth):
    return make(name_of_method, truth)


@pytest.fixture(scope="module")
def fitted(toy, truth, samples):
    """What the method of a name finds; it is fitted once."""
    return cache(lambda name: make(name, truth).fit(toy, samples))


@pytest.fixture
def found(fitted, name_of_method):
    return fitted(name_of_method)


@pytest.mark.parametrize("name", TAUGHT)
def test_a_taught_method_finds_the_planted_directions_with_their_sign(truth, fitted, name) -> None:
    leave_to_its_own_tests(name, truth)
    found = fitted(name)
    assert [direction.name for direction in found] == list(ATTRIBUTES)
    for direction, true in zip(found, truth.directions, strict=True):
        assert cosine_similarity(direction.vector, true.vector, 0) > 0.97


@pytest.mark.parametrize("name", TAUGHT)
def test_a_taught_method_finds_the_planted_boundaries(truth, fitted, name) -> None:
    leave_to_its_own_tests(name, truth)
    near = 0.1 if METHODS[name].needs == "labels" else 0.02  # the sign of a score tells less than the score
    for direction, true in zip(fitted(name), truth.directions, strict=True):
        assert direction.offset == pytest.approx(true.offset, abs=near)


@pytest.mark.parametrize("name", TAUGHT)
def test_codes_without_a_score_teach_nothing(toy, truth, samples, name) -> None:
    if METHODS[name].needs == "labels":
        pytest.skip("codes without labels show how codes are spread")
    method, blank = make(name, truth), samples.scores.clone()
    blank[::3] = torch.nan
    kept = torch.arange(len(blank)) % 3 != 0
    with_blanks = method.fit(toy, Samples(samples.latents, blank, samples.attributes))
    without = method.fit(toy, Samples(samples.latents[kept], samples.scores[kept], samples.attributes))
    for one, other in zip(with_blanks, without, strict=True):
        assert torch.equal(one.vector, other.vector)
        assert one.offset == other.offset


@pytest.mark.parametrize("name", sorted(set(UNTAUGHT) - UNIDENTIFIED))
def test_an_untaught_method_finds_the_axes_that_change_the_picture_most(toy, name) -> None:
    """The entry layer stretches sixteen orthonormal axes by different amounts; three of them at least are found."""
    found = make(name, ToyScorer()).fit(toy, Samples.unscored(toy.sample(range(3000))))
    vectors = torch.stack([direction.vector for direction in found])
    best = (vectors @ AXES).abs().amax(0)
    assert (best > 0.97).sum() >= 3


def test_vectors_have_norm_1_and_live_where_the_codes_do(samples, found) -> None:
    for direction in found:
        assert direction.vector.norm() == pytest.approx(1, abs=1e-6)
        assert direction.space == samples.latents.space


def test_the_unit_is_one_standard_deviation_of_the_codes(samples, found) -> None:
    for direction in found:
        assert direction.distance(samples.latents).std() == pytest.approx(1, abs=1e-3)


def test_the_same_data_give_the_same_directions_and_stay_the_same(toy, samples, method, found) -> None:
    codes, scores = samples.latents.values.clone(), samples.scores.clone()
    again = method.fit(toy, samples)
    assert torch.equal(codes, samples.latents.values)
    assert torch.equal(scores, samples.scores)
    assert again.origin == found.origin
    for one, other in zip(found, again, strict=True):
        assert torch.equal(one.vector, other.vector)
        assert (one.unit, one.offset) == (other.unit, other.offset)


def test_names_are_different(found) -> None:
    assert len({direction.name for direction in found}) == len(found)


def test_the_source_says_how_they_were_found(toy, found, tmp_path) -> None:
    assert found.origin.method
    assert found.origin.parameters
    assert found.origin.made_for == toy.fingerprint
    found.save(tmp_path / "found.safetensors")
    assert type(found).load(tmp_path / "found.safetensors", toy.fingerprint).origin == found.origin


def test_codes_of_another_generator_are_refused(tiny, samples, method) -> None:
    with pytest.raises(ValueError, match=r"a z code of this generator has the shape \[8\], got \[16\]"):
        method.fit(tiny, samples)
