"""Our own format: what is converted is the same network, in every family and from every format."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from latentwalk.checkpoints import own
from latentwalk.checkpoints.formats import open_generator
from latentwalk.generator import Generator
from latentwalk.generators.wrapped import wrap
from latentwalk.options import RenderOptions
from latentwalk.safeload.reading import read_tree
from random_networks import NETWORKS

FOREIGN = [
    "ajbrock_biggan/hier32",
    "dcgan_family/seed64/generator.pth",
    "dcgan_family/tutorial64/netG.pth",
    "dcgan_family/wgangp_bn32/generator.pkl",
    "genforce/pggan32/pggan_zoo.pth",
    "genforce/stylegan2_32/stylegan2_zoo.pth",
    "genforce/stylegan32/stylegan_zoo.pth",
    "huggingface_biggan_deep/deep32",
    "nvidia_stylegan2ada/uncond32/gema_nosrc.pkl",
    "nvidia_stylegan3/t32/gema_nosrc.pkl",
    "pytorch_gan_zoo/dcgan32/model.pth",
    "pytorch_gan_zoo/pgan32/model.pth",
    "rosinality_stylegan2/g32/converted.pt",
    "rosinality_stylegan2/g32/no_buffers.pt",
]


def same_network(one: Generator, two: Generator) -> None:
    """Nothing that anybody can ask of the two tells them apart."""
    assert type(one) is type(two) and one.fingerprint == two.fingerprint != ""
    for name in ("spaces", "image_shape", "classes", "option_names", "label_free", "layer_names", "dtype", "sizes"):
        assert getattr(one, name) == getattr(two, name), name
    assert getattr(one, "average_estimated", None) == getattr(two, "average_estimated", None)
    labels = [i % one.classes for i in range(3)] if one.classes else None
    pictures = []
    for network in (one, two):
        assert not any(weight.requires_grad for weight in network.parameters())
        z = network.sample(range(3), labels)
        options = [{"truncation": 0.7}, *([{"noise": "none"}, {"noise": 3}] if "noise" in network.option_names else [])]
        drawn = [network.render(network.map(z, space)) for space in network.spaces]
        pictures.append([*drawn, *(network.render(z, RenderOptions(**given)) for given in options)])
    for a, b in zip(*pictures, strict=True):
        assert torch.equal(a, b) and bool(a.isfinite().all()) and a.std() > 1e-3


@pytest.mark.parametrize("name", NETWORKS)
def test_every_family_comes_back_as_the_same_network(tmp_path: Path, name: str) -> None:
    network = NETWORKS[name]()
    own.write(network, tmp_path / "a.bin")
    found = open_generator(tmp_path / "a.bin")
    same_network(network, found)
    assert found.reading[:3] == ("latentwalk", (), ())


def test_every_family_is_tried() -> None:
    assert {type(build()).__name__ for build in NETWORKS.values()} == set(own.FAMILIES)


@pytest.mark.parametrize("name", FOREIGN)
def test_every_foreign_format_comes_back_as_the_same_network(shared: Path, tmp_path: Path, name: str) -> None:
    network = open_generator(shared / "fixtures" / name)
    own.write(network, tmp_path / "a.safetensors")
    same_network(network, open_generator(tmp_path / "a.safetensors"))


def test_a_converted_file_can_be_converted_again(tmp_path: Path) -> None:
    own.write(NETWORKS["stylegan2"](), tmp_path / "a.safetensors")
    own.write(open_generator(tmp_path / "a.safetensors"), tmp_path / "b.safetensors")
    first, second = (read_tree(tmp_path / name) for name in ("a.safetensors", "b.safetensors"))
    assert first["metadata"] == second["metadata"] and first["state"].keys() == second["state"].keys()
    assert all(torch.equal(tensor, second["state"][name]) for name, tensor in first["state"].items())


def test_code_of_somebody_cannot_be_written(tmp_path: Path) -> None:
    network = wrap(nn.Sequential(nn.Linear(4, 12), nn.Tanh()), 4, (3, 2, 2))
    with pytest.raises(ValueError, match="a Wrapped cannot be converted: a file cannot hold its code"):
        own.write(network, tmp_path / "a.safetensors")
    assert not list(tmp_path.iterdir())


def test_weights_that_were_changed_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"changed, or rounded to torch\.bfloat16: convert the generator as loaded"):
        own.write(NETWORKS["dcgan"]().to(torch.bfloat16), tmp_path / "a.safetensors")


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], dict[str, Tensor]]:
    """Header and tensors of a converted StyleGAN2."""
    path = tmp_path_factory.mktemp("own") / "a.safetensors"
    own.write(NETWORKS["stylegan2"](), path)
    with safe_open(path, framework="pt") as file:
        return file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def sized(**changes: Any) -> Callable[[dict[str, str]], dict[str, str]]:
    return lambda header: {"sizes": json.dumps(json.loads(header["sizes"]) | changes)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": "2"}, "has the format 2, expected at most 1: update latentwalk"),
        ({"version": "9" * 5000}, "expected at most 1: update latentwalk"),
        ({"version": "new"}, "has the version 'new': the file is damaged"),
        ({"version": "0"}, "has the version '0'"),
        ({"family": "GauGAN"}, "unknown family 'GauGAN': expected DCGAN"),
        ({"family": "PGGAN"}, "the sizes in its header are damaged"),
        ({"fingerprint": "0" * 16}, "its weights are not those that were written"),
        ({"sizes": "{"}, "the sizes in its header are damaged"),
        ({"sizes": "[1]"}, "the sizes in its header are damaged"),
        ({"sizes": "[" * 10_000}, "the sizes in its header are damaged"),
        ({"sizes": " " * 70_000}, "its sizes take 70000 characters"),
        (sized(mapping="7"), "the sizes in its header are damaged .mapping: "),
        (sized(noise=1), "the sizes in its header are damaged .noise: "),
        (sized(architecture="odd"), "architecture is skip or orig or resnet"),
        (sized(odd=1), "its sizes have also .*odd"),
        (sized(widths=[8, 6, -5]), "sizes above 0"),
        (sized(widths=[2**40] * 3), "no network has the sizes"),
        (sized(widths=[8] * 200), "no network has the sizes"),
        (sized(widths=[8, 6]), "has also 'synthesis.b16"),
        (sized(colors=4), r"has the shape \[3, 8, 1, 1\], expected \[4, 8, 1, 1\]"),
        (sized(lr_multiplier=float("nan")), "Out of range float values"),
    ],
)
def test_damaged_headers_are_refused_in_one_line(tmp_path: Path, parts: Any, change: Any, message: str) -> None:
    header, tensors = parts
    save_file(tensors, tmp_path / "a.bin", header | (change if isinstance(change, dict) else change(header)))
    assert_refused(tmp_path / "a.bin", message)


def assert_refused(path: Path, message: str) -> None:
    with pytest.raises(ValueError, match=message) as error:
        open_generator(path)
    assert str(error.value).startswith(str(path)) and str(error.value).isprintable()


@pytest.mark.parametrize("name", ["version", "family", "sizes", "fingerprint"])
def test_headers_without_a_part(tmp_path: Path, parts: Any, name: str) -> None:
    header, tensors = parts
    save_file(tensors, tmp_path / "a.bin", {key: text for key, text in header.items() if key != name})
    assert_refused(tmp_path / "a.bin", "damaged|unknown family|not those")


def test_tensors_are_compared(tmp_path: Path, parts: Any) -> None:
    header, tensors = parts
    key, path = "synthesis.b8.conv0.weight", tmp_path / "a.bin"
    for changed, message in (
        ({name: tensor for name, tensor in tensors.items() if name != key}, f"lacks '{key}'"),
        (tensors | {"odd": torch.ones(1)}, "has also 'odd'"),
        (tensors | {key: tensors[key][:1].clone()}, r"has the shape \[1, 8, 3, 3\]"),
        (tensors | {key: torch.full_like(tensors[key], torch.nan)}, "NaN or infinite"),
        (tensors | {key: tensors[key] + 1}, "its weights are not those that were written"),
        ({}, "lacks"),
    ):
        save_file(changed, path, header)
        assert_refused(path, message)


def test_other_files_of_latentwalk_are_named(tmp_path: Path, parts: Any) -> None:
    save_file({"values": torch.ones(1)}, tmp_path / "a.bin", {"kind": "latentwalk.latents"})
    assert_refused(tmp_path / "a.bin", "holds no generator but latentwalk.latents: expected a checkpoint")
