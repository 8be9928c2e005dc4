"""StyleGAN2s of lucidrains' code, against a plain implementation."""

from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from foreign_cases import drawn_as_its_reference
from latentwalk.checkpoints import lucidrains
from latentwalk.checkpoints.formats import open_generator
from latentwalk.latents import Latents
from latentwalk.options import RenderOptions

State = dict[str, Tensor]
W = 5
CODES = torch.randn(3, W, generator=torch.Generator().manual_seed(1))


def test_a_foreign_file_draws_its_own_pictures(shared: Path) -> None:
    generator = drawn_as_its_reference(shared, "lucidrains-stylegan2/model_12.pt")
    assert generator.reading.format == "lucidrains StyleGAN2" and generator.spaces["w+"].shape == (3, 12)


def random_state(
    widths: tuple[int, ...] = (8, 6, 4), colors: int = 3, depth: int = 3, older: bool = False, seed: int = 0
) -> State:
    """Networks in training and averaged ones. older: without the first convolution and the blur."""
    shapes: dict[str, tuple[int, ...]] = {"S.net.0.weight": (W, W)}
    for i in range(depth):
        shapes |= {f"S.net.{2 * i}.weight": (W, W), f"S.net.{2 * i}.bias": (W,)}
    inside = widths[0]
    shapes["G.initial_block"] = (1, inside, 4, 4)
    if not older:
        shapes |= {"G.initial_conv.weight": (inside, inside, 3, 3), "G.initial_conv.bias": (inside,)}
    for i, width in enumerate(widths):
        here = f"G.blocks.{i}."
        for k, before in ((1, inside), (2, width)):
            shapes |= {f"{here}to_style{k}.weight": (before, W), f"{here}to_style{k}.bias": (before,)}
            shapes |= {f"{here}to_noise{k}.weight": (width, 1), f"{here}to_noise{k}.bias": (width,)}
            shapes[f"{here}conv{k}.weight"] = (width, before, 3, 3)
        shapes |= {f"{here}to_rgb.to_style.weight": (width, W), f"{here}to_rgb.to_style.bias": (width,)}
        shapes[f"{here}to_rgb.conv.weight"] = (colors, width, 1, 1)
        inside = width
    random = torch.Generator().manual_seed(seed)
    state = {name: torch.randn(shape, generator=random) for name, shape in shapes.items()}
    for i in range(0 if older else len(widths) - 1):
        state[f"G.blocks.{i}.to_rgb.upsample.1.f"] = torch.tensor([1.0, 2.0, 1.0])
    for name in list(state):
        if name.startswith("S.net"):
            state[name] *= 10
        averaged = torch.randn(state[name].shape, generator=random) * (10 if name.startswith("S") else 1)
        state[name[0] + "E" + name[1:]] = state[name].clone() if name.endswith(".f") else averaged
    return {**state, "D.blocks.0.conv_res.weight": torch.ones(2, 3, 1, 1), "D.to_logit.bias": torch.zeros(1)}


def modulated(x: Tensor, weight: Tensor, style: Tensor, demodulate: bool) -> Tensor:
    rows = []
    for one, s in zip(x, style, strict=True):
        own = weight * (s[:, None, None] + 1)
        if demodulate:
            own = own / (own.square().sum((1, 2, 3), keepdim=True) + 1e-8).sqrt()
        rows.append(F.conv2d(one[None], own, padding=own.shape[-1] // 2))
    return torch.cat(rows)


def twice(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def plain(state: State, z: Tensor, noise: Tensor, of: tuple[str, str] = ("SE", "GE")) -> Tensor:
    """Layer by layer in the order of its description. noise: [side, side] of the picture, from 0 to 1."""
    w = F.normalize(z, dim=1)
    for i in range(sum(name.startswith(f"{of[0]}.net") for name in state) // 2):
        w = F.linear(w, 0.1 * state[f"{of[0]}.net.{2 * i}.weight"], 0.1 * state[f"{of[0]}.net.{2 * i}.bias"])
        w = F.leaky_relu(w, 0.2)
    g = {name.removeprefix(f"{of[1]}."): tensor for name, tensor in state.items() if name.startswith(f"{of[1]}.")}
    x, image = g["initial_block"].repeat(len(z), 1, 1, 1), None
    if "initial_conv.weight" in g:
        x = F.conv2d(x, g["initial_conv.weight"], g["initial_conv.bias"], padding=1)
    blocks = sum(name.endswith("conv1.weight") for name in g)
    for i in range(blocks):
        t = {name.removeprefix(f"blocks.{i}."): tensor for name, tensor in g.items()}
        x = twice(x) if i else x
        for k in (1, 2):
            style = F.linear(w, t[f"to_style{k}.weight"], t[f"to_style{k}.bias"])
            x = modulated(x, t[f"conv{k}.weight"], style, True)
            maps = noise[: x.shape[2], : x.shape[3]]
            x = x + t[f"to_noise{k}.weight"][:, 0, None, None] * maps + t[f"to_noise{k}.bias"][:, None, None]
            x = F.leaky_relu(x, 0.2)
        style = F.linear(w, t["to_rgb.to_style.weight"], t["to_rgb.to_style.bias"])
        colors = modulated(x, t["to_rgb.conv.weight"], style, False)
        image = colors if image is None else image + colors
        if i < blocks - 1:
            image = twice(image)
            if "to_rgb.upsample.1.f" in t:
                kernel = torch.outer(t["to_rgb.upsample.1.f"], t["to_rgb.upsample.1.f"]) / 16
                padded = F.pad(image, (1, 1, 1, 1), mode="reflect")
                image = F.conv2d(padded, kernel.repeat(image.shape[1], 1, 1, 1), groups=image.shape[1])
    assert image is not None
    return 2 * image - 1


@pytest.mark.parametrize("older", [False, True])
@pytest.mark.parametrize(("widths", "colors", "depth"), [((8, 6, 4), 3, 3), ((4, 7), 4, 1), ((3, 5, 5, 2), 1, 8)])
def test_the_pictures_of_a_plain_implementation(
    widths: tuple[int, ...], colors: int, depth: int, older: bool, tmp_path: Path
) -> None:
    state, side = random_state(widths, colors, depth, older), 2 << len(widths)
    torch.save({"GAN": state, "version": "1.8.0"}, tmp_path / "model_3.pt")
    read = open_generator(tmp_path / "model_3.pt")
    wanted = plain(state, CODES, torch.full((side, side), 0.5))
    assert read.image_shape == (colors, side, side) and wanted.std() > 0.1
    tolerance = 1e-5 * float(wanted.abs().max().clamp(min=1))
    for noise in ("const", "none"):
        assert (read.render(Latents(CODES), RenderOptions(noise=noise)) - wanted).abs().max() < tolerance
    maps = torch.rand(side, side, generator=torch.Generator().manual_seed(3))
    noisy = read.render(Latents(CODES), RenderOptions(noise=3))
    assert (noisy - plain(state, CODES, maps)).abs().max() < tolerance


def test_networks_in_training_stand_in_for_averaged_ones() -> None:
    state = {name: tensor for name, tensor in random_state().items() if not name.startswith(("SE.", "GE."))}
    wanted = plain(state, CODES, torch.full((16, 16), 0.5), ("S", "G"))
    read = lucidrains.read(state, "here")
    assert (read.render(Latents(CODES)) - wanted).abs().max() < 1e-5 * float(wanted.abs().max())


def changed(name: str, tensor: Tensor | None) -> State:
    return {n: t for n, t in (random_state() | {name: tensor}).items() if t is not None}


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (changed("GE.blocks.1.conv2.weight", None), "lacks the tensor 'GE.blocks.1.conv2.weight'"),
        (changed("GE.blocks.1.to_style1.weight", torch.ones(8, 4)), r"has the shape \[8, 4\], expected \[8, 5\]"),
        (changed("GE.blocks.0.to_rgb.conv.weight", torch.ones(2, 8, 1, 1)), "torgb"),
        (changed("GE.initial_block", torch.ones(1, 8, 5, 4)), r"expected \[1, any, 4, 4\]"),
        (changed("GE.attns.0.0.fn.fn.to_q.weight", torch.ones(2)), "without attention"),
        (changed("GE.to_initial_block.weight", torch.ones(2)), "has also 'GE.to_initial_block.weight'"),
        (changed("GE.blocks.0.to_rgb.upsample.1.f", torch.ones(3)), r"expected \[1.0, 2.0, 1.0\]"),
        (changed("SE.net.0.weight", None), "lacks the tensor 'SE.net.0.weight'"),
        (changed("SE.net.2.bias", torch.ones(4)), r"has the shape \[4\], expected \[5\]"),
        ({n: t for n, t in random_state().items() if not n.startswith("SE")}, "lacks the mapping of its generator"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(state: State, message: str) -> None:
    with pytest.raises(ValueError, match=message) as error:
        lucidrains.read(state, "here")
    assert str(error.value).startswith("here") and "\n" not in str(error.value)
