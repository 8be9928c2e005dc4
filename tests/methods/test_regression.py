import math

import pytest
import torch

from latentwalk.latents import Latents, LatentSpace
from latentwalk.methods.boundary import Boundary
from latentwalk.methods.regression import Regression
from latentwalk.numerics.axes import WIDE
from latentwalk.samples import Samples
from toys import AXES, ToyGenerator


def wide(size: int, space: str = "z") -> ToyGenerator:
    """A generator whose codes have as many numbers as asked for; nobody draws them."""
    generator = ToyGenerator()
    generator.spaces = {space: LatentSpace(space, (size,))}
    return generator


def planted(count: int, size: int, correlation: float, seed: int = 0) -> Samples:
    """Normal codes whose score has this correlation with the first coordinate."""
    random = torch.Generator().manual_seed(seed)
    codes = torch.randn(count, size, generator=random)
    noise = torch.randn(count, generator=random)
    scores = correlation * codes[:, 0] + math.sqrt(1 - correlation**2) * noise
    return Samples(Latents(codes), scores[:, None], ("one",))


def cosine(size: int, samples: Samples, method) -> float:
    return float(method.fit(wide(size), samples)[0].vector[0])


@pytest.mark.parametrize(("count", "correlation"), [(4000, 0.5), (4000, 0.8), (1000, 0.6)])
def test_the_cosine_to_the_truth_is_the_one_that_theory_gives(count, correlation) -> None:
    size = 100
    theory = 1 / math.sqrt(1 + (size - 1) * (1 - correlation**2) / (count * correlation**2))
    found = [cosine(size, planted(count, size, correlation, seed), Regression(clip=0)) for seed in range(3)]
    assert sum(found) / 3 == pytest.approx(theory, abs=0.01)


def test_a_quarter_of_the_scores_does_what_narrow_tails_do_with_all() -> None:
    few, all_of_them = planted(1000, 64, 0.6), planted(4000, 64, 0.6)
    assert cosine(64, few, Regression()) > cosine(64, all_of_them, Boundary("hinge", share=0.02))


def test_it_is_least_squares_where_there_are_many_codes(toy) -> None:
    codes = toy.sample(range(3000))
    scores = (codes.values @ AXES[:, :1]) ** 3 + codes.values @ AXES[:, 1:2]
    found = Regression(clip=0).fit(toy, Samples(codes, scores, ("one",)))[0]
    rows = torch.cat([codes.values, torch.ones(3000, 1)], 1).double()
    exact = torch.linalg.lstsq(rows, scores.double()).solution[:-1, 0]
    assert found.vector.double() @ (exact / exact.norm()) > 1 - 1e-6


def test_correlated_codes_are_told_apart() -> None:
    """Two coordinates that nearly agree: only one of them counts, and the plain correlation would take both."""
    samples = planted(4000, 8, 0.9)
    codes = samples.latents.values.clone()
    codes[:, 1] = 0.9 * codes[:, 0] + 0.3 * codes[:, 1]
    assert cosine(8, Samples(Latents(codes), samples.scores, ("one",)), Regression()) > 0.97


def test_a_few_wild_scores_do_not_decide() -> None:
    samples = planted(2000, 16, 0.8)
    wild = samples.scores.clone()
    wild[:10] = 100
    assert cosine(16, Samples(samples.latents, wild, ("one",)), Regression()) > 0.97
    assert cosine(16, Samples(samples.latents, wild, ("one",)), Regression(clip=0)) < 0.9


def test_fewer_samples_than_numbers_are_shrunk_and_the_figures_say_so() -> None:
    found = Regression().fit(wide(256), planted(100, 256, 0.95))
    figures = found.origin.figures["one"]
    assert found[0].vector[0] > 0.4, "chance gives 0.06"
    assert figures["free"] < 100
    assert figures["shrunk"].startswith("100 samples for codes of 256 numbers: shrunk to")
    plenty = Regression().fit(wide(16), planted(2000, 16, 0.9)).origin.figures["one"]
    assert plenty["shrunk"] is None
    assert plenty["free"] == pytest.approx(17, abs=0.1)


def test_figures_are_of_codes_that_taught_nothing() -> None:
    """Scores of pure noise: with 100 codes in 64 dimensions, codes that taught would look well told apart."""
    for seed in range(3):
        samples = planted(100, 64, 0.0, seed)
        try:
            assert Regression().fit(wide(64), samples).origin.figures["one"]["correlation"] < 0.4
        except ValueError as error:
            assert "says nothing about codes it has not seen" in str(error)


def test_the_boundary_is_where_half_have_it(toy) -> None:
    codes = toy.sample(range(3000))
    noise = torch.randn(3000, 1, generator=torch.Generator().manual_seed(1))
    found = Regression().fit(toy, Samples(codes, 2 * codes.values @ AXES[:, :1] - 3 + noise, ("one",)))[0]
    assert -found.offset == pytest.approx(1.5, abs=0.1)


def test_codes_of_thousands_of_numbers_that_repeat_a_few() -> None:
    """As w+ that was mapped from w: the found vector is that of w, repeated."""
    samples, times = planted(1500, 40, 0.9), WIDE // 40 + 1
    narrow = Regression().fit(wide(40), samples)[0].vector
    repeated = Latents(samples.latents.values.repeat(1, times))
    found = Regression().fit(wide(40 * times), Samples(repeated, samples.scores, ("one",)))[0]
    assert found.vector.view(times, 40).sum(0) @ narrow / math.sqrt(times) > 0.999
    assert found.unit == pytest.approx(math.sqrt(times), rel=0.05)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.abs() + 1, r"a boundary of 'one' needs at least 4 codes that score above 0 .*got 500 and 0"),
        (lambda s: 0 * s - 3, r"got 0 and 500 \(every score is -3\)"),
        (lambda s: s * torch.nan, "got 0 and 0"),
        (lambda s: torch.where(s > 2, torch.inf, s), "the scores of 'one' are finite numbers, or NaN for none, got"),
    ],
)
def test_scores_that_say_nothing_are_refused(change, message) -> None:
    samples = planted(500, 8, 0.9)
    with pytest.raises(ValueError, match=message):
        Regression().fit(wide(8), Samples(samples.latents, change(samples.scores), ("one",)))


def test_samples_without_attributes_are_refused(toy) -> None:
    with pytest.raises(ValueError, match="expected scored samples, got samples without attributes: score them first"):
        Regression().fit(toy, Samples.unscored(toy.sample(range(10))))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"clip": 0.5}, "the share of scores to clip at each end is at least 0 and below 0.5, got 0.5"),
        ({"folds": 1}, "codes are split into 2 folds or more, got 1"),
        ({"seed": -1}, "a seed is an integer from 0"),
    ],
)
def test_hyperparameters_out_of_range_are_refused(wrong, message) -> None:
    with pytest.raises(ValueError, match=message):
        Regression(**wrong)
