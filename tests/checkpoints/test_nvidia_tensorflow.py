"""Pickles of NVIDIA's TensorFlow code, made here from networks of ours, give these networks back."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from latentwalk.checkpoints import nvidia_tensorflow
from latentwalk.checkpoints.formats import FORMATS, open_generator
from latentwalk.generators.stylegan2 import StyleGAN2
from latentwalk.latents import Latents
from latentwalk.options import RenderOptions
from latentwalk.safeload.reading import read_tree
from random_networks import SIZES, random_stylegan2
from tensorflow_networks import Network, example, to_tensorflow, write_tensorflow


def worst(read: StyleGAN2, wanted: StyleGAN2, codes: Latents, **options: Any) -> float:
    return float(
        (read.render(codes, RenderOptions(**options)) - wanted.render(codes, RenderOptions(**options))).abs().max()
    )


@pytest.fixture(scope="module")
def small() -> StyleGAN2:
    return random_stylegan2()


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_the_same_network(small: StyleGAN2, protocol: int, tmp_path: Path) -> None:
    path = write_tensorflow(tmp_path / "network.bin", example(small), protocol)
    tree = read_tree(path)
    assert [name for name, module in FORMATS.items() if module.matches(tree)] == ["NVIDIA StyleGAN2 of TensorFlow"]
    read = open_generator(path)
    assert isinstance(read, StyleGAN2) and read.sizes == small.sizes and not read.average_estimated
    for noise in ("const", "none", 3):
        assert worst(read, small, small.sample(range(3)), truncation=0.7, cutoff=3, noise=noise) < 1e-6
    assert not any(parameter.requires_grad for parameter in read.parameters())


@pytest.mark.parametrize("architecture", ["skip", "orig", "resnet"])
@pytest.mark.parametrize("taps", [[1, 3, 3, 1], [1, 2, 1], [1, 3, 3, 2]])
def test_every_architecture_with_any_filter(architecture: str, taps: list[int], tmp_path: Path) -> None:
    sizes = replace(SIZES, architecture=architecture, taps=len(taps), colors=1, clamp=0.5, lr_multiplier=0.02)
    wanted = random_stylegan2(sizes, torch.tensor(taps))
    given = {"resample_kernel": taps, "conv_clamp": 0.5, "mapping_lrmul": 0.02, "architecture": architecture}
    read = open_generator(write_tensorflow(tmp_path / "a.pkl", to_tensorflow(wanted, arguments=given)))
    assert isinstance(read, StyleGAN2) and read.sizes == sizes
    assert worst(read, wanted, wanted.sample(range(2))) < 1e-6


@pytest.mark.parametrize("joint", [True, False], ids=["LabelConcat", "LabelEmbed"])
def test_classes(joint: bool, tmp_path: Path) -> None:
    wanted = random_stylegan2(replace(SIZES, classes=3, embedding=7, joint=joint))
    if joint:  # an embedding of this kind has no bias
        wanted.mapping.embed.bias.data.zero_()
    read = open_generator(write_tensorflow(tmp_path / "a.pkl", example(wanted)))
    assert isinstance(read, StyleGAN2) and read.sizes == wanted.sizes
    labels = torch.eye(3)[[0, 2]] + torch.tensor([[0.0, 0.5, 0.0]])
    assert worst(read, wanted, Latents(wanted.sample([0, 1]).values, "z", labels)) < 1e-5


def test_a_network_without_noise_or_average(tmp_path: Path) -> None:
    wanted = random_stylegan2(replace(SIZES, noise=False))
    network = to_tensorflow(wanted)
    network.state["variables"] = [("lod", np.float32(0))]
    network.state["components"]["synthesis"].state["variables"].append(("noise0", np.ones((1, 1, 4, 4), np.float32)))
    read = open_generator(write_tensorflow(tmp_path / "a.pkl", network))
    assert isinstance(read, StyleGAN2) and read.average_estimated and not read.sizes.noise
    assert worst(read, wanted, wanted.sample(range(2))) < 1e-6


def test_the_averaged_network_alone_is_copied(small: StyleGAN2, tmp_path: Path) -> None:
    path = write_tensorflow(tmp_path / "a.pkl", (*example(random_stylegan2(seed=1))[:2], to_tensorflow(small)))
    read = open_generator(path)
    assert isinstance(read, StyleGAN2) and worst(read, small, small.sample([1])) < 1e-6
    devices = [network["variables"][0][1].device.type for network in read_tree(path)]
    assert devices == ["meta", "meta", "cpu"]
    assert read_tree(path, everything=True)[0]["variables"][0][1].device.type == "cpu"
    pair = write_tensorflow(tmp_path / "pair.pkl", (to_tensorflow(small), Network("D", {}, {})))
    assert open_generator(pair).fingerprint == read.fingerprint


def spoiled(network: Network, damage: str) -> Network:
    synthesis = network.state["components"]["synthesis"].state
    variables = dict(synthesis["variables"])
    name = "8x8/Conv0_up/weight"
    if damage == "missing":
        del variables[name]
    elif damage == "shape":
        variables[name] = variables[name][:2]
    elif damage == "extra":
        variables["8x8/Blur/weight"] = variables[name]
    elif damage == "nan":
        variables[name] = variables[name] * np.float32("nan")
    elif damage == "complex":
        variables[name] = variables[name].astype(np.complex64)
    elif damage == "text":
        variables[name] = "weight"
    synthesis["variables"] = [1, 2] if damage == "numbers" else list(variables.items())
    return network


@pytest.mark.parametrize("damage", ["missing", "shape", "extra", "nan", "complex", "text", "numbers"])
def test_damage_is_named(damage: str, small: StyleGAN2, tmp_path: Path) -> None:
    path = write_tensorflow(tmp_path / "a.pkl", spoiled(to_tensorflow(small), damage))
    with pytest.raises(ValueError, match=f"^{path}") as caught:
        open_generator(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"nonlinearity": "relu"}, "only networks with 'lrelu'"),
        ({"resample_kernel": "wide"}, "expected a list of numbers"),
        ({"resample_kernel": [1, -1]}, "expected a list of numbers"),
        ({"conv_clamp": -1}, "conv_clamp is -1: expected a number above 0"),
        ({"mapping_lrmul": None}, "mapping_lrmul is None: expected a number above 0"),
    ],
)
def test_arguments_that_cannot_be_drawn(arguments: dict, message: str, small: StyleGAN2, tmp_path: Path) -> None:
    path = write_tensorflow(tmp_path / "a.pkl", to_tensorflow(small, arguments=arguments))
    with pytest.raises(ValueError, match=message):
        open_generator(path)


def test_other_networks_are_named(small: StyleGAN2, tmp_path: Path) -> None:
    path = write_tensorflow(tmp_path / "a.pkl", Network("D", {"4x4/Conv/weight": np.ones(3)}, {}))
    with pytest.raises(ValueError, match="has the networks D of TensorFlow and none that is read"):
        open_generator(path)
    assert not any(map(nvidia_tensorflow.matches, (None, 1, (), (1, 2, 3), {}, [{}])))
