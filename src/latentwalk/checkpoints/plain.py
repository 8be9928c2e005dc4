"""Plain state dicts of the DCGAN / WGAN family, in the spellings that people really have.

A state dict says nothing about strides and padding, so each spelling carries them. What is read: the tutorial layout
`main.N`, the class-per-block layout `gen.N.M` and the WGAN-GP layout `main_module.N`, with or without BatchNorm.
"""

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from latentwalk.generators.dcgan import DCGAN, Block, fold_batch_norm

Module = dict[str, Tensor]
"""The tensors of one module, by their own names: weight, bias, running_mean ..."""


class Spelling(NamedTuple):
    """How one code base names its tensors and shapes its convolutions (all of stride 2, but for the 1x1 input)."""

    name: str
    key: str
    padding: int
    kernel: int
    last_kernel: int


SPELLINGS = (
    Spelling("PyTorch tutorial (main.N)", r"(?:module\.)?main\.(\d+)", padding=1, kernel=4, last_kernel=4),
    Spelling("one block per layer (gen.N.M)", r"gen\.(\d+\.\d+)", padding=0, kernel=3, last_kernel=4),
    Spelling("WGAN-GP (main_module.N)", r"main_module\.(\d+)", padding=1, kernel=4, last_kernel=4),
)


def read_dcgan(tensors: Mapping[str, Tensor], where: str) -> DCGAN:
    """A generator from a plain state dict, in float32 at least.

    where: what to call the file in errors. Raises ValueError that says what did not fit.
    """
    for spelling in SPELLINGS:
        modules = _modules(tensors, spelling)
        if modules:
            pairs = _pairs(modules, where)
            _check([convolution["weight"] for convolution, _ in pairs], spelling, where)
            return DCGAN([_block(*pair, spelling, where) for pair in pairs])
    some = ", ".join(map(repr, sorted(tensors)[:4]))
    raise ValueError(
        f"{where} is not a generator of a known layout (its tensors begin with {some}): "
        f"expected {', '.join(spelling.name for spelling in SPELLINGS)}; save the generator under such names"
    )


def _modules(tensors: Mapping[str, Tensor], spelling: Spelling) -> list[Module]:
    """The tensors of each module, in the order of the network; empty when another spelling was used."""
    modules: dict[tuple[int, ...], Module] = {}
    for name, tensor in tensors.items():
        match = re.fullmatch(spelling.key + r"\.(\w+)", name)
        if match is None:
            return []
        place = tuple(int(number) for number in match[1].split("."))
        modules.setdefault(place, {})[match[2]] = tensor
    return [modules[place] for place in sorted(modules)]


def _pairs(modules: Sequence[Module], where: str) -> list[tuple[Module, Module | None]]:
    """Every transposed convolution with the BatchNorm that follows it, or None."""
    pairs: list[tuple[Module, Module | None]] = []
    for module in modules:
        weight = module.get("weight")
        if weight is None or not weight.is_floating_point() or not weight.numel():
            raise ValueError(f"{where}: a layer has {sorted(module)} but no weight of floating point numbers")
        if weight.ndim == 4:
            pairs.append((module, None))
        elif weight.ndim == 1 and pairs and pairs[-1][1] is None:
            pairs[-1] = (pairs[-1][0], module)
        else:
            raise ValueError(
                f"{where}: a layer with a weight of the shape {list(weight.shape)} is out of place: "
                "expected transposed convolutions [in, out, k, k], each followed by a BatchNorm or by nothing"
            )
    return pairs


def _check(weights: Sequence[Tensor], spelling: Spelling, where: str) -> None:
    if len(weights) < 2:
        raise ValueError(f"{where} has {len(weights)} transposed convolutions: expected at least 2")
    for before, after in itertools.pairwise(weights):
        if before.shape[1] != after.shape[0]:
            raise ValueError(
                f"{where}: a layer gives {before.shape[1]} channels and the next takes {after.shape[0]}; "
                "a discriminator looks like this: expected the state dict of the generator"
            )
    kernels = [list(weight.shape[2:]) for weight in weights]
    wanted = [[spelling.kernel] * 2] * (len(weights) - 2) + [[spelling.last_kernel] * 2]
    if kernels[0][0] != kernels[0][1] or kernels[1:] != wanted:
        raise ValueError(
            f"{where} has the kernels {kernels}: the layout {spelling.name} has a square one, then {wanted}"
        )
    if weights[-1].shape[1] not in (1, 3):
        raise ValueError(f"{where} ends in {weights[-1].shape[1]} channels: expected 1 or 3 (an image)")


def _block(convolution: Module, norm: Module | None, spelling: Spelling, where: str) -> Block:
    weight = convolution["weight"]
    weight = weight.to(torch.promote_types(weight.dtype, torch.float32))
    bias = convolution.get("bias", weight.new_zeros(weight.shape[1])).to(weight.dtype)
    _check_vector(bias, weight, "a bias", where)
    if norm is not None:
        weight, bias = _fold(weight, bias, norm, where)
    return Block(weight, bias, stride=2, padding=spelling.padding)


def _fold(weight: Tensor, bias: Tensor, norm: Module, where: str) -> tuple[Tensor, Tensor]:
    names = ("weight", "bias", "running_mean", "running_var")
    missing = [name for name in names if name not in norm]
    if missing:
        raise ValueError(f"{where}: a BatchNorm lacks {', '.join(missing)}: expected a trained state dict")
    for name in names:
        _check_vector(norm[name], weight, f"the {name} of a BatchNorm", where)
    scale, shift, mean, var = (norm[name] for name in names)
    if bool((var < 0).any()):
        raise ValueError(f"{where}: a BatchNorm has a negative running_var: the file is damaged, use another one")
    return fold_batch_norm(weight, bias, scale, shift, mean, var)


def _check_vector(vector: Tensor, weight: Tensor, what: str, where: str) -> None:
    if vector.shape != (weight.shape[1],):
        raise ValueError(f"{where}: {what} has the shape {list(vector.shape)}: expected [{weight.shape[1]}]")
