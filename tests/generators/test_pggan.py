"""PGGAN: how it doubles, fades and grows; gradients reach the codes and no weight asks for one."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from latentwalk.generators.pggan import Dense, doubling, pixel_norm, spread
from latentwalk.hooks import read_layers
from latentwalk.latents import Latents
from latentwalk.options import RenderOptions
from random_networks import PG as SIZES
from random_networks import random_pggan as network


@pytest.mark.parametrize("size", [(1, 1), (4, 4), (3, 5)])
def test_doubling_is_enlarging_and_a_convolution(size: tuple[int, int]) -> None:
    x, weight = torch.randn(2, 4, *size), torch.randn(3, 4, 3, 3)
    expected = F.conv2d(F.interpolate(x, scale_factor=2, mode="nearest"), weight, padding=1)
    assert (F.conv_transpose2d(x, doubling(weight), stride=2, padding=1) - expected).abs().max() < 1e-5
    turned = spread(weight.flip(2, 3).transpose(0, 1))
    assert torch.equal(turned, doubling(weight))


def test_the_first_map_is_a_padded_convolution_of_one_pixel() -> None:
    weight, z = torch.randn(5, 6, 4, 4), torch.randn(3, 6)
    dense = Dense(6, 5, 0.2)
    dense.load_state_dict(
        {"weight": weight.flip(2, 3).permute(2, 3, 0, 1).flatten(0, 2), "bias": torch.arange(5.0).repeat(16)}
    )
    expected = F.leaky_relu(F.conv2d(pixel_norm(z)[:, :, None, None], weight, torch.arange(5.0), padding=3), 0.2)
    assert (dense(z) - expected).abs().max() < 1e-5


def test_features_have_a_mean_square_of_one_at_every_pixel() -> None:
    power = pixel_norm(3 * torch.randn(2, 5, 4, 4)).square().mean(1)
    assert torch.allclose(power, torch.ones_like(power), atol=1e-5)


@pytest.mark.parametrize("fade", [0.0, 0.25, 1.0])
@pytest.mark.parametrize("tanh", [False, True])
def test_a_scale_fades_in(fade: float, tanh: bool) -> None:
    generator = network(replace(SIZES, fade=fade, tanh=tanh))
    latents = generator.sample(range(3))
    with read_layers(generator, ["layers.3", "layers.5"], stop=False) as found:
        images = generator.synthesize(latents)
    expected = generator.picture.paint(pixel_norm(found["layers.5"]))
    if fade:
        assert generator.picture.before is not None
        smaller = generator.picture.before(pixel_norm(found["layers.3"]))
        expected = (1 - fade) * expected + fade * F.interpolate(smaller, scale_factor=2, mode="nearest")
    assert (images - (expected.tanh() if tanh else expected)).abs().max() < 1e-5


def test_pictures_from_before_the_last_scale_are_enlarged() -> None:
    plain, enlarged = network(), network(replace(SIZES, enlarge=1))
    latents = plain.sample([0])
    assert enlarged.image_shape == (3, 32, 32)
    assert torch.equal(enlarged.render(latents), plain.render(latents).repeat_interleave(2, 2).repeat_interleave(2, 3))


def test_gradients_reach_the_code_and_no_weight_asks_for_one() -> None:
    generator = network()
    z = generator.sample([0]).values.requires_grad_()
    generator.synthesize(Latents(z)).square().sum().backward()
    assert z.grad is not None and z.grad.abs().min() > 0
    assert not any(parameter.requires_grad for parameter in generator.parameters())


def test_pictures_do_not_depend_on_the_batch() -> None:
    generator = network()
    latents = generator.sample(range(5))
    assert (generator.render(latents) - generator.render(latents, batch=1)).abs().max() < 1e-5


def test_options_and_spaces() -> None:
    generator = network()
    latents = generator.sample(range(2))
    shorter = Latents(0.5 * latents.values)
    assert torch.equal(generator.render(latents, RenderOptions(0.5)), generator.render(shorter))
    assert torch.equal(generator.map(latents, "z", RenderOptions(0.5)).values, shorter.values)
    assert generator.entry_weights("z")["layers.0"].shape == (16 * 6, 6)
    assert generator.layer_names == (*(f"layers.{i}" for i in range(6)), "picture")
    with pytest.raises(ValueError, match="cutoff means nothing"):
        generator.render(latents, RenderOptions(cutoff=2))
    with pytest.raises(ValueError, match="noise means nothing"):
        generator.render(latents, RenderOptions(noise="none"))
    for call in (lambda: generator.map(latents, "w"), lambda: generator.entry_weights("w")):
        with pytest.raises(ValueError, match="has the spaces z, got 'w'"):
            call()


@pytest.mark.parametrize(
    "changes",
    [
        {"z": 0},
        {"colors": 0},
        {"widths": ()},
        {"widths": (4, 0)},
        {"widths": (1,) * 12},
        {"enlarge": -1},
        {"enlarge": 30},
        {"fade": 1.1},
        {"fade": 0.5, "widths": (4,)},
    ],
)
def test_sizes_of_no_network_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"expected|need"):
        replace(SIZES, **changes)  # pyright: ignore[reportArgumentType]
