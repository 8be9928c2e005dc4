"""StyleGAN: styles, noise, truncation and spaces; gradients reach codes in every space."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from latentwalk.generators.stylegan import StyleGAN, restyle
from latentwalk.latents import Latents
from latentwalk.options import RenderOptions
from random_networks import STYLE as SIZES
from random_networks import random_stylegan as network


@pytest.fixture(scope="module")
def stylegan() -> StyleGAN:
    return network()


@pytest.fixture(scope="module")
def codes(stylegan: StyleGAN) -> Latents:
    return stylegan.sample(range(4))


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_restyling_sets_mean_and_deviation_of_every_channel(layout: torch.memory_format) -> None:
    x = (5 + 2 * torch.randn(2, 4, 256, 256)).contiguous(memory_format=layout)
    scale, shift = torch.randn(2, 4), torch.randn(2, 4)
    expected = F.instance_norm(x.double(), eps=1e-8) * scale[:, :, None, None] + shift[:, :, None, None]
    assert (restyle(x, scale, shift) - expected).abs().max() < 1e-5


def test_codes_of_every_space_draw_the_same_picture(stylegan: StyleGAN, codes: Latents) -> None:
    images = stylegan.render(codes)
    assert images.std() > 0.1 and images.shape == (4, 3, 16, 16)
    for space in ("w", "w+"):
        assert (stylegan.render(stylegan.map(codes, space)) - images).abs().max() < 1e-5
    assert stylegan.spaces["w+"].shape == (6, 7)


def test_truncation_pulls_the_first_codes_to_the_average(stylegan: StyleGAN, codes: Latents) -> None:
    plain = stylegan.map(codes, "w+").values
    for cutoff in (0, 2, None):
        expected = plain.clone()
        expected[:, :cutoff] = stylegan.average + 0.7 * (plain[:, :cutoff] - stylegan.average)
        assert (stylegan.map(codes, "w+", RenderOptions(0.7, cutoff)).values - expected).abs().max() < 1e-5
        images = stylegan.render(codes, RenderOptions(truncation=0.7, cutoff=cutoff))
        assert (images - stylegan.render(Latents(expected, "w+"))).abs().max() < 1e-5


def test_a_code_of_one_layer_changes_what_comes_after_it(stylegan: StyleGAN, codes: Latents) -> None:
    ws = stylegan.map(codes, "w+").values
    for layer in range(6):
        mixed = ws.clone()
        mixed[0, layer] = ws[1, layer]
        assert (stylegan.render(Latents(mixed, "w+")) - stylegan.render(Latents(ws, "w+"))).abs()[0].max() > 1e-3


def test_noise_is_stored_none_or_that_of_a_seed(stylegan: StyleGAN, codes: Latents) -> None:
    stored, none = stylegan.render(codes), stylegan.render(codes, RenderOptions(noise="none"))
    seeded, other = stylegan.render(codes, RenderOptions(noise=3)), stylegan.render(codes, RenderOptions(noise=4))
    assert min((a - b).abs().max() for a in (stored, none, seeded) for b in (other, seeded) if a is not b) > 1e-2
    assert (stored - none).abs().max() > 1e-2
    assert torch.equal(seeded, stylegan.render(codes, RenderOptions(noise=3)))
    assert (seeded[2:3] - stylegan.render(codes[2], RenderOptions(noise=3))).abs().max() < 1e-5
    same = Latents(codes.values[:1].repeat(2, 1))
    first, second = stylegan.render(same, RenderOptions(noise=3))
    assert (first - second).abs().max() < 1e-5


@pytest.mark.parametrize("space", ["z", "w", "w+"])
def test_gradients_reach_codes_and_no_weight_asks_for_one(stylegan: StyleGAN, codes: Latents, space: str) -> None:
    values = stylegan.map(codes, space).values.detach().clone().requires_grad_()
    stylegan.synthesize(Latents(values, space), RenderOptions(truncation=0.8, noise="none")).square().sum().backward()
    assert values.grad is not None and bool((values.grad.abs().sum(-1) > 0).all())
    assert not any(parameter.requires_grad for parameter in stylegan.parameters())


def test_gradients_are_those_of_finite_differences() -> None:
    generator = network(replace(SIZES, fade=0.25)).to(torch.float64)
    assert isinstance(generator, StyleGAN)
    z = generator.sample([0]).values.requires_grad_()

    def draw(z: Tensor) -> Tensor:
        return generator.synthesize(Latents(z), RenderOptions(truncation=0.7, noise=1))[0, :, ::4, ::4]

    assert torch.autograd.gradcheck(draw, (z,), eps=1e-6, atol=1e-5)


def test_pictures_do_not_depend_on_the_batch(stylegan: StyleGAN, codes: Latents) -> None:
    assert (stylegan.render(codes) - stylegan.render(codes, batch=1)).abs().max() < 2e-5


def test_entry_weights_are_the_first_affine_maps(stylegan: StyleGAN, codes: Latents) -> None:
    first = stylegan.entry_weights("z")["mapping.layers.0"]
    assert first.shape == (5, 6)
    styles = stylegan.entry_weights("w+")
    assert list(styles) == [f"layers.{i}.style" for i in range(6)]
    assert [len(weight) for weight in styles.values()] == [12, 12, 10, 10, 8, 8]
    w = stylegan.map(codes, "w").values
    for name, weight in styles.items():
        layer = stylegan.get_submodule(name)
        assert (layer(w[:1]) - layer(w[1:2]) - (w[:1] - w[1:2]) @ weight.T).abs().max() < 1e-5
    with pytest.raises(ValueError, match="got 's'"):
        stylegan.entry_weights("s")


def test_a_mapping_may_give_every_layer_a_code_of_its_own() -> None:
    generator = network(replace(SIZES, mapping=(6, 5, 42), averages=6, classes=2, embedding=3))
    latents = generator.sample(range(3), labels=[0, 1, 1])
    ws = generator.map(latents, "w+")
    assert list(generator.spaces) == ["z", "w+"] and ws.values.shape == (3, 6, 7)
    assert (generator.render(ws) - generator.render(latents)).abs().max() < 1e-5
    with pytest.raises(ValueError, match="got 'w'"):
        generator.map(latents, "w")


def test_codes_do_not_go_back(stylegan: StyleGAN, codes: Latents) -> None:
    with pytest.raises(ValueError, match="codes go the way z -> w"):
        stylegan.map(stylegan.map(codes, "w+"), "w")


def test_the_layers_have_names(stylegan: StyleGAN) -> None:
    assert stylegan.layer_names == (*(f"layers.{i}" for i in range(6)), "picture")
    assert set(stylegan.layer_names) <= {name for name, _ in stylegan.named_modules()}


@pytest.mark.parametrize("changes", [{"mapping": (6,)}, {"mapping": (6, 8)}, {"w": 0}, {"widths": ()}, {"fade": 2.0}])
def test_sizes_of_no_network_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="expected"):
        replace(SIZES, **changes)  # pyright: ignore[reportArgumentType]
