"""The older names of genforce's networks: the pictures of the same tensors under the present names."""

import re
from pathlib import Path

import pytest
import torch
from torch import Tensor

from foreign_cases import drawn_as_its_reference
from genforce_networks import WIDE, WIDTHS, Z, pggan_state, stylegan_state
from latentwalk.checkpoints import genforce, interfacegan
from latentwalk.checkpoints.formats import open_generator
from latentwalk.generator import Generator
from latentwalk.latents import Latents

State = dict[str, Tensor]


@pytest.mark.parametrize("file", ["pggan.pth", "stylegan.pth", "stylegan2_fc.pth"])
def test_a_foreign_file_draws_its_own_pictures(shared: Path, file: str) -> None:
    generator = drawn_as_its_reference(shared, f"interfacegan-models/{file}")
    assert generator.reading.format == "InterFaceGAN"


def older_pggan(state: State, fused: bool = False) -> State:
    """The names of InterFaceGAN. fused: doublings are [3, 3, in, out], where genforce has [in, out, 3, 3]."""
    older: State = {}
    for name, tensor in state.items():
        layer = int(match[1]) if (match := re.fullmatch(r"layer(\d+)\.weight", name)) else 1
        if fused and layer and layer % 2 == 0:
            older[name] = tensor.permute(2, 3, 0, 1).contiguous()
        else:
            older[name.replace(".weight", ".conv.weight").replace(".bias", ".wscale.bias")] = tensor
    return older


def older_stylegan(state: State, dense: str = "linear", const: str = "first_layer") -> State:
    """The names of InterFaceGAN and idinvert. From 128 px on doublings are fused and [3, 3, in, out]."""
    older: State = {"truncation.truncation": torch.full((1, 12, 1), 0.7)}
    for name, tensor in state.items():
        if match := re.fullmatch(r"synthesis\.layer(\d+)\.weight", name):
            layer = int(match[1])
            if layer % 2 == 0 and 4 << layer // 2 >= 128:
                older[name] = tensor.permute(2, 3, 1, 0).contiguous()
            else:
                older[name.replace(".weight", ".conv.weight")] = tensor
            continue
        name = re.sub(r"^mapping\.(dense\d+)\.weight", rf"mapping.\1.{dense}.weight", name)
        name = re.sub(r"^mapping\.(dense\d+)\.bias", r"mapping.\1.wscale.bias", name)
        name = re.sub(r"(layer\d+)\.style\.weight", rf"\1.epilogue.style_mod.dense.{dense}.weight", name)
        name = re.sub(r"(layer\d+)\.style\.bias", r"\1.epilogue.style_mod.dense.wscale.bias", name)
        name = re.sub(r"(layer\d+)\.(apply_noise|bias)", r"\1.epilogue.\2", name)
        name = re.sub(r"(output\d+)\.weight", r"\1.conv.weight", name)
        older[name.replace("layer0.const", f"layer0.{const}")] = tensor
    return older


def alike(older: State, state: State) -> Generator:
    """What both draw, once that is the same."""
    assert interfacegan.matches(older) and not interfacegan.matches(state)
    read, wanted = interfacegan.read(older, "file"), genforce.read(state, "file")
    z = Latents(torch.randn(3, Z, generator=torch.Generator().manual_seed(1)))
    images = wanted.render(z)
    assert images.std() > 0.1 and (read.render(z) - images).abs().max() < 1e-5
    return read


@pytest.mark.parametrize("lod", [0.0, 1.5])
@pytest.mark.parametrize("fused", [False, True])
def test_pggan(fused: bool, lod: float) -> None:
    state = pggan_state(fused=fused, lod=lod)
    alike(older_pggan(state, fused), state)


@pytest.mark.parametrize("per_layer", [False, True], ids=["one code", "a code per layer"])
@pytest.mark.parametrize(("dense", "const"), [("linear", "first_layer"), ("fc", "const")])
def test_stylegan(dense: str, const: str, per_layer: bool) -> None:
    state = stylegan_state(WIDTHS, per_layer=per_layer)
    alike(older_stylegan(state, dense, const), state)


def test_a_stylegan_of_128_px_has_fused_kernels(tmp_path: Path) -> None:
    state = stylegan_state(WIDE)
    older = older_stylegan(state)
    assert older["synthesis.layer10.weight"].shape == (3, 3, 2, 2)
    assert alike(older, state).image_shape == (3, 128, 128)
    torch.save(older, tmp_path / "a.pth")
    assert open_generator(tmp_path / "a.pth").reading.format == "InterFaceGAN"


@pytest.mark.parametrize("layer", [4, 10], ids=["16 px", "128 px"])
def test_a_kernel_may_be_fused_at_any_side(layer: int) -> None:
    older = older_stylegan(stylegan_state(WIDE))
    name, wrapped = f"synthesis.layer{layer}.weight", f"synthesis.layer{layer}.conv.weight"
    other = dict(older)
    if name in older:
        other[wrapped] = other.pop(name).permute(3, 2, 0, 1).flip(2, 3)
    else:
        other[name] = other.pop(wrapped).flip(2, 3).permute(2, 3, 1, 0)
    z = Latents(torch.randn(2, Z, generator=torch.Generator().manual_seed(1)))
    first, second = (interfacegan.read(state, "file").render(z) for state in (older, other))
    assert (first - second).abs().max() < 1e-5


def without(name: str) -> State:
    state = older_stylegan(stylegan_state())
    del state[name]
    return state


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (without("synthesis.layer3.conv.weight"), "layers.3.weight"),
        (without("synthesis.layer2.epilogue.bias"), "layers.2.bias"),
        (older_pggan(pggan_state()) | {"layer4.conv.weight": torch.ones(4, 9, 3, 3)}, "layers.4.weight"),
        (older_pggan(pggan_state()) | {"layer4.weight": torch.ones(4)}, "layer"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(state: State, message: str) -> None:
    with pytest.raises(ValueError, match=message) as error:
        interfacegan.read(state, "here")
    assert str(error.value).startswith("here") and "\n" not in str(error.value)
