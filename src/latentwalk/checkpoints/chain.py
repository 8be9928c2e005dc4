"""A DCGAN from its layers in their order: what every reader of this family ends in.

Readers say what a layer is (a linear one, a transposed convolution, an ordinary one, with or without doubling before
it), which normalisation follows, and what activation. Here they become the transposed convolutions that do the same.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional as F

from latentwalk.checkpoints.assembly import naming
from latentwalk.generators.dcgan import DCGAN, RELU, Block, fold_batch_norm
from latentwalk.generators.pggan import doubling

Module = dict[str, Tensor]
"""The tensors of one module, by their own names: weight, bias, running_mean ..."""

LARGEST = 2**14
"""Side of a picture beyond every network of this kind."""

EPS = 1e-5
"""Of BatchNorm, unless a code base has another one."""


@dataclass(frozen=True)
class Layer:
    """A transposed convolution [in, out, k, k], or a linear layer [out, in], and what follows it.

    name: for errors. norm, eps: the BatchNorm. slope: of the activation below 0: 0 is a ReLU, 1 none.
    """

    name: str
    weight: Tensor
    bias: Tensor | None = None
    stride: int = 2
    padding: int = 1
    norm: Module | None = None
    eps: float = EPS
    slope: float = RELU

    def __post_init__(self) -> None:
        if self.weight.ndim not in (2, 4) or not self.weight.is_floating_point() or not self.weight.numel():
            raise ValueError(
                f"a weight of the shape {list(self.weight.shape)} ({self.weight.dtype}) is out of place in "
                f"{self.name!r}: expected transposed convolutions [in, out, k, k] of floating point numbers"
            )


def transposed(name: str, module: Module, stride: int, padding: int, extra: int = 0) -> Layer:
    """A transposed convolution. extra: rows and columns that are added at the end (output_padding)."""
    weight = module["weight"]
    weight = F.pad(weight, (0, extra, 0, extra)) if extra else weight
    return Layer(name, weight, module.get("bias"), stride, padding)


def ordinary(name: str, module: Module, padding: int, doubled: bool = False) -> Layer:
    """A convolution of stride 1. doubled: every pixel was repeated in both directions before."""
    weight = module["weight"]
    if weight.ndim != 4 or weight.shape[2] != weight.shape[3] or padding >= weight.shape[2]:
        raise ValueError(f"{name!r} has the shape {list(weight.shape)} and a padding of {padding}: this is not drawn")
    padding = weight.shape[2] - 1 - padding
    if doubled:
        return Layer(name, doubling(weight), module.get("bias"), 2, padding)
    return Layer(name, weight.transpose(0, 1).flip(2, 3), module.get("bias"), 1, padding)


def linear(name: str, module: Module) -> Layer:
    """A linear layer."""
    return Layer(name, module["weight"], module.get("bias"))


def halved(layer: Layer, where: str) -> Layer:
    """A last layer whose tanh is the sigmoid of the given one, in [-1, 1]: 2 sigmoid(x) - 1 = tanh(x / 2)."""
    if layer.norm is not None:
        raise ValueError(f"{where}: a BatchNorm stands before the sigmoid at the end: this is not drawn")
    return replace(layer, weight=layer.weight / 2, bias=None if layer.bias is None else layer.bias / 2)


def build_dcgan(layers: Sequence[Layer], where: str, tanh: bool = True) -> DCGAN:
    """The generator, from the code to the image. tanh: whether pictures go through one.

    Raises ValueError that says what did not fit.
    """
    if len(layers) < 2:
        raise ValueError(f"{where} has {len(layers)} transposed convolutions: expected at least 2")
    first, *rest = layers
    for layer in rest:
        if layer.weight.ndim != 4:
            raise ValueError(
                f"{where}: a layer with a weight of the shape {list(layer.weight.shape)} is out of place: "
                "expected transposed convolutions [in, out, k, k], each followed by a BatchNorm or by nothing"
            )
    for before, after in itertools.pairwise(rest):
        check_chain(before.weight.shape[1], after.weight.shape[0], where)
    if first.weight.ndim == 4:
        check_chain(first.weight.shape[1], rest[0].weight.shape[0], where)
        blocks = [_first(first, where)]
    else:
        blocks = [_opened(first, rest[0].weight.shape[0], where)]
    with naming(where):
        generator = DCGAN([*blocks, *(_block(layer, where) for layer in rest)], tanh)
    if not 0 < generator.image_shape[1] <= LARGEST:
        raise ValueError(f"{where}: its layers make pictures of {generator.image_shape[1]} px: expected 1 to {LARGEST}")
    return generator


def check_chain(given: int, taken: int, where: str) -> None:
    """Raises ValueError when a layer does not take what the one before it gives."""
    if given != taken:
        raise ValueError(
            f"{where}: a layer gives {given} channels and the next takes {taken}; "
            "a discriminator looks like this: expected the state dict of the generator"
        )


def _block(layer: Layer, where: str) -> Block:
    return Block(*folded(layer, where), layer.stride, layer.padding, layer.slope)


def folded(layer: Layer, where: str) -> tuple[Tensor, Tensor]:
    """Weight [in, out, k, k] and bias [out] of a layer with its BatchNorm in them. Raises ValueError."""
    weight = layer.weight.to(torch.float32)
    bias = weight.new_zeros(weight.shape[1]) if layer.bias is None else layer.bias
    check_vector(bias, weight.shape[1], "a bias", where)
    bias = bias.to(weight.dtype)
    if layer.norm is not None:
        scale, shift, mean, var = batch_norm(layer.norm, weight.shape[1], where)
        weight, bias = fold_batch_norm(weight, bias, scale, shift, mean, var, layer.eps)
    return weight, bias


def _first(layer: Layer, where: str) -> Block:
    """The first one, of a 1x1 input: what its padding cuts off is never drawn."""
    block, cut = _block(layer, where), layer.padding
    if block.weight.shape[2] != block.weight.shape[3] or block.weight.shape[2] <= 2 * cut:
        raise ValueError(
            f"{where}: the first layer has the shape {list(block.weight.shape)} and a padding of {cut}: expected a "
            "square kernel"
        )
    inside = slice(cut, block.weight.shape[2] - cut)
    return replace(block, weight=block.weight[:, :, inside, inside].contiguous(), padding=0)


def _opened(layer: Layer, channels: int, where: str) -> Block:
    """A linear layer as a transposed convolution of a 1x1 input, with its own bias for every pixel."""
    weight = layer.weight.T[:, :, None, None]
    side = math.isqrt(weight.shape[1] // max(1, channels))
    if channels * side**2 != weight.shape[1]:
        raise ValueError(
            f"{where}: the linear layer gives {weight.shape[1]} numbers, no square map of the {channels} channels "
            "that the next layer takes"
        )
    norm = layer.norm
    if norm is not None and channels != weight.shape[1] and _length(norm) == channels:  # over the channels of the map
        norm = {n: t.repeat_interleave(side**2) if t.ndim == 1 else t for n, t in norm.items()}
    flat = _block(replace(layer, weight=weight, norm=norm, stride=1, padding=0), where)
    shape = (channels, side, side)
    return replace(flat, weight=flat.weight.reshape(-1, *shape), bias=flat.bias.reshape(shape))


def _length(norm: Module) -> int:
    return next((len(tensor) for tensor in norm.values() if tensor.ndim == 1), 0)


def batch_norm(norm: Module, channels: int, where: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Scale, shift, mean and variance of a BatchNorm, which may have no scale and shift. Raises ValueError."""
    missing = [name for name in ("running_mean", "running_var") if name not in norm]
    if missing or ("weight" in norm) != ("bias" in norm):
        missing += [name for name in ("weight", "bias") if name not in norm and not missing]
        raise ValueError(f"{where}: a BatchNorm lacks {', '.join(missing)}: expected a trained state dict")
    mean, var = norm["running_mean"], norm["running_var"]
    scale, shift = norm.get("weight", torch.ones(channels)), norm.get("bias", torch.zeros(channels))
    found = {"weight": scale, "bias": shift, "running_mean": mean, "running_var": var}
    for name, vector in found.items():
        check_vector(vector, channels, f"the {name} of a BatchNorm", where)
    if bool((var < 0).any()):
        raise ValueError(f"{where}: a BatchNorm has a negative running_var: the file is damaged, use another one")
    return scale, shift, mean, var


def check_vector(vector: Tensor, length: int, what: str, where: str) -> None:
    """Raises ValueError for a vector of another length."""
    if vector.shape != (length,):
        raise ValueError(f"{where}: {what} has the shape {list(vector.shape)}: expected [{length}]")
