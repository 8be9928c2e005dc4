import pytest
import torch
from torch import Tensor

from latentwalk.methods.gradient import Gradient, jacobian
from latentwalk.samples import Samples, map_codes, score_samples
from latentwalk.scores import score
from random_networks import random_biggan, random_stylegan2
from toys import ATTRIBUTES, AXES, BlindScorer, ToyScorer


class Bent(ToyScorer):
    """Logits that bend, so that every code has a gradient of its own."""

    def __call__(self, images: Tensor, /) -> Tensor:
        return super().__call__(images).tanh() * 3


class Colours:
    """Mean colours of any picture."""

    attributes, source = ("red", "green"), "colours"

    def __call__(self, images: Tensor, /) -> Tensor:
        return images.mean((2, 3))[:, :2]


@pytest.fixture(scope="module")
def samples(toy):
    return score_samples(toy, Bent(), 600)


def test_the_direction_is_the_mean_of_the_gradients_of_single_codes(toy, samples) -> None:
    found = Gradient(Bent(), codes=40).fit(toy, samples)
    single = torch.cat([jacobian(toy, Bent(), samples.latents[i], [0, 1, 2]) for i in range(40)])
    mean = single.double().mean(0)
    for direction, expected in zip(found, mean, strict=True):
        assert torch.allclose(direction.vector.double(), expected / expected.norm(), atol=1e-6)


def test_a_gradient_is_the_change_of_the_logit_not_of_the_probability(toy, samples) -> None:
    step, codes = 1e-2 * AXES[:, 0], samples.latents[:20]
    slope = (jacobian(toy, Bent(), codes, [0])[:, 0] @ step).double()
    moved = score(toy, Bent(), codes.with_values(codes.values + step)) - score(
        toy, Bent(), codes.with_values(codes.values - step)
    )
    assert torch.allclose(slope, moved[:, 0].double() / 2, atol=1e-4)


@pytest.mark.parametrize("apart", [False, True])
def test_the_batch_does_not_change_what_is_found(toy, samples, apart) -> None:
    one, other = (Gradient(Bent(), apart, codes=50, batch=size).fit(toy, samples) for size in (1, 32))
    for a, b in zip(one, other, strict=True):
        assert torch.allclose(a.vector, b.vector, atol=1e-6)
        assert a.offset == pytest.approx(b.offset, abs=1e-5)


def test_apart_changes_one_attribute_where_the_mean_gradient_changes_several(toy) -> None:
    truth = ToyScorer(entangled=True)
    samples = score_samples(toy, truth, 600)
    changes = {}
    for apart in (False, True):
        found = Gradient(truth, apart, codes=20, ridge=1e-3).fit(toy, samples)
        changes[apart] = torch.stack([truth.mixing @ AXES[:, :3].T @ direction.vector for direction in found])
    for t in range(3):
        plain, alone = changes[False][t], changes[True][t]
        others = [j for j in range(3) if j != t]
        assert plain[others].abs().max() > 0.3
        assert alone[others].abs().max() < 0.01
        assert alone[t] > 0.4, "what the axes of the others leave of it"


def test_a_large_ridge_leads_back_to_the_mean_gradient(toy, samples) -> None:
    plain, ridged = (Gradient(Bent(), a, codes=30, ridge=1e6).fit(toy, samples) for a in (False, True))
    for one, other in zip(plain, ridged, strict=True):
        assert one.vector @ other.vector > 1 - 1e-6


def test_a_single_attribute_has_nothing_to_stay_apart_from(toy, samples) -> None:
    one = samples.only(["two"])
    plain, apart = (Gradient(Bent(), a, codes=30).fit(toy, one)[0] for a in (False, True))
    assert plain.vector @ apart.vector > 1 - 1e-6


def test_agreement_is_1_for_a_linear_scorer_and_less_for_others(toy, samples) -> None:
    linear = score_samples(toy, ToyScorer(), 100)
    assert Gradient(ToyScorer(), codes=20).fit(toy, linear).origin.figures["one"]["agreement"] > 1 - 1e-6
    red = Samples(linear.latents, score(toy, Twisted(), linear.latents), ("one",))
    assert Gradient(Twisted(), codes=50).fit(toy, red).origin.figures["one"]["agreement"] < 0.9


class Twisted(ToyScorer):
    """A logit whose slope turns from code to code."""

    attributes = ("one",)

    def __init__(self) -> None:
        super().__init__()
        self.attributes = ("one",)

    def __call__(self, images: Tensor, /) -> Tensor:
        logits = super().__call__(images)
        return logits[:, :1] + logits[:, 1:2] * logits[:, 2:3]


@pytest.mark.parametrize("space", ["z", "w", "w+", "s"])
def test_it_works_in_every_space_that_pictures_are_drawn_from(space) -> None:
    generator = random_stylegan2()
    codes = map_codes(generator, generator.sample(range(60)), space)
    scores = score(generator, Colours(), codes)
    samples = Samples(codes, scores - scores.median(0).values, Colours.attributes)
    for direction in Gradient(Colours(), codes=30, batch=7).fit(generator, samples):
        assert direction.space == space
        moved = score(generator, Colours(), direction.shift(codes, 0.05)) - scores
        assert moved[:, Colours.attributes.index(direction.name)].mean() > 0


def test_codes_keep_their_classes() -> None:
    generator = random_biggan()
    labels = torch.arange(40) % generator.classes
    codes = generator.sample(range(40), labels)
    scores = score(generator, Colours(), codes)
    samples = Samples(codes, scores - scores.median(0).values, Colours.attributes)
    rows = jacobian(generator, Colours(), codes[1], [0])
    whole = jacobian(generator, Colours(), codes, [0])
    assert torch.allclose(rows[0], whole[1], atol=1e-5)
    assert len(Gradient(Colours(), codes=10).fit(generator, samples)) == 2


def test_a_scorer_without_gradient_is_refused(toy, samples) -> None:
    with pytest.raises(ValueError, match="this scorer gives no gradient: find directions from its scores instead"):
        Gradient(BlindScorer()).fit(toy, samples)


def test_an_attribute_that_the_scorer_does_not_know_is_refused(toy, samples) -> None:
    with pytest.raises(ValueError, match="no attribute 'hat': this scorer knows"):
        Gradient(ToyScorer()).fit(toy, Samples(samples.latents, samples.scores, (*ATTRIBUTES[:2], "hat")))


def test_scores_that_place_no_boundary_are_refused(toy, samples) -> None:
    for change, message in ((lambda s: 0 * s + 3, r"every score is 3"), (lambda s: s * torch.inf, "infinite ones")):
        with pytest.raises(ValueError, match=message):
            Gradient(ToyScorer()).fit(toy, Samples(samples.latents, change(samples.scores), ATTRIBUTES))


def test_second_moments_that_would_not_fit_are_refused(toy, samples, monkeypatch) -> None:
    monkeypatch.setattr("latentwalk.methods.gradient.WIDEST", 700)
    with pytest.raises(ValueError, match="second moments of 3 attributes for codes of 16 numbers are too large"):
        Gradient(ToyScorer(), apart=True).fit(toy, samples)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"codes": 0}, "expected at least one code and one at once, got 0 and 32"),
        ({"batch": 0}, "expected at least one code and one at once, got 2000 and 0"),
        ({"ridge": 0.0}, "the ridge is above 0, got 0.0"),
    ],
)
def test_hyperparameters_out_of_range_are_refused(wrong, message) -> None:
    with pytest.raises(ValueError, match=message):
        Gradient(ToyScorer(), **wrong)
