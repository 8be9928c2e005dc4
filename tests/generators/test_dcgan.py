"""The DCGAN family: every layer draws what the layer as published draws, and BatchNorm is gone."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from latentwalk.generators.dcgan import DCGAN, Block, Dense, Paint, Upsample, fold_batch_norm, phases
from latentwalk.latents import Latents

RANDOM = torch.Generator().manual_seed(1)


def block(inside: int, outside: int, kernel: int = 4, stride: int = 2, padding: int = 1) -> Block:
    weight = torch.randn(inside, outside, kernel, kernel, generator=RANDOM) / (inside * kernel) ** 0.5
    return Block(weight, torch.randn(outside, generator=RANDOM), stride, padding)


def as_published(block: Block, x: torch.Tensor) -> torch.Tensor:
    return F.conv_transpose2d(x, block.weight, block.bias, block.stride, block.padding)


@pytest.mark.parametrize("kernel", [1, 3, 4, 7])
@pytest.mark.parametrize("stride", [1, 2])
def test_the_first_layer_is_a_transposed_convolution_of_one_pixel(kernel: int, stride: int) -> None:
    first, z = block(6, 5, kernel, stride, 0), torch.randn(3, 6)
    assert torch.allclose(Dense(first)(z), as_published(first, z[:, :, None, None]).relu(), atol=1e-6)


@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize(("kernel", "padding"), [(4, 1), (3, 0), (4, 0)])
def test_the_middle_layers_are_transposed_convolutions(kernel: int, padding: int, last: bool) -> None:
    middle, x = block(6, 5, kernel, 2, padding), torch.randn(3, 6, 4, 4)
    expected = as_published(middle, x)
    assert torch.allclose(Upsample(middle, last)(x), expected.tanh() if last else expected.relu(), atol=1e-6)


@pytest.mark.parametrize("size", [(1, 1), (4, 4), (3, 5)])
@pytest.mark.parametrize("channels", [1, 3])
def test_painting_by_phases_is_a_transposed_convolution(size: tuple[int, int], channels: int) -> None:
    last = block(6, channels)
    for x in (torch.randn(2, 6, *size), torch.randn(2, 6, *size).contiguous(memory_format=torch.channels_last)):
        assert torch.allclose(Paint(last)(x), as_published(last, x).tanh(), atol=1e-6)


def test_painting_keeps_the_weights_as_published() -> None:
    last = block(6, 3)
    assert set(Paint(last).state_dict()) == {"weight", "bias"}
    assert torch.equal(Paint(last).weight, last.weight)
    assert phases(last.weight).sum() == pytest.approx(float(last.weight.sum()), abs=1e-4)


@pytest.mark.parametrize(("kernel", "stride", "padding"), [(4, 2, 0), (3, 2, 1), (4, 1, 1)])
def test_other_shapes_are_not_painted_by_phases(kernel: int, stride: int, padding: int) -> None:
    assert not Paint.fits(block(2, 3, kernel, stride, padding))
    assert Paint.fits(block(2, 3))


@pytest.mark.parametrize("bias", [True, False])
def test_folding_batch_norm_changes_nothing(bias: bool) -> None:
    convolution, norm = nn.ConvTranspose2d(6, 5, 4, 2, 1, bias=bias), nn.BatchNorm2d(5)
    for tensor in (norm.weight.data, norm.bias.data, norm.running_mean, norm.running_var):
        tensor.copy_(torch.rand(5, generator=RANDOM) + 0.1)
    norm.eval()
    folded = fold_batch_norm(
        convolution.weight, convolution.bias, norm.weight, norm.bias, norm.running_mean, norm.running_var, norm.eps
    )
    x = torch.randn(3, 6, 4, 4)
    assert torch.allclose(F.conv_transpose2d(x, *folded, 2, 1), norm(convolution(x)), atol=1e-5)


@pytest.mark.parametrize(("kernel", "padding", "side"), [(4, 1, 16), (3, 0, 15)])
def test_the_size_of_the_image_follows_from_the_layers(kernel: int, padding: int, side: int) -> None:
    blocks = [block(7, 6, kernel, 2, 0), block(6, 5, kernel, 2, padding), block(5, 1, kernel, 2, padding)]
    generator = DCGAN(blocks).freeze()
    assert generator.image_shape == (1, side, side)
    assert generator.render(generator.sample([0])).shape == (1, 1, side, side)
    assert generator.spaces["z"].shape == (7,)


def test_the_whole_network_draws_what_its_blocks_draw(tiny: DCGAN) -> None:
    """With the weights that it shows, so that nothing else takes part."""
    state, x = tiny.state_dict(), tiny.sample(range(4)).values
    weight = state["layers.0.weight"].view(4, 4, -1, x.shape[1]).permute(3, 2, 0, 1)
    out = F.conv_transpose2d(x[:, :, None, None], weight, state["layers.0.bias"][: weight.shape[1]]).relu()
    out = F.conv_transpose2d(out, state["layers.1.weight"], state["layers.1.bias"], 2, 1).relu()
    out = F.conv_transpose2d(out, state["layers.2.weight"], state["layers.2.bias"], 2, 1).tanh()
    assert (tiny.render(Latents(x)) - out).abs().max() < 1e-6


def test_a_double_network_draws_the_same(tiny: DCGAN) -> None:
    latents = tiny.sample(range(4))
    images = copy.deepcopy(tiny).to(torch.float64).render(latents)
    assert images.dtype == torch.float64
    assert (images - tiny.render(latents)).abs().max() < 1e-5
