"""PGGAN and StyleGAN pickled by TensorFlow draw what the same tensors draw in the layout of genforce."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from genforce_networks import CLASSES, WIDE, WIDTHS, Z, pggan_state, stylegan_state
from latentwalk.checkpoints import genforce
from latentwalk.checkpoints.formats import open_generator
from latentwalk.latents import Latents
from tensorflow_networks import Network, write_tensorflow

State = dict[str, Tensor]


def name_of(group: str, number: int, scales: int, up: str) -> str:
    """What TensorFlow calls a layer or a head."""
    if group == "output":
        return f"ToRGB_lod{scales - 1 - number}"
    side = 4 << (number // 2)
    return f"{side}x{side}/{('Const', 'Conv')[number] if number < 2 else ('Conv1' if number % 2 else up)}"


def stylegan_network(state: State, arguments: dict[str, Any] | None = None) -> Network:
    scales = sum(name.startswith("synthesis.output") for name in state) // 2
    parts: dict[str, dict[str, Any]] = {"mapping": {}, "synthesis": {}}
    leaves = {"style.": "StyleMod/", "apply_noise.weight": "Noise/weight"}
    for name, tensor in state.items():
        array = tensor.numpy()
        if match := re.fullmatch(r"mapping\.dense(\d+)\.(\w+)", name):
            parts["mapping"][f"Dense{match[1]}/{match[2]}"] = array.T
        elif name == "mapping.label_weight":
            parts["mapping"]["LabelConcat/weight"] = array
        elif match := re.fullmatch(r"synthesis\.layer(\d+)\.apply_noise\.noise", name):
            parts["synthesis"][f"noise{match[1]}"] = array
        elif match := re.fullmatch(r"synthesis\.(layer|output)(\d+)\.(.+)", name):
            leaf = match[3]
            for ours, theirs in leaves.items():
                leaf = leaf.replace(ours, theirs)
            array = array.transpose(2, 3, 1, 0) if leaf == "weight" else array
            array = array.T if leaf == "StyleMod/weight" else array
            if "blur" not in leaf:
                layer = name_of(match[1], int(match[2]), scales, "Conv0_up")
                parts["synthesis"][f"{layer}/{leaf}"] = np.ascontiguousarray(array)
    parts["synthesis"]["lod"] = np.float32(state["synthesis.lod"])
    own = {"lod": np.float32(0), "dlatent_avg": state["truncation.w_avg"].numpy()}
    made = {part: Network(f"G_{part}", found, {}) for part, found in parts.items()}
    return Network("Gs", own, arguments or {}, **made)


def pggan_network(state: State, fused: bool, arguments: dict[str, Any] | None = None) -> Network:
    scales = sum(name.startswith("output") for name in state) // 2
    named: dict[str, Any] = {"lod": np.float32(state["lod"])}
    for name, tensor in state.items():
        match = re.fullmatch(r"(layer|output)(\d+)\.(\w+)", name)
        if match is None:
            continue
        group, number, array = match[1], int(match[2]), tensor.numpy()
        if match[3] == "weight" and name == "layer0.weight":
            array = array[:, :, ::-1, ::-1].transpose(1, 0, 2, 3).reshape(array.shape[1], -1)
        elif match[3] == "weight" and fused and group == "layer" and number % 2 == 0:
            array = array.transpose(2, 3, 1, 0)  # from [in, out, 3, 3]
        elif match[3] == "weight":
            array = array.transpose(2, 3, 1, 0)
        layer = name_of(group, number, scales, "Conv0_up" if fused else "Conv0").replace("Const", "Dense")
        named[f"{layer}/{match[3]}"] = np.ascontiguousarray(array)
    return Network("Gs", named, arguments or {})


def discriminator() -> Network:
    return Network("D", {"4x4/Dense0/weight": np.zeros((3, 3), np.float32), "FromRGB_lod0/bias": np.zeros(3)}, {})


def compare(network: Network, state: State, path: Path, labels: Tensor | None = None) -> None:
    read = open_generator(write_tensorflow(path, (network, discriminator(), network)))
    assert read.reading.format == "NVIDIA PGGAN and StyleGAN of TensorFlow"
    codes = Latents(torch.randn(3, Z, generator=torch.Generator().manual_seed(1)), "z", labels)
    wanted = genforce.read(state, "file").render(codes)
    assert wanted.std() > 0.1 and (read.render(codes) - wanted).abs().max() < 1e-5


@pytest.mark.parametrize("lod", [0.0, 1.5])
@pytest.mark.parametrize("fused", [False, True])
def test_pggan(fused: bool, lod: float, tmp_path: Path) -> None:
    state = pggan_state(fused=fused, lod=lod)
    compare(pggan_network(state, fused, {"resolution": 32, "fused_scale": fused}), state, tmp_path / "a.pkl")


def test_the_oldest_networks_have_a_class_of_another_name(tmp_path: Path) -> None:
    network = pggan_network(pggan_state(), False)
    path = write_tensorflow(tmp_path / "a.pkl", (network, discriminator(), network), 2, "tfutil")
    assert open_generator(path).image_shape == (3, 32, 32)


@pytest.mark.parametrize(("widths", "lod"), [(WIDTHS, 0.0), (WIDTHS, 0.75), (WIDE, 0.0)])
def test_stylegan(widths: tuple[int, ...], lod: float, tmp_path: Path) -> None:
    state = stylegan_state(widths, lod)
    compare(stylegan_network(state, {"fused_scale": "auto"}), state, tmp_path / "a.pkl")


def test_stylegan_with_classes(tmp_path: Path) -> None:
    state = stylegan_state(labels=True)
    labels = torch.tensor([0, 2, 1])
    assert int(labels.max()) < CLASSES
    compare(stylegan_network(state), state, tmp_path / "a.pkl", labels)


def test_doublings_may_be_fused_everywhere(tmp_path: Path) -> None:
    state = stylegan_state(WIDTHS)
    turned = {n: t.flip(2, 3) if re.fullmatch(r"synthesis\.layer[246]\.weight", n) else t for n, t in state.items()}
    compare(stylegan_network(turned, {"fused_scale": True}), state, tmp_path / "a.pkl")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"nonlinearity": "relu"}, "has the nonlinearity 'relu'"),
        ({"blur_filter": [1, 1]}, r"has the blur_filter \[1, 1\]"),
    ],
)
def test_arguments_that_cannot_be_drawn(arguments: dict[str, Any], message: str, tmp_path: Path) -> None:
    path = write_tensorflow(tmp_path / "a.pkl", stylegan_network(stylegan_state(), arguments))
    with pytest.raises(ValueError, match=message):
        open_generator(path)


def test_a_pggan_with_labels_is_refused(tmp_path: Path) -> None:
    path = write_tensorflow(tmp_path / "a.pkl", pggan_network(pggan_state(), False, {"label_size": 3}))
    with pytest.raises(ValueError, match="has the label_size 3"):
        open_generator(path)


@pytest.mark.parametrize("damage", ["missing", "shape", "flat", "text"])
@pytest.mark.parametrize("name", ["4x4/Dense/weight", "8x8/Conv0_up/weight", "8x8/Conv1/weight", "ToRGB_lod0/weight"])
def test_damage_is_named(name: str, damage: str, tmp_path: Path) -> None:
    network = pggan_network(pggan_state(fused=True), True)
    values = dict(network.state["variables"])
    array = values.pop(name)
    if damage != "missing":
        values[name] = {"shape": array[..., :-1], "flat": array.reshape(-1), "text": "weight"}[damage]
    network.state["variables"] = list(values.items())
    path = write_tensorflow(tmp_path / "a.pkl", network)
    with pytest.raises(ValueError, match=f"^{path}") as caught:
        open_generator(path)
    assert "\n" not in str(caught.value)
