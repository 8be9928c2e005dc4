"""Tensors whose numbers are no weights are refused in one line, in every format, whichever tensor it is."""

import itertools
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from latentwalk.checkpoints import own
from latentwalk.checkpoints.folders import read_path
from latentwalk.checkpoints.formats import build_generator, open_generator
from random_networks import NETWORKS

FILES = (
    "ajbrock_biggan/hier32",
    "dcgan_family/tutorial64/netG_old_bn.pth",
    "genforce/pggan32/pggan_zoo.pth",
    "genforce/stylegan2_32/stylegan2_zoo.pth",
    "genforce/stylegan32/stylegan_zoo.pth",
    "huggingface_biggan_deep/deep32",
    "nvidia_stylegan2ada/uncond32/gema_nosrc.pkl",
    "nvidia_stylegan3/t32/gema_nosrc.pkl",
    "pytorch_gan_zoo/pgan32/model.pth",
    "rosinality_stylegan2/g32/converted.pt",
)

ODD: dict[str, Callable[[Tensor], Tensor]] = {
    "complex": lambda tensor: torch.complex(tensor.float(), tensor.float()),
    "int8": lambda tensor: (100 * tensor).to(torch.int8),
    "uint16": lambda tensor: (100 * tensor.abs()).to(torch.uint16),
    "bool": lambda tensor: tensor > 0,
    "float8": lambda tensor: tensor.to(torch.float8_e4m3fn),
    "empty": lambda tensor: tensor[:0],
}
WORDS = dict.fromkeys(ODD, "has numbers of the type torch.") | {"empty": " is empty"}


def places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where the weights of a tree are."""
    if isinstance(tree, Mapping):
        return [found for name, part in tree.items() for found in places(part, (*path, name))]
    return [path] if isinstance(tree, Tensor) and tree.is_floating_point() and tree.numel() > 1 else []


def changed(tree: Any, path: tuple[Any, ...], change: Callable[[Tensor], Tensor]) -> Any:
    """The same with one tensor changed."""
    return {**tree, path[0]: changed(tree[path[0]], path[1:], change)} if path else change(tree)


def refused(tree: Any) -> None:
    """Some tensors in turn, each of another kind."""
    found, whole = places(tree), build_generator(tree, "file")
    said = {kind: [] for kind in ODD}
    for path, kind in zip(found[:: max(1, len(found) // 12)], itertools.cycle(ODD), strict=False):
        odd = changed(tree, path, ODD[kind])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                made = build_generator(odd, "file")
            except ValueError as error:
                said[kind].append(str(error))
                assert str(error).startswith("file") and "\n" not in str(error), path
            else:  # it has no part in the picture
                assert made.fingerprint == whole.fingerprint, path
    assert all(WORDS[kind] in line for kind, lines in said.items() for line in lines[:1])
    assert sum(map(bool, said.values())) > 1


@pytest.mark.parametrize("file", FILES)
def test_of_other_code_bases(shared: Path, file: str) -> None:
    refused(read_path(shared / "fixtures" / file))


@pytest.mark.parametrize("name", ["dcgan-odd", "stylegan2-resnet", "biggan"])
def test_of_our_own(tmp_path: Path, name: str) -> None:
    own.write(NETWORKS[name](), tmp_path / "a.safetensors")
    refused(read_path(tmp_path / "a.safetensors"))


def test_tensors_that_are_not_dense(tmp_path: Path) -> None:
    weight = torch.ones(4, 3)
    for kind, tensor in {"sparse tensor": weight.to_sparse(), "meta tensor no storage": weight.to("meta")}.items():
        torch.save({"netG": {"0.weight": weight, "0.bias": tensor}, "lr": 1}, tmp_path / "a.pt")
        with pytest.raises(ValueError, match=rf"a\.pt: '0\.bias' is a {kind}: expected dense ones"):
            open_generator(tmp_path / "a.pt")
