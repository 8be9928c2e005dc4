"""How usual codes are: samples are, and those far outside are not."""

import math

import pytest
import torch

from latentwalk.crowd import Crowd
from latentwalk.latents import Latents
from latentwalk.samples import sample_codes
from random_networks import EVERY, codes, random_stylegan2


def test_lengths_of_normal_codes_are_as_the_formula_says(toy) -> None:
    crowd = Crowd.of(toy, "z")
    lengths = torch.randn(20_000, 16, generator=torch.Generator().manual_seed(1)).norm(dim=1)
    assert crowd.usual == pytest.approx(float(lengths.mean()), rel=0.01)
    assert crowd.spread == pytest.approx(float(lengths.std()), rel=0.02)


@pytest.mark.parametrize("kind", ["stylegan2", "stylegan-per-layer", "biggan", "biggan-deep", "dcgan-conditional"])
def test_samples_are_usual_and_what_is_far_out_is_not(kind: str) -> None:
    """In every space."""
    generator = EVERY[kind]()
    for space in generator.spaces:
        crowd = Crowd.of(generator, space)
        fresh = codes(generator, range(300, 340), space)
        each = [crowd.likeness(fresh[i]) for i in range(len(fresh))]
        assert sorted(each)[len(each) // 10] > 0.5 and max(each) == 1
        population = next(sample_codes(generator, 100, 1, space, fresh.labels, 100)).values
        away = fresh[0].values - population.mean(0)
        far = Latents(population.mean(0) + 20 * away, space, fresh[0].labels)
        assert crowd.likeness(far) == 0 and math.isfinite(crowd.usual)


def test_in_w_a_direction_that_no_sample_takes_is_unusual() -> None:
    """However small the step is against those that samples do take."""
    generator = random_stylegan2()
    many = next(sample_codes(generator, 2000, 5, "w", batch=2000)).values.double()
    variances, axes = torch.linalg.eigh(many.T.cov())
    step = 20 * float(variances[0]) ** 0.5
    code = Latents((many.mean(0) + step * axes[:, 0])[None].float(), "w")
    crowd = Crowd.of(generator, "w")
    assert crowd.likeness(code) < 0.2
    assert crowd.likeness(Latents((many.mean(0) + step * axes[:, -1])[None].float(), "w")) > 0.9
