import math

import pytest
import torch

from latentwalk.latents import Latents, LatentSpace
from latentwalk.methods.boundary import KINDS, Boundary
from latentwalk.methods.offsets import FEWEST
from latentwalk.samples import Samples, score_samples
from latentwalk.scores import score
from toys import AXES, ToyGenerator, ToyScorer

COUNT = 4000


def linear(toy, slope=2.0, bias=0.0, noise=1.0, count=COUNT) -> Samples:
    """Codes whose score is a line in the first coordinate, with noise that the code says nothing about."""
    codes = toy.sample(range(count))
    extra = noise * torch.randn(count, generator=torch.Generator().manual_seed(5))
    return Samples(codes, (slope * codes.values @ AXES[:, 0] + bias + extra)[:, None], ("one",))


@pytest.fixture(scope="module")
def samples(toy):
    return linear(toy)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.1, 0.27, 0.5])
def test_the_boundary_of_a_rare_attribute_is_where_half_have_it(toy, kind, share) -> None:
    rare = linear(toy, slope=2, bias=-3)  # one code in eleven scores above 0
    (found,) = Boundary(kind, share).fit(toy, rare)
    assert found.vector @ AXES[:, 0] > 0.97
    assert -found.offset == pytest.approx(1.5, abs=0.1)


def test_codes_placed_on_a_found_boundary_have_even_chances(toy) -> None:
    truth = ToyScorer(entangled=True)
    found = Boundary().fit(toy, score_samples(toy, truth, 2000))
    for column, direction in enumerate(found):
        logits = score(toy, truth, direction.place(toy.sample(range(500)), 0.0))[:, column]
        assert logits.abs().max() < 0.7, "half a unit of the code is a logit of 1"
        assert logits.mean() == pytest.approx(0, abs=0.05)


def test_wide_tails_tell_more_than_narrow_ones(toy, samples) -> None:
    cosine = {share: float(Boundary(share=share).fit(toy, samples)[0].vector @ AXES[:, 0]) for share in (0.02, 0.27)}
    assert cosine[0.27] > cosine[0.02]


def test_the_figures_agree_with_the_truth(toy, samples) -> None:
    """Of score and coordinate with correlation R, thresholded in the middle, 1 - arccos(R) / pi agree."""
    figures = Boundary(share=0.5).fit(toy, samples).origin.figures["one"]
    r = 2 / math.sqrt(5)
    assert figures["correlation"] == pytest.approx(r, abs=0.02)
    assert figures["validation"] == pytest.approx(1 - math.acos(r) / math.pi, abs=0.02)
    assert figures["positive"] == pytest.approx(0.5, abs=0.02)
    assert figures["codes"] == COUNT
    narrow = Boundary(share=0.1).fit(toy, samples).origin.figures["one"]
    assert narrow["validation"] > 0.99 > figures["validation"] > narrow["rest"] > 0.75


def test_figures_of_pure_noise_do_not_flatter(toy) -> None:
    """With few codes a classifier learns its own by heart; only held-out codes show that there is nothing."""
    codes = toy.sample(range(60))
    scores = torch.randn(60, 1, generator=torch.Generator().manual_seed(0))
    for seed in range(5):
        try:
            figures = Boundary(seed=seed).fit(toy, Samples(codes, scores, ("noise",))).origin.figures["noise"]
        except ValueError as error:
            assert "says nothing about codes it has not seen (18 were held out)" in str(error)
        else:
            assert figures["correlation"] < 0.7


def test_the_scale_of_the_scores_does_not_matter(toy, samples) -> None:
    one = Boundary().fit(toy, samples)[0]
    other = Boundary().fit(toy, Samples(samples.latents, 100 * samples.scores, ("one",)))[0]
    assert torch.equal(one.vector, other.vector)
    assert one.offset == other.offset


def test_turned_scores_turn_the_direction(toy, samples) -> None:
    one = Boundary("logistic").fit(toy, samples)[0]
    other = Boundary("logistic").fit(toy, Samples(samples.latents, -samples.scores, ("one",)))[0]
    assert one.vector @ other.vector < -0.99
    assert one.offset == pytest.approx(-other.offset, abs=0.1)


@pytest.mark.parametrize("values", [(-1.0, 1.0), (0.0, 1.0)])
@pytest.mark.parametrize("share", [0.02, 0.5])
def test_labels_of_two_values_are_enough(toy, samples, values, share) -> None:
    labels = torch.tensor(values)[(samples.scores > 2).long()]  # one in five has it
    (found,) = Boundary(share=share).fit(toy, Samples(samples.latents, labels, ("one",)))
    assert found.vector @ AXES[:, 0] > 0.97
    assert -found.offset == pytest.approx(1, abs=0.1)


def test_another_seed_splits_in_another_way(toy, samples) -> None:
    one, other = (Boundary(seed=seed).fit(toy, samples)[0] for seed in (0, 1))
    assert not torch.equal(one.vector, other.vector)
    assert one.vector @ other.vector > 0.99


def test_codes_of_several_layers_are_one_long_code(samples) -> None:
    layered = ToyGenerator()
    layered.spaces["w+"] = LatentSpace("w+", (4, 4))
    deep = Samples(Latents(samples.latents.values.view(-1, 4, 4), "w+"), samples.scores, samples.attributes)
    (found,) = Boundary().fit(layered, deep)
    assert found.space == "w+"
    assert found.place(deep.latents, 1.0).values.shape == deep.latents.values.shape


def test_the_fewest_scores_that_are_enough(toy) -> None:
    codes = toy.sample(range(2 * FEWEST))
    scores = codes.values @ AXES[:, :1] - (codes.values @ AXES[:, :1]).median() - 1e-3
    Boundary(seed=1).fit(toy, Samples(codes, scores, ("one",)))
    with pytest.raises(ValueError, match="got 4 and 3"):
        keep = scores[:, 0] > scores.min()
        Boundary().fit(toy, Samples(codes[keep], scores[keep], ("one",)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.abs() + 1, r"needs at least 4 codes that score above 0 and 4 that do not, got 4000 and 0: score"),
        (lambda s: -s.abs(), "got 0 and 4000: score more samples, or subtract"),
        (lambda s: 0 * s + 3, r"got 4000 and 0 \(every score is 3\): score"),
        (lambda s: s * torch.nan, "got 0 and 0: score"),
        (lambda s: torch.where(torch.arange(len(s))[:, None] < 5, s, torch.nan), "a boundary of 'one' needs at least"),
    ],
)
def test_scores_that_say_nothing_are_refused(toy, samples, change, message) -> None:
    with pytest.raises(ValueError, match=message):
        Boundary().fit(toy, Samples(samples.latents, change(samples.scores), ("one",)))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"kind": "forest"}, "no kind of boundary 'forest': there are svm, hinge, logistic"),
        ({"share": 0.0}, r"the share of codes in each tail is above 0 and at most 0.5, got 0.0"),
        ({"share": 0.6}, r"at most 0.5, got 0.6"),
        ({"held_out": 1.0}, r"the held-out share is between 0 and 1, both excluded, got 1.0"),
        ({"cost": 0.0}, r"the cost of errors is above 0, got 0.0"),
        ({"seed": -1}, "a seed is an integer from 0"),
    ],
)
def test_hyperparameters_out_of_range_are_refused(wrong, message) -> None:
    with pytest.raises(ValueError, match=message):
        Boundary(**wrong)


def test_tails_of_less_than_one_code_are_refused(toy, samples) -> None:
    few = Samples(samples.latents[:60], samples.scores[:60], ("one",))
    with pytest.raises(ValueError, match=r"highest and lowest 2% of the 4\d codes that 'one' is learned from are less"):
        Boundary("hinge", share=0.02).fit(toy, few)


def test_infinite_scores_are_refused(toy, samples) -> None:
    wild = samples.scores.clone()
    wild[:3] = torch.inf
    with pytest.raises(ValueError, match=r"scores of 'one' are finite numbers, or NaN for none, got 3 infinite ones"):
        Boundary().fit(toy, Samples(samples.latents, wild, ("one",)))


@pytest.mark.parametrize(("noise", "shift"), [(0.5, 0.0), (0.05, 0.0), (0.5, 3.0), (3.0, 1.0)])
def test_the_hinge_loss_gives_the_solution_that_is_published(noise, shift) -> None:
    """`SVC` with a linear kernel is the exact one, and far too slow for many codes."""
    from sklearn.svm import SVC

    random = torch.Generator().manual_seed(0)
    codes = torch.randn(600, 20, generator=random).double().numpy() + shift
    has = codes[:, 0] - shift + noise * torch.randn(600, generator=random).numpy() > 0.3
    exact, ours = SVC(kernel="linear", C=1).fit(codes, has), KINDS["hinge"](1.0, 0).fit(codes, has)
    normals = [torch.tensor(model.coef_[0]) for model in (exact, ours)]
    assert torch.cosine_similarity(*normals, 0) > 0.999
    assert (exact.predict(codes) == ours.predict(codes)).mean() > 0.98


def test_wide_codes_have_a_hinge_boundary_too() -> None:
    codes = torch.randn(60, 1100, generator=torch.Generator().manual_seed(0)).double().numpy()
    has = codes[:, 0] > 0
    codes[has, 0] += 9
    assert (KINDS["hinge"](1.0, 0).fit(codes, has).predict(codes) == has).all()
