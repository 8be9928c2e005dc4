"""StyleGAN2: against a textbook implementation, in every architecture, and the laws of its spaces and options."""

import copy
import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from latentwalk.generators.stylegan2 import StyleGAN2, StyleGAN2Sizes
from latentwalk.hooks import read_layers
from latentwalk.latents import Latents
from latentwalk.options import RenderOptions
from random_networks import SIZES, random_stylegan2

QUIET = RenderOptions(noise="none")


def zeros_between(x: Tensor) -> Tensor:
    out = torch.zeros(*x.shape[:2], 2 * x.shape[2], 2 * x.shape[3])
    out[:, :, ::2, ::2] = x
    return out


def filtered(x: Tensor, kernel: Tensor, before: int, after: int) -> Tensor:
    """A true convolution with 4 times the kernel, after padding."""
    x = F.pad(x, (before, after, before, after))
    weight = 4 * kernel.flip(0, 1).repeat(x.shape[1], 1, 1, 1)
    return F.conv2d(x, weight, groups=x.shape[1])


def modulated(x: Tensor, weight: Tensor, style: Tensor, demodulate: bool, up: bool) -> Tensor:
    """One code at a time, with weights of its own."""
    rows = []
    for one, s in zip(x, style, strict=True):
        own = weight * s[:, None, None]
        if demodulate:
            own = own / (own.square().sum((1, 2, 3), keepdim=True) + 1e-8).sqrt()
        if up:
            rows.append(F.conv_transpose2d(one[None], own.transpose(0, 1), stride=2))
        else:
            rows.append(F.conv2d(one[None], own, padding=own.shape[-1] // 2))
    return torch.cat(rows)


def textbook(generator: StyleGAN2, ws: Tensor, noise: bool = True) -> Tensor:
    """Images of w+ [n, layers, w], in the order in which the paper describes the network."""
    sizes, state = generator.sizes, generator.state_dict()
    limit = math.inf if sizes.clamp is None else sizes.clamp

    def convolution(name: str, x: Tensor, w: Tensor, gain: float = math.sqrt(2)) -> Tensor:
        t = {k.removeprefix(f"synthesis.{name}."): v for k, v in state.items() if k.startswith(f"synthesis.{name}.")}
        style = w @ t["affine.weight"].T / math.sqrt(w.shape[1]) + t["affine.bias"]
        if name.endswith("torgb"):
            y = modulated(x, t["weight"], style / math.sqrt(x.shape[1]), False, False) + t["bias"][:, None, None]
            return y.clamp(-limit, limit)
        y = modulated(x, t["weight"], style, True, "kernel" in t)
        if "kernel" in t:
            size = t["kernel"].shape[0]
            y = filtered(y, t["kernel"], (size + 1) // 2 - 1, (size - 2) // 2)
        if noise and sizes.noise:
            y = y + t["noise_map"] * t["noise_strength"]
        y = F.leaky_relu(y + t["bias"][:, None, None], 0.2) * gain
        most = limit * gain / math.sqrt(2)  # the gain of the leaky ReLU is no part of the limit
        return y.clamp(-most, most)

    x = convolution("b4.conv1", state["synthesis.const"].repeat(len(ws), 1, 1, 1), ws[:, 0])
    image = convolution("b4.torgb", x, ws[:, 1]) if sizes.architecture == "skip" or len(sizes.widths) == 1 else None
    for index, side in list(enumerate(sizes.sides))[1:]:
        block, code = f"b{side}", 2 * index - 1
        before = x
        x = convolution(f"{block}.conv0", x, ws[:, code])
        if sizes.architecture == "resnet":
            x = convolution(f"{block}.conv1", x, ws[:, code + 1], gain=1.0)
            weight, kernel = (state[f"synthesis.{block}.shortcut.{name}"] for name in ("weight", "kernel"))
            around = F.conv2d(before, weight / math.sqrt(before.shape[1]))
            size = kernel.shape[0]
            x = x + filtered(zeros_between(around), kernel, (size + 1) // 2, (size - 2) // 2) * math.sqrt(0.5)
        else:
            x = convolution(f"{block}.conv1", x, ws[:, code + 1])
        if sizes.architecture == "skip":
            kernel = state[f"synthesis.{block}.join.kernel"]
            size = kernel.shape[0]
            image = filtered(zeros_between(image), kernel, (size + 1) // 2, (size - 2) // 2)
            image = image + convolution(f"{block}.torgb", x, ws[:, code + 2])
        elif index == len(sizes.widths) - 1:
            image = convolution(f"{block}.torgb", x, ws[:, code + 2])
    return image


@pytest.fixture(scope="module")
def small() -> StyleGAN2:
    return random_stylegan2()


@pytest.mark.parametrize("architecture", ["skip", "orig", "resnet"])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"clamp": 0.8},
        {"noise": False, "colors": 1},
        {"taps": 3},
        {"taps": 6},
        {"widths": (5, 40, 3, 2)},
        {"widths": (8,)},
    ],
    ids=str,
)
def test_it_draws_what_the_textbook_draws(architecture: str, changes: dict) -> None:
    sizes = replace(SIZES, architecture=architecture, **changes)
    generator = random_stylegan2(sizes, torch.arange(1.0, sizes.taps + 1))
    ws = torch.randn(3, *generator.spaces["w+"].shape, generator=torch.Generator().manual_seed(1))
    expected = textbook(generator, ws)
    assert (generator.render(Latents(ws, "w+")) - expected).abs().max() < 2e-5
    alone = torch.cat([generator.render(Latents(w[None], "w+")) for w in ws])
    assert (alone - expected).abs().max() < 2e-5
    assert (generator.render(Latents(ws, "w+"), QUIET) - textbook(generator, ws, noise=False)).abs().max() < 2e-5


def test_a_single_code_on_a_large_map_is_drawn_as_in_a_batch() -> None:
    """Where the weights are the smaller they are scaled, otherwise the activations: here both happen."""
    generator = random_stylegan2(replace(SIZES, widths=(3, 3, 3, 3, 2), clamp=3.0))
    latents = generator.sample(range(4))
    together = generator.render(latents)
    assert (torch.cat([generator.render(latents[i]) for i in range(4)]) - together).abs().max() < 1e-5


def test_all_spaces_lead_to_the_same_image(small: StyleGAN2) -> None:
    assert {name: space.shape for name, space in small.spaces.items()} == {
        "z": (7,),
        "w": (6,),
        "w+": (6, 6),
        "s": (8 + 8 + 8 + 6 + 6 + 6 + 5 + 5,),
    }
    latents = small.sample(range(3))
    expected = small.render(latents, RenderOptions(truncation=0.6, noise=5))
    for space in ("w", "w+", "s"):
        codes = small.map(latents, space, RenderOptions(0.6))
        assert codes.space == space and codes.seeds is latents.seeds
        assert (small.render(codes, RenderOptions(noise=5)) - expected).abs().max() < 1e-5
    in_two_steps = small.map(small.map(latents, "w"), "w+", RenderOptions(truncation=0.6, cutoff=3))
    assert torch.allclose(in_two_steps.values, small.map(latents, "w+", RenderOptions(0.6, 3)).values, atol=1e-6)


def test_truncation_pulls_the_first_layers_to_the_average(small: StyleGAN2) -> None:
    latents = small.sample(range(3))
    whole, cut = small.map(latents, "w+").values, small.map(latents, "w+", RenderOptions(0.25, cutoff=2)).values
    assert torch.equal(cut[:, 2:], whole[:, 2:])
    assert torch.allclose(cut[:, :2], small.average + 0.25 * (whole[:, :2] - small.average), atol=1e-6)
    assert torch.allclose(small.map(latents, "w", RenderOptions(0)).values, small.average.expand(3, -1))
    assert torch.equal(small.map(latents, "w+", RenderOptions(0.5, cutoff=0)).values, whole)
    assert torch.equal(
        small.map(latents, "w+", RenderOptions(0.5, cutoff=99)).values,
        small.map(latents, "w+", RenderOptions(0.5)).values,
    )


def test_an_average_per_layer() -> None:
    generator = random_stylegan2(replace(SIZES, average_per_layer=True))
    latents = generator.sample(range(2))
    assert torch.allclose(generator.map(latents, "w+", RenderOptions(0)).values[1], generator.average)
    with pytest.raises(ValueError, match=r"map to 'w\+' instead"):
        generator.map(latents, "w", RenderOptions(0.5))


@pytest.mark.parametrize(
    ("start", "to", "options", "message"),
    [
        ("w", "z", {}, r"go the way z -> w -> w\+ -> s only"),
        ("s", "w+", {}, "only, got 's' to 'w\\+'"),
        ("z", "y", {}, "has the spaces"),
        ("z", "w", {"cutoff": 2}, "has no cutoff"),
        ("z", "z", {"truncation": 0.5}, "stay in 'z'"),
        ("s", "s", {"truncation": 0.5}, "codes in 's'"),
    ],
)
def test_ways_that_do_not_exist(small: StyleGAN2, start: str, to: str, options: dict, message: str) -> None:
    latents = small.map(small.sample([0]), start)
    with pytest.raises(ValueError, match=message):
        small.map(latents, to, RenderOptions(**options))


def test_noise_is_stored_absent_or_of_a_seed(small: StyleGAN2) -> None:
    latents = small.sample([0, 0, 1])
    const, none, five, six = (small.render(latents, RenderOptions(noise=noise)) for noise in ("const", "none", 5, 6))
    images = [const, none, five, six]
    assert all((a - b).abs().max() > 1e-2 for i, a in enumerate(images) for b in images[:i])
    assert torch.allclose(five[0], five[1], atol=1e-5) and torch.equal(
        five, small.render(latents, RenderOptions(noise=5))
    )
    assert (small.render(latents[2], RenderOptions(noise=5)) - five[2:]).abs().max() < 1e-5
    quiet = random_stylegan2(replace(SIZES, noise=False))
    assert torch.equal(quiet.render(latents, RenderOptions(noise=5)), quiet.render(latents))


@pytest.mark.parametrize("architecture", ["skip", "orig", "resnet"])
@pytest.mark.parametrize("codes", [1, 2])
@pytest.mark.parametrize("space", ["z", "w", "w+", "s"])
def test_gradients_are_right_in_every_space(space: str, codes: int, architecture: str) -> None:
    generator = random_stylegan2(replace(SIZES, widths=(4, 3, 2), architecture=architecture, clamp=4.0))
    double = copy.deepcopy(generator).to(torch.float64)
    values = double.map(double.sample(range(codes)), space).values.clone().requires_grad_()
    assert torch.autograd.gradcheck(
        lambda v: double.synthesize(Latents(v, space), RenderOptions(noise=1)), values, fast_mode=True
    )
    assert not any(parameter.requires_grad for parameter in generator.parameters())


@pytest.mark.parametrize("architecture", ["skip", "orig", "resnet"])
def test_layers_are_named_in_the_order_of_the_pass(architecture: str) -> None:
    generator = random_stylegan2(replace(SIZES, architecture=architecture))
    with read_layers(generator, generator.layer_names, stop=False) as found:
        images = generator.synthesize(generator.sample([0, 1]))
    assert tuple(found) == generator.layer_names
    assert torch.equal(found[generator.layer_names[-1]], images)
    with read_layers(generator, [generator.layer_names[2]]) as kept:
        generator.synthesize(generator.sample([0, 1]))
    assert torch.equal(kept[generator.layer_names[2]], found[generator.layer_names[2]])  # nothing changed it later


def test_entry_weights_are_the_affine_maps(small: StyleGAN2) -> None:
    weights = small.entry_weights("w+")
    assert [name.removeprefix("synthesis.") for name in weights][:4] == [
        "b4.conv1.affine",
        "b4.torgb.affine",
        "b8.conv0.affine",
        "b8.conv1.affine",
    ]
    change = torch.randn(1, 6)
    for name, weight in weights.items():
        affine = small.get_submodule(name)
        assert torch.allclose(affine(change) - affine(0 * change), change @ weight.T, atol=1e-5)
    assert small.entry_weights("z")["mapping.layers.0"].shape == (9, 7)
    with pytest.raises(ValueError, match="meet an affine map first"):
        small.entry_weights("s")


@pytest.mark.parametrize("joint", [True, False])
def test_classes_are_chosen_by_number_or_vector(joint: bool) -> None:
    generator = random_stylegan2(replace(SIZES, classes=4, embedding=5, joint=joint))
    z = generator.sample([1, 1, 1]).values
    numbers = Latents(z, "z", torch.tensor([0, 3, 3]))
    images = generator.render(numbers)
    assert torch.allclose(images[1], images[2], atol=1e-5) and (images[0] - images[1]).abs().max() > 1e-2
    vectors = Latents(z, "z", F.one_hot(torch.tensor([0, 3, 3]), 4).float())
    assert torch.allclose(generator.render(vectors), images, atol=1e-5)
    mixture = Latents(z, "z", torch.full((3, 4), 0.25))
    assert (generator.render(mixture) - images).abs().max() > 1e-2
    ws = generator.map(numbers, "w+")
    assert ws.labels is numbers.labels and torch.allclose(generator.render(ws), images, atol=1e-5)
    assert torch.allclose(generator.render(Latents(ws.values, "w+")), images, atol=1e-5)  # a w knows its class
    assert generator.entry_weights("z")["mapping.layers.0"].shape == (9, 7)
    with pytest.raises(ValueError, match="has 4 classes, got z codes without labels"):
        generator.render(Latents(z))


@pytest.mark.parametrize(
    "changes", [{"architecture": "mesh"}, {"mapping": (8,)}, {"widths": ()}, {"widths": (4, 0)}, {"classes": -1}]
)
def test_sizes_that_make_no_network(changes: dict) -> None:
    with pytest.raises(ValueError, match=r"expected sizes above 0|architecture is skip or orig or resnet"):
        replace(SIZES, **changes)


def test_published_sizes_have_the_published_shapes() -> None:
    with torch.device("meta"):
        generator = StyleGAN2(StyleGAN2Sizes((512,) * 9, (512,) * 5 + (256, 128, 64, 32)))
    assert generator.image_shape == (3, 1024, 1024)
    assert generator.spaces["w+"].shape == (18, 512)
    assert generator.spaces["s"].shape == (9088,)


@pytest.mark.parametrize("architecture", ["skip", "resnet"])
def test_an_active_clamp_limits_what_the_activation_gives(architecture: str) -> None:
    clamp = 0.4
    generator = random_stylegan2(replace(SIZES, architecture=architecture, clamp=clamp))
    names = ["synthesis.b8.conv0", "synthesis.b8.conv1"]
    with read_layers(generator, names, stop=False) as found:
        generator.synthesize(generator.sample(4))
    for name, gain in zip(names, (1, math.sqrt(0.5) if architecture == "resnet" else 1), strict=True):
        assert math.isclose(found[name].abs().max().item(), clamp * gain, rel_tol=1e-5)
