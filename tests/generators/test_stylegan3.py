"""StyleGAN3: sizes, spaces and layers of both configurations, with random weights."""

import pytest
import torch
from torch.nn import functional as F

from latentwalk.generators.layers.filters import filtered_leaky_relu
from latentwalk.generators.stylegan3 import Layer, LayerSizes, StyleGAN3, StyleGAN3Sizes
from latentwalk.latents import Latents
from latentwalk.options import RenderOptions
from random_networks import R, T, low_pass, random_stylegan3

TABLES = {
    "t 1024": (1024, 32768, 512, "36_512 36_512 52_512 52_512 84_512 148_512 148_512 276_323 276_203 532_128 1044_81 "
               "1044_51 1044_32 1024_32 1024_3"),
    "r 1024": (1024, 65536, 1024, "36_1024 36_1024 52_1024 52_1024 84_1024 148_1024 148_1024 276_645 276_406 532_256 "
               "1044_161 1044_102 1044_64 1024_64 1024_3"),
    "t 256, narrow": (256, 16384, 512, "36_512 36_512 36_512 52_512 52_512 84_512 84_512 148_362 148_256 148_181 "
                      "276_128 276_91 276_64 256_64 256_3"),
    "t 128": (128, 32768, 512, "36_512 36_512 36_512 52_512 52_512 52_512 84_512 84_512 84_512 148_512 148_456 "
              "148_342 148_256 128_256 128_3"),
}  # fmt: skip
"""Resolution, channel base and most channels; then side and channels of every layer, as the published files have."""


@pytest.fixture(scope="module", params=[T, R], ids=["t", "r"])
def network(request: pytest.FixtureRequest) -> StyleGAN3:
    return random_stylegan3(request.param)


def codes(network: StyleGAN3, space: str, n: int = 3) -> Latents:
    z = network.sample(range(n), labels=[i % 3 for i in range(n)] if network.classes else None)
    return network.map(z, space)


@pytest.mark.parametrize("case", TABLES)
def test_layers_have_the_published_sizes(case: str) -> None:
    resolution, base, most, table = TABLES[case]
    layers = StyleGAN3Sizes(512, 512, resolution, channel_base=base, channel_max=most).layers()
    assert " ".join(f"{layer.side}_{layer.channels}" for layer in layers) == table
    assert [layer.inside for layer in layers[1:]] == [layer.channels for layer in layers[:-1]]
    assert (layers[-1].up, layers[-1].down) == (1, 1)


def test_only_layers_before_the_critical_ones_are_radial() -> None:
    assert [layer.radial for layer in R.layers()] == [True] * 3 + [False] * 3
    assert not any(layer.radial for layer in T.layers())


def test_every_space_draws_the_same_pictures_and_passes_gradients(network: StyleGAN3) -> None:
    expected = network.render(codes(network, "z"))
    assert expected.shape == (3, 3, 16, 16)
    assert expected.std() > 0.01
    assert not any(parameter.requires_grad for parameter in network.parameters())
    for space in network.spaces:
        latents = codes(network, space)
        values = latents.values.clone().requires_grad_()
        images = network.synthesize(latents.with_values(values))
        assert torch.allclose(images, expected, atol=1e-5)
        (gradient,) = torch.autograd.grad(images.square().sum(), values)
        assert bool(gradient.isfinite().all()) and bool((gradient.flatten(1).norm(dim=1) > 0).all())


def test_pictures_do_not_depend_on_the_batch(network: StyleGAN3) -> None:
    z = codes(network, "z")
    assert torch.allclose(network.render(z), network.render(z, batch=1), atol=1e-5)


def test_each_code_of_w_plus_belongs_to_one_layer(network: StyleGAN3) -> None:
    latents = codes(network, "w+", 1)
    plain = network.render(latents)
    for layer in range(latents.values.shape[1]):
        values = latents.values.clone()
        values[:, layer] += 0.5
        assert (network.render(latents.with_values(values)) - plain).abs().max() > 1e-4


def test_truncation_pulls_the_first_codes_to_the_average(network: StyleGAN3) -> None:
    z = codes(network, "z")
    whole, cut = network.map(z, "w+", RenderOptions(0.0)).values, network.map(z, "w+", RenderOptions(0.0, 4)).values
    assert torch.allclose(whole, network.average.expand_as(whole))
    assert torch.equal(cut[:, :4], whole[:, :4])
    assert torch.equal(cut[:, 4:], network.map(z, "w+").values[:, 4:])
    assert torch.allclose(
        network.render(z, RenderOptions(truncation=0.3, cutoff=4)),
        network.render(network.map(z, "w+", RenderOptions(0.3, 4))),
    )


def test_there_is_no_noise_to_choose(network: StyleGAN3) -> None:
    with pytest.raises(ValueError, match="noise means nothing"):
        network.render(codes(network, "z"), RenderOptions(noise="none"))


def test_entry_weights_are_the_affine_maps(network: StyleGAN3) -> None:
    for space in ("w", "w+"):
        weights = network.entry_weights(space)
        assert tuple(weights) == network.layer_names
        w = codes(network, "w").values
        affine = network.layers[2].affine
        assert torch.allclose(w @ weights["layers.2"].T + affine.bias, affine(w), atol=1e-5)
    assert network.entry_weights("z")["mapping.layers.0"].shape == (8, 6)


def test_a_transform_moves_the_picture_and_leaves_the_network_alone() -> None:
    network = random_stylegan3(T)
    z, before = codes(network, "z"), network.fingerprint
    moved = network.transformed([[1.0, 0.0, 0.2], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    assert (moved.render(z) - network.render(z)).abs().max() > 1e-3
    assert moved.layers[0].weight.data_ptr() == network.layers[0].weight.data_ptr()
    assert network.fingerprint == before != moved.fingerprint
    assert torch.equal(network.transformed(torch.eye(3)).render(z), network.render(z))


def test_a_transform_is_a_matrix(unchecked: None) -> None:
    with pytest.raises(ValueError, match="3x3"):
        random_stylegan3(T).transformed([[1.0, 0.0], [0.0, 1.0]])


def test_w_turns_the_waves_without_stretching_them(network: StyleGAN3) -> None:
    turn = network.waves.motion(codes(network, "w").values)[:, :2, :2]
    assert torch.allclose(turn @ turn.mT, torch.eye(2).expand(3, 2, 2), atol=1e-5)
    assert torch.allclose(torch.linalg.det(turn), torch.ones(3), atol=1e-5)


@pytest.mark.parametrize("kernel", [1, 3])
def test_a_layer_equals_the_textbook_form(kernel: int) -> None:
    """Weights of their own for every code, normalised, modulated, demodulated; one grouped convolution."""
    sizes = LayerSizes(5, 4, 12, 8, 2.0, kernel, up=2, down=2, radial=True)
    layer = Layer(7, sizes, filter_size=6, colors=False, clamp=None).double()
    random = torch.Generator().manual_seed(0)
    for name, tensor in layer.state_dict().items():
        draw = torch.randn(tensor.shape, dtype=torch.float64, generator=random)
        tensor.copy_(low_pass(tuple(tensor.shape)) if "filter" in name else draw.abs() if "magn" in name else draw)
    x = torch.randn(3, 5, 12, 12, dtype=torch.float64, generator=random)
    w = torch.randn(3, 7, dtype=torch.float64, generator=random)
    styles = layer.affine(w)
    weight = layer.weight / layer.weight.square().mean((1, 2, 3), keepdim=True).sqrt()
    each = weight[None] * (styles / styles.square().mean(1, keepdim=True).sqrt())[:, None, :, None, None]
    each = each / (each.square().sum((2, 3, 4), keepdim=True) + 1e-8).sqrt() / layer.magnitude.sqrt()
    y = F.conv2d(x.flatten(0, 1)[None], each.flatten(0, 1), padding=kernel - 1, groups=3)[0].unflatten(0, (3, 4))
    y = y + layer.bias[:, None, None]
    expected = filtered_leaky_relu(y, layer.up_filter, 2, layer.down_filter, 2, 12)
    assert torch.allclose(layer(x, w), expected, atol=1e-9)
