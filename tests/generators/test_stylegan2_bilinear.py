"""The StyleGAN2 that enlarges bilinearly: its filters, its noise, and its spaces (what it draws: see its reader)."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from latentwalk.generators.stylegan2_bilinear import BilinearStyleGAN2, BilinearStyleGAN2Sizes, blurred, enlarged
from latentwalk.options import RenderOptions
from random_networks import BILINEAR, random_bilinear_stylegan2


@pytest.fixture(scope="module")
def network() -> BilinearStyleGAN2:
    return random_bilinear_stylegan2()


def test_enlarging_and_blurring_keep_what_is_even() -> None:
    image = torch.full((1, 2, 4, 5), 0.3)
    assert torch.allclose(enlarged(image), torch.full((1, 2, 8, 10), 0.3))
    assert torch.allclose(blurred(image), image)


def test_the_blur_is_a_filter_over_a_mirrored_image() -> None:
    image = torch.randn(2, 3, 4, 6, generator=torch.Generator().manual_seed(0))
    taps = torch.tensor([1.0, 2.0, 1.0]) / 4
    kernel = torch.outer(taps, taps).expand(3, 1, 3, 3)
    expected = F.conv2d(F.pad(image, (1, 1, 1, 1), mode="reflect"), kernel, groups=3)
    assert (blurred(image) - expected).abs().max() < 1e-6


def test_noise_is_drawn_from_a_seed_and_has_no_other_effect(network: BilinearStyleGAN2) -> None:
    codes = network.sample(range(3))
    images = [network.render(codes, RenderOptions(noise=noise)) for noise in ("const", "none", 1, 1, 2)]
    assert torch.equal(images[0], images[1]) and torch.equal(images[2], images[3])
    assert (images[2] - images[0]).abs().max() > 1e-3 < (images[4] - images[2]).abs().max()
    maps = [each for each in network.noise_maps(1) if each is not None]
    assert [len(each) for each in maps] == [4] * 3 + [8] * 3 + [16] * 3
    assert all(torch.equal(each, maps[-1][: len(each), : len(each)]) for each in maps)  # corners of one map


def test_one_code_per_resolution_draws_its_block(network: BilinearStyleGAN2) -> None:
    codes = network.map(network.sample([0, 1]), "w+")
    assert codes.values.shape == (2, 3, 5)
    images = network.render(codes)
    assert (network.render(network.map(codes, "s")) - images).abs().max() < 1e-5
    mixed = codes.values.clone()
    mixed[0, 2] = mixed[1, 2]
    assert (network.render(codes.with_values(mixed)) - images).abs()[0].max() > 1e-3


@pytest.mark.parametrize("sizes", [{"mapping": (3,)}, {"widths": ()}, {"colors": 0}, {"start": -1}])
def test_sizes_that_make_no_network(sizes: dict) -> None:
    with pytest.raises(ValueError, match="expected sizes above 0"):
        replace(BILINEAR, **sizes)
    assert BilinearStyleGAN2Sizes((2, 2), 3, (4, 4)).sides == (4, 8)
