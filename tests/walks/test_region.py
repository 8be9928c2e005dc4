"""Where codes of w lie, and that a walk stays there when it is told to."""

import pytest
import torch

from latentwalk.samples import map_codes
from latentwalk.walk import Goal
from latentwalk.walks.gradient import GradientWalk
from latentwalk.walks.region import Region
from random_networks import random_stylegan2


class Bright:
    """A scorer that asks for more than there can be."""

    attributes = ("bright",)

    def __call__(self, images):
        return images.mean((1, 2, 3))[:, None] - 100


@pytest.fixture(scope="module")
def style():
    return random_stylegan2()


def distances(region: Region, values: torch.Tensor) -> torch.Tensor:
    return ((values - region.mean) @ region.whitener).norm(dim=-1) / region.radius


def test_sampled_codes_lie_about_the_mean(style):
    """Whitened they vary alike: the mean square of a number is 1, but for directions in which they do not vary."""
    region = Region.of(style)
    codes = style.map(style.sample(1000), "w").values
    assert distances(region, codes).mean() == pytest.approx(1, abs=0.1)
    white = (codes - region.mean) @ region.whitener
    assert white.square().mean() <= 1.1 and white.mean(0).abs().max() < 0.3


@pytest.mark.parametrize("space", ["w", "w+"])
def test_what_is_outside_is_drawn_back_and_what_is_inside_stays(style, space):
    region = Region.of(style)
    values = style.map(style.sample(20), space).values
    far = region.mean + 5 * (values - region.mean)
    assert torch.allclose(distances(region, region.within(far, 0.5)), torch.tensor(0.5), atol=1e-4)
    assert torch.allclose(region.within(values, 100.0), values, atol=1e-5)
    one = far.clone()
    one[1:] = values[1:]
    assert torch.allclose(region.within(one, 1.5)[0], region.within(far, 1.5)[0]), "every code by itself"


@pytest.mark.parametrize("space", ["w", "w+"])
def test_a_walk_stays_inside_only_when_it_is_told_to(style, space):
    codes, region = map_codes(style, style.sample(4), space), Region.of(style)
    ends = {
        bound: GradientWalk(max_steps=25, reach=0.5, bound=bound).walk(style, codes, Bright(), [Goal("bright")])
        for bound in (None, 1.0)
    }
    assert distances(region, ends[1.0].latents.values).max() <= 1.001
    assert distances(region, ends[None].latents.values).max() > 1.5


def test_z_knows_no_bound(style):
    codes = style.sample(3)
    walks = [GradientWalk(max_steps=3, bound=b).walk(style, codes, Bright(), [Goal("bright")]) for b in (None, 0.1)]
    assert torch.equal(walks[0].latents.values, walks[1].latents.values)
    with pytest.raises(ValueError, match="a positive reach and bound"):
        GradientWalk(bound=0.0)
