"""What every method does, whoever wrote it: it finds what was planted, in the same way each time."""

import pytest
import torch
from torch.nn.functional import cosine_similarity

from latentwalk.methods import METHODS
from latentwalk.samples import Samples, score_samples
from toys import ATTRIBUTES, ToyScorer


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "entangled"])
def truth(request):
    return ToyScorer(request.param)


@pytest.fixture(scope="module")
def samples(toy, truth):
    return score_samples(toy, truth, 3000)


@pytest.fixture(scope="module", params=METHODS)
def method(request):
    return METHODS[request.param]()


@pytest.fixture(scope="module")
def found(toy, samples, method):
    return method.fit(toy, samples)


def test_it_finds_the_planted_directions_with_their_sign(truth, found) -> None:
    assert [direction.name for direction in found] == list(ATTRIBUTES)
    for direction, true in zip(found, truth.directions, strict=True):
        assert cosine_similarity(direction.vector, true.vector, 0) > 0.97


def test_it_finds_the_planted_boundaries(truth, found) -> None:
    for direction, true in zip(found, truth.directions, strict=True):
        assert direction.offset == pytest.approx(true.offset, abs=0.02)


def test_vectors_have_norm_1_and_live_where_the_codes_do(samples, found) -> None:
    for direction in found:
        assert direction.vector.norm() == pytest.approx(1, abs=1e-6)
        assert direction.space == samples.latents.space


def test_the_unit_is_one_standard_deviation_of_the_codes(samples, found) -> None:
    for direction in found:
        assert direction.distance(samples.latents).std() == pytest.approx(1, abs=1e-4)


def test_the_same_data_give_the_same_directions(toy, samples, method, found) -> None:
    again = method.fit(toy, samples)
    assert again.source == found.source
    for one, other in zip(found, again, strict=True):
        assert torch.equal(one.vector, other.vector)
        assert (one.unit, one.offset) == (other.unit, other.offset)


def test_fitting_changes_nothing(toy, samples, method) -> None:
    codes, scores = samples.latents.values.clone(), samples.scores.clone()
    method.fit(toy, samples)
    assert torch.equal(codes, samples.latents.values)
    assert torch.equal(scores, samples.scores)


def test_codes_without_a_score_teach_nothing(toy, samples, method, found) -> None:
    blank = samples.scores.clone()
    blank[::3] = torch.nan
    kept = torch.arange(len(blank)) % 3 != 0
    with_blanks = method.fit(toy, Samples(samples.latents, blank, samples.attributes))
    without = method.fit(toy, Samples(samples.latents[kept], samples.scores[kept], samples.attributes))
    for one, other in zip(with_blanks, without, strict=True):
        assert torch.equal(one.vector, other.vector)
        assert one.offset == other.offset


def test_the_source_says_how_they_were_found(toy, found, tmp_path) -> None:
    assert found.source["method"]
    assert found.source["parameters"]["seed"] == 0
    assert found.source["generator"] == toy.fingerprint
    found.save(tmp_path / "found.safetensors")
    assert type(found).load(tmp_path / "found.safetensors", toy.fingerprint).source == found.source


def test_codes_of_another_generator_are_refused(tiny, samples, method) -> None:
    with pytest.raises(ValueError, match=r"a z code of this generator has the shape \[8\], got \[16\]"):
        method.fit(tiny, samples)
