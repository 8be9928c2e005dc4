import pytest
import torch

from latentwalk.jobs.load import load_scorer
from latentwalk.samples import score_samples
from latentwalk.scorers.measurements import COLOUR_ATTRIBUTES, PLAIN, ROBUST, Measurements
from random_networks import FAMILIES

SIDE = 16


def pictures(count: int = 200, channels: int = 3) -> torch.Tensor:
    """Smooth random pictures: coarse noise made larger."""
    coarse = torch.randn(count, channels, 4, 4, generator=torch.Generator().manual_seed(0))
    return torch.nn.functional.interpolate(coarse, SIDE, mode="bilinear").mul(0.4).clamp(-0.8, 0.8)


def ramp() -> torch.Tensor:
    """1 at the left, -1 at the right."""
    return torch.linspace(1, -1, SIDE).expand(SIDE, SIDE)


COLOURS = torch.tensor([1.0, 0.0, -1.0])[:, None, None]

MORE = {
    "brightness": lambda x: x + 0.15,
    "contrast": lambda x: 1.2 * x,
    "sharpness": lambda x: x + 0.1 * (torch.arange(SIDE) % 2 * 2 - 1),
    "lit_left": lambda x: x + 0.15 * ramp(),
    "lit_top": lambda x: x + 0.15 * ramp().T,
    "lit_centre": lambda x: x + 0.3 * torch.nn.functional.pad(torch.ones(8, 8), (4, 4, 4, 4)),
    "symmetry": lambda x: (2 * x + x.flip(3)) / 3,
    "saturation": lambda x: x.mean(1, keepdim=True) + 1.3 * (x - x.mean(1, keepdim=True)),
    "warmth": lambda x: x + 0.15 * COLOURS,
    "greenness": lambda x: x + 0.15 * torch.tensor([-1.0, 1.0, -1.0])[:, None, None],
}
"""What a person would do to a picture to give it more of the thing."""


@pytest.mark.parametrize("robust", [False, True])
@pytest.mark.parametrize("name", MORE)
def test_more_of_the_thing_measures_more(name, robust) -> None:
    given = pictures()
    scorer = Measurements(given, robust)
    column = scorer.attributes.index(name)
    before, after = (scorer(images)[:, column] for images in (given, MORE[name](given)))
    assert (after > before).float().mean() > 0.97


def test_both_scorers_measure_the_same_things_in_different_ways() -> None:
    given = pictures()
    one, other = Measurements(given), Measurements(given, robust=True)
    assert one.attributes == other.attributes == tuple(MORE) == tuple(PLAIN) == tuple(ROBUST)
    for column, name in enumerate(one.attributes):
        seen = torch.stack([one(given)[:, column], other(given)[:, column]])
        agreement = float(torch.corrcoef(seen)[0, 1])
        assert 0.4 < agreement < 0.9999, name


@pytest.mark.parametrize("robust", [False, True])
def test_the_pictures_it_was_standardised_on_have_median_0_and_spread_1(robust) -> None:
    given = pictures()
    logits = Measurements(given, robust)(given)
    assert torch.allclose(logits.median(0).values, torch.zeros(()), atol=1e-5)
    assert torch.allclose(logits.std(0), torch.ones(()), atol=1e-4)


def test_a_picture_is_measured_alone() -> None:
    given = pictures(20)
    scorer = Measurements(given)
    assert torch.allclose(scorer(given)[3:4], scorer(given[3:4]), atol=1e-5)


def test_gradients_reach_the_pictures() -> None:
    given = pictures(8).requires_grad_()
    Measurements(pictures(), robust=False)(given).sum(0).square().sum().backward()
    assert given.grad is not None
    assert given.grad.isfinite().all()
    assert given.grad.abs().sum() > 0


def test_grey_pictures_have_no_colour() -> None:
    assert not set(COLOUR_ATTRIBUTES) & set(Measurements(pictures(channels=1)).attributes)


def test_what_never_differs_is_left_out() -> None:
    grey = pictures(channels=1).expand(-1, 3, -1, -1)
    assert not set(COLOUR_ATTRIBUTES) & set(Measurements(grey).attributes)


@pytest.mark.parametrize(
    ("given", "message"),
    [(pictures(1), "at least 2 pictures, got 1"), (torch.zeros(4, 3, 8, 8), "all pictures .* measure the same")],
)
def test_pictures_that_give_no_scale_are_refused(given, message) -> None:
    with pytest.raises(ValueError, match=message):
        Measurements(given)


@pytest.mark.parametrize("generator", FAMILIES, indirect=True)
def test_every_family_is_measured(generator) -> None:
    scorer = load_scorer("measurements", generator=generator)
    labels = torch.arange(generator.classes) if generator.classes else None
    samples = score_samples(generator, scorer, 32, labels=labels)
    assert samples.scores.isfinite().all()
    assert len(scorer.attributes) >= 5


def test_measurements_need_a_generator() -> None:
    with pytest.raises(ValueError, match="are relative to a generator: load_scorer"):
        load_scorer("measurements")
