"""Plain state dicts of the DCGAN / WGAN family, in the spellings that people really have.

A state dict says nothing about strides and padding, so each spelling carries them. What is read: the tutorial layout
`main.N`, the class-per-block layout `gen.N.M` and the WGAN-GP layout `main_module.N`, with or without BatchNorm.
"""

import itertools
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from torch import Tensor

from latentwalk.generators.dcgan import DCGAN, Block, fold_batch_norm


class Spelling(NamedTuple):
    """How one code base names its tensors and shapes its convolutions."""

    name: str
    key: str
    padding: int


SPELLINGS = (
    Spelling("PyTorch tutorial (main.N)", r"(?:module\.)?main\.(\d+)", 1),
    Spelling("one block per layer (gen.N.M)", r"gen\.(\d+\.\d+)", 0),
    Spelling("WGAN-GP (main_module.N)", r"main_module\.(\d+)", 1),
)


def read_dcgan(tensors: Mapping[str, Tensor], where: str) -> DCGAN:
    """A generator from a plain state dict. Raises ValueError that says what did not fit."""
    for spelling in SPELLINGS:
        modules = _modules(tensors, spelling)
        if modules:
            return DCGAN(_blocks(modules, spelling, where))
    some = ", ".join(sorted(tensors)[:4])
    raise ValueError(
        f"{where} is not a generator of a known layout (its tensors begin with {some}): "
        f"expected {', '.join(spelling.name for spelling in SPELLINGS)}"
    )


def _modules(tensors: Mapping[str, Tensor], spelling: Spelling) -> list[dict[str, Tensor]]:
    """The tensors of each module, in the order of the network; empty when another spelling was used."""
    modules: dict[tuple[int, ...], dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        match = re.fullmatch(spelling.key + r"\.(\w+)", name)
        if match is None:
            return []
        place = tuple(int(number) for number in match[1].split("."))
        modules.setdefault(place, {})[match[2]] = tensor
    return [modules[place] for place in sorted(modules)]


def _blocks(modules: list[dict[str, Tensor]], spelling: Spelling, where: str) -> list[Block]:
    blocks: list[Block] = []
    for module in modules:
        weight = module.get("weight")
        if weight is None:
            raise ValueError(f"{where}: a layer has {sorted(module)} but no weight")
        if weight.ndim == 4:
            bias = module.get("bias", weight.new_zeros(weight.shape[1]))
            stride, padding = (2, spelling.padding) if blocks else (1, 0)
            blocks.append(Block(weight, bias, stride, padding))
        elif blocks:
            blocks[-1] = _fold(blocks[-1], module, where)
    _check(blocks, where)
    return blocks


def _fold(block: Block, norm: Mapping[str, Tensor], where: str) -> Block:
    missing = {"weight", "bias", "running_mean", "running_var"} - norm.keys()
    if missing:
        raise ValueError(f"{where}: a BatchNorm lacks {', '.join(sorted(missing))}: expected a trained state dict")
    if norm["weight"].shape != (block.weight.shape[1],):
        raise ValueError(
            f"{where}: a BatchNorm of {list(norm['weight'].shape)} follows {block.weight.shape[1]} channels"
        )
    weight, bias = fold_batch_norm(
        block.weight, block.bias, norm["weight"], norm["bias"], norm["running_mean"], norm["running_var"]
    )
    return replace(block, weight=weight, bias=bias)


def _check(blocks: list[Block], where: str) -> None:
    if len(blocks) < 2:
        raise ValueError(f"{where} has {len(blocks)} transposed convolutions: expected at least 2")
    for before, after in itertools.pairwise(blocks):
        if before.weight.shape[1] != after.weight.shape[0]:
            raise ValueError(
                f"{where}: a layer gives {before.weight.shape[1]} channels and the next takes {after.weight.shape[0]} "
                "(a discriminator has this shape; expected a generator)"
            )
    if blocks[-1].weight.shape[1] not in (1, 3):
        raise ValueError(f"{where} ends in {blocks[-1].weight.shape[1]} channels: expected 1 or 3 (an image)")
