"""StyleGANs of rosinality's code, against a plain implementation; which of their scales draws."""

import math
import re
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from foreign_cases import drawn_as_its_reference
from latentwalk.checkpoints import rosinality_stylegan
from latentwalk.checkpoints.formats import open_generator
from latentwalk.jobs.load import load
from latentwalk.latents import Latents
from latentwalk.options import RenderOptions

State = dict[str, Tensor]
Z = 6
WIDTHS = (6, 5, 4, 4)
WIDE = (4, 3, 3, 2, 2, 2)
"""Channels up to 32 px, and up to 128 px, from where on doublings are fused."""


def test_a_foreign_file_draws_its_own_pictures(shared: Path) -> None:
    generator = drawn_as_its_reference(shared, "stylegan1-rosinality/010000.model")
    assert generator.reading.format == "rosinality StyleGAN"


def random_state(widths: tuple[int, ...] = WIDTHS, trained: int | None = None) -> State:
    """trained: scales that are; the others are as they begin, with biases and strengths of noise of zero."""
    shapes: dict[str, tuple[int, ...]] = {f"style.{i}.linear.weight_orig": (Z, Z) for i in (1, 3, 5)}
    shapes |= {f"style.{i}.linear.bias": (Z,) for i in (1, 3, 5)}
    for i, width in enumerate(widths):
        here, before = f"generator.progression.{i}.", widths[max(i - 1, 0)]
        if i == 0:
            shapes[f"{here}conv1.input"] = (1, width, 4, 4)
        elif 4 << i >= 128:
            shapes |= {f"{here}conv1.0.weight": (before, width, 3, 3), f"{here}conv1.0.bias": (width,)}
        else:
            shapes |= {f"{here}conv1.1.conv.weight_orig": (width, before, 3, 3), f"{here}conv1.1.conv.bias": (width,)}
        shapes |= {f"{here}conv2.conv.weight_orig": (width, width, 3, 3), f"{here}conv2.conv.bias": (width,)}
        for k in (1, 2):
            shapes |= {f"{here}noise{k}.weight_orig": (1, width, 1, 1)}
            shapes |= {f"{here}adain{k}.style.linear.weight_orig": (2 * width, Z)}
            shapes |= {f"{here}adain{k}.style.linear.bias": (2 * width,)}
        head = f"generator.to_rgb.{i}.conv."
        shapes |= {f"{head}weight_orig": (3, width, 1, 1), f"{head}bias": (3,)}
    random = torch.Generator().manual_seed(0)
    state = {name: torch.randn(shape, generator=random) for name, shape in shapes.items()}
    blur = torch.tensor([[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]) / 16
    for i, width in enumerate(widths[1:], 1):
        name = f"generator.progression.{i}.conv1.{1 if 4 << i >= 128 else 2}.weight"
        state |= {name: blur.repeat(width, 1, 1, 1), f"{name}_flip": blur.repeat(width, 1, 1, 1)}
    for name, tensor in state.items():
        scale = re.match(r"generator\.progression\.(\d+)\.(noise|conv\d.*bias)", name)
        if trained is not None and scale and int(scale[1]) >= trained:
            tensor.zero_()
    return state


def acting(weight: Tensor) -> Tensor:
    return weight * math.sqrt(2 / (weight.shape[1] * weight[0, 0].numel()))


def plain(state: State, z: Tensor, scales: int) -> Tensor:
    """Layer by layer in the order of its description, without noise."""
    w = z / (z.square().mean(1, keepdim=True) + 1e-8).sqrt()
    for i in (1, 3, 5):
        w = F.linear(w, acting(state[f"style.{i}.linear.weight_orig"]), state[f"style.{i}.linear.bias"])
        w = F.leaky_relu(w, 0.2)
    x = state["generator.progression.0.conv1.input"].repeat(len(z), 1, 1, 1)
    for i in range(scales):
        t = {n.removeprefix(f"generator.progression.{i}."): v for n, v in state.items()}
        if "conv1.0.weight" in t:
            kernel = t["conv1.0.weight"] * math.sqrt(2 / (9 * len(t["conv1.0.weight"])))
            shifts = [F.pad(kernel, (a, 1 - a, b, 1 - b)) for a in (0, 1) for b in (0, 1)]
            x = F.conv_transpose2d(x, torch.stack(shifts).mean(0), t["conv1.0.bias"], stride=2, padding=1)
            x = F.conv2d(x, t["conv1.1.weight"], padding=1, groups=x.shape[1])
        elif i:
            x = F.interpolate(x, scale_factor=2, mode="nearest")
            x = F.conv2d(x, acting(t["conv1.1.conv.weight_orig"]), t["conv1.1.conv.bias"], padding=1)
            x = F.conv2d(x, t["conv1.2.weight"], padding=1, groups=x.shape[1])
        for k in (1, 2):
            if k == 2:
                x = F.conv2d(x, acting(t["conv2.conv.weight_orig"]), t["conv2.conv.bias"], padding=1)
            x = F.instance_norm(F.leaky_relu(x, 0.2), eps=1e-5)
            style = F.linear(w, acting(t[f"adain{k}.style.linear.weight_orig"]), t[f"adain{k}.style.linear.bias"])
            gamma, beta = style[:, :, None, None].chunk(2, 1)
            x = gamma * x + beta
    head = f"generator.to_rgb.{scales - 1}.conv"
    return F.conv2d(x, acting(state[f"{head}.weight_orig"]), state[f"{head}.bias"])


CODES = torch.randn(3, Z, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("widths", [WIDTHS, WIDE, (5,)])
def test_the_pictures_of_a_plain_implementation(widths: tuple[int, ...], tmp_path: Path) -> None:
    state = random_state(widths)
    torch.save({"g_running": state, "discriminator": {}, "g_optimizer": {}}, tmp_path / "a.model")
    read = open_generator(tmp_path / "a.model")
    images = plain(state, CODES, len(widths))
    assert read.image_shape == images.shape[1:] and images.std() > 0.1
    for noise in ("const", "none"):  # none is stored
        assert (read.render(Latents(CODES), RenderOptions(noise=noise)) - images).abs().max() < 1e-4
    assert (read.render(Latents(CODES), RenderOptions(noise=3)) - images).abs().max() > 1e-3


@pytest.mark.parametrize("scales", [1, 2, 3, 4])
def test_the_side_can_be_chosen(scales: int) -> None:
    read = rosinality_stylegan.read(random_state(), "here", side=2 << scales)
    assert (read.render(Latents(CODES)) - plain(random_state(), CODES, scales)).abs().max() < 1e-4
    last = "generator.to_rgb.3.conv.bias"
    assert (last in read.reading.ignored) == (scales < 4)


def test_the_side_is_asked_for_and_kept(tmp_path: Path) -> None:
    torch.save(random_state(trained=2), tmp_path / "a.model")
    read = load(tmp_path / "a.model", side=16)
    assert read.image_shape == (3, 16, 16) and read.choices.words == ["--side", "16"]
    torch.save(random_dcgan_state(), tmp_path / "b.pth")
    with pytest.raises(ValueError, match="leave the side out, only a file of rosinality StyleGAN"):
        load(tmp_path / "b.pth", side=16)


def random_dcgan_state() -> State:
    return {"main.0.weight": torch.ones(3, 2, 4, 4), "main.3.weight": torch.ones(2, 1, 4, 4)}


def test_a_network_draws_at_the_last_scale_that_was_trained() -> None:
    assert rosinality_stylegan.read(random_state(trained=2), "here").image_shape == (3, 8, 8)
    assert rosinality_stylegan.read(random_state(trained=2), "here", side=32).image_shape == (3, 32, 32)
    assert rosinality_stylegan.read(random_state(trained=0), "here").image_shape == (3, 32, 32)


def without(name: str) -> State:
    state = random_state()
    del state[name]
    return state


@pytest.mark.parametrize(
    ("state", "side", "message"),
    [
        (random_state(), 64, "has scales of 4 to 32 px, got the side 64"),
        (random_state(), 12, "has scales of 4 to 32 px, got the side 12"),
        (without("generator.progression.1.conv2.conv.bias"), None, "layers.3.bias"),
        (without("generator.progression.1.conv1.1.conv.weight_orig"), None, "layers.2.weight"),
        (without("generator.to_rgb.3.conv.bias"), None, "picture.paint.bias"),
        (without("style.1.linear.weight_orig"), None, "mapping.layers.0.weight"),
        (random_state() | {"style.5.linear.weight_orig": torch.ones(6)}, None, "has 1 dimensions, expected 2"),
        (random_state() | {"generator.progression.0.conv1.input": torch.ones(1, 2, 4, 4)}, None, "const"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(state: State, side: int | None, message: str) -> None:
    with pytest.raises(ValueError, match=message) as error:
        rosinality_stylegan.read(state, "here", side)
    assert str(error.value).startswith("here") and "\n" not in str(error.value)
