"""Plain state dicts of the DCGAN / WGAN family, in the spellings that people really have.

A state dict says nothing about strides and padding, so each spelling carries them. What is read: the tutorial layout
`main.N`, the class-per-block layout `gen.N.M`, and WGAN-GP as `main_module.N`, with a linear layer first
(`preprocess`, `block1`, `deconv_out`) and with names that tell the widths (`main.initial:100-512:convt`); all with or
without BatchNorm.
"""

import itertools
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from latentwalk.generators.dcgan import DCGAN, Block, fold_batch_norm

Module = dict[str, Tensor]
"""The tensors of one module, by their own names: weight, bias, running_mean ..."""


def _numbered(match: re.Match[str]) -> tuple[int, ...]:
    """The place of a module in the network, from the numbers in its name."""
    return tuple(int(number) for number in match[1].split("."))


def _linear_first(match: re.Match[str]) -> tuple[int, ...]:
    """The same from the name of a block (the linear one, those with a number, the last one) and a place in it."""
    block = {"preprocess": 0, "deconv_out": 10**9}.get(match[1], int(match[2] or 0))
    return (block, int(match[3] or 0))


def _staged(match: re.Match[str]) -> tuple[int, ...]:
    """The same from a stage, its number, and the channels that come out of it: a pyramid halves them."""
    stage = ("initial", "pyramid", "extra-layers", "final").index(match[1])
    return (stage, int(match[2] or 0), -int(match[3]), match[4] == "batchnorm")


class Spelling(NamedTuple):
    """How one code base names its tensors and shapes its convolutions (all of stride 2, but for the 1x1 input).

    key: the name of a module. order: its place in the network, from a match of the key.
    keeping: the kernel of ordinary convolutions in between that keep the size, 0 where there are none.
    """

    name: str
    key: str
    padding: int
    kernel: int
    last_kernel: int
    order: Callable[[re.Match[str]], tuple[int, ...]] = _numbered
    keeping: int = 0


NUMBER = r"\d{1,9}"

SPELLINGS = (
    Spelling("PyTorch tutorial (main.N)", rf"(?:module\.)?main\.({NUMBER})", padding=1, kernel=4, last_kernel=4),
    Spelling(
        "one block per layer (gen.N.M)",
        rf"(?:module\.)?gen\.({NUMBER}\.{NUMBER})",
        padding=0,
        kernel=3,
        last_kernel=4,
    ),
    Spelling("WGAN-GP (main_module.N)", rf"(?:module\.)?main_module\.({NUMBER})", padding=1, kernel=4, last_kernel=4),
    Spelling(
        "WGAN-GP with a linear layer first (preprocess, block1, deconv_out)",
        rf"(?:module\.)?(preprocess|block({NUMBER})|deconv_out)(?:\.({NUMBER}))?",
        padding=0,
        kernel=2,
        last_kernel=2,
        order=_linear_first,
    ),
    Spelling(
        "WGAN with the widths in its names (main.initial:N-M:convt)",
        r"(?:module\.)?(?:main\.)?(initial|pyramid|extra-layers|final)"
        rf"(?:-({NUMBER}))?[:.](?:{NUMBER}-)?({NUMBER})[:.](convt|conv|batchnorm)",
        padding=1,
        kernel=4,
        last_kernel=4,
        order=_staged,
        keeping=3,
    ),
)


def read_dcgan(tensors: Mapping[str, Tensor], where: str) -> DCGAN:
    """A generator from a plain state dict.

    where: what to call the file in errors. Raises ValueError that says what did not fit.
    """
    for spelling in SPELLINGS:
        modules = _modules(tensors, spelling)
        if modules:
            return build_dcgan(modules, spelling, where)
    some = ", ".join(map(repr, sorted(tensors)[:4]))
    raise ValueError(
        f"{where} is not a generator of a known layout (its tensors begin with {some}): "
        f"expected {', '.join(spelling.name for spelling in SPELLINGS)}; save the generator under such names"
    )


def counters(tensors: Mapping[str, Tensor]) -> tuple[str, ...]:
    """Names of the tensors that count steps of a training, which have no part in the picture."""
    return tuple(name for name in tensors if name.endswith("num_batches_tracked"))


def build_dcgan(modules: Sequence[Module], spelling: Spelling, where: str, tanh: bool = True) -> DCGAN:
    """A generator from its modules, from the code to the image. tanh: whether the image goes through one.

    Raises ValueError that says what did not fit.
    """
    pairs = _pairs(modules, where)
    weights = [convolution["weight"] for convolution, _ in pairs]
    opened = len(pairs) > 1 and weights[0].ndim == 2
    if opened:  # a linear layer is a transposed convolution of a 1x1 input, with its own weights for every pixel
        pairs[0] = ({**pairs[0][0], "weight": weights[0].T[:, :, None, None]}, pairs[0][1])
        weights[0] = _map(weights[0].T, weights[1].shape[0], where)
    _check(weights, spelling, where)
    blocks = [_block(*pair, spelling, where) for pair in pairs]
    if opened:
        weight, bias = blocks[0].weight.reshape(weights[0].shape), blocks[0].bias.reshape(weights[0].shape[1:])
        blocks[0] = Block(weight, bias, stride=1, padding=0)
    return DCGAN(blocks, tanh)


def _map(rows: Tensor, channels: int, where: str) -> Tensor:
    """The last axis as a square map [channels, k, k]."""
    side = math.isqrt(rows.shape[-1] // max(1, channels))
    if channels * side**2 != rows.shape[-1]:
        raise ValueError(
            f"{where}: the linear layer gives {rows.shape[-1]} numbers, no square map of the {channels} channels "
            "that the next layer takes"
        )
    return rows.unflatten(-1, (channels, side, side))


def _modules(tensors: Mapping[str, Tensor], spelling: Spelling) -> list[Module]:
    """The tensors of each module, in the order of the network; empty when another spelling was used."""
    modules: dict[tuple[int, ...], Module] = {}
    for name, tensor in tensors.items():
        module, _, leaf = name.rpartition(".")
        match = re.fullmatch(spelling.key, module)
        if match is None or not re.fullmatch(r"\w+", leaf):
            return []
        if module.endswith("conv") and tensor.ndim == 4:  # an ordinary one, as the transposed one that does the same
            tensor = tensor.transpose(0, 1).flip(2, 3)
        modules.setdefault(spelling.order(match), {})[leaf] = tensor
    return [modules[place] for place in sorted(modules)]


def _pairs(modules: Sequence[Module], where: str) -> list[tuple[Module, Module | None]]:
    """Every transposed convolution with the BatchNorm that follows it, or None."""
    pairs: list[tuple[Module, Module | None]] = []
    for module in modules:
        weight = module.get("weight")
        if weight is None or not weight.is_floating_point() or not weight.numel():
            raise ValueError(f"{where}: a layer has {sorted(module)} but no weight of floating point numbers")
        if weight.ndim == 4 or (weight.ndim == 2 and not pairs):
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
    middle = [spelling.keeping if spelling.keeping in kernel else spelling.kernel for kernel in kernels[1:-1]]
    wanted = [[side, side] for side in (*middle, spelling.last_kernel)]
    if kernels[0][0] != kernels[0][1] or kernels[1:] != wanted:
        raise ValueError(
            f"{where} has the kernels {kernels}: the layout {spelling.name} has a square one, then {wanted}"
        )
    if weights[-1].shape[1] not in (1, 3):
        raise ValueError(f"{where} ends in {weights[-1].shape[1]} channels: expected 1 or 3 (an image)")


def _block(convolution: Module, norm: Module | None, spelling: Spelling, where: str) -> Block:
    weight = convolution["weight"]
    weight = weight.to(torch.float32)
    bias = convolution.get("bias", weight.new_zeros(weight.shape[1])).to(weight.dtype)
    _check_vector(bias, weight, "a bias", where)
    if norm is not None:
        weight, bias = _fold(weight, bias, norm, where)
    keeps = spelling.keeping == weight.shape[-1]
    return Block(weight, bias, stride=1 if keeps else 2, padding=1 if keeps else spelling.padding)


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
    if vector.is_complex():
        raise ValueError(f"{where}: {what} has complex numbers: expected floating point numbers")
