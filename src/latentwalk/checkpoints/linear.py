"""State dicts of linear layers alone, such as the GAN and the WGAN of PyTorch-GAN (`model.N`).

Their BatchNorm has an eps of 0.8 there, which was meant as its momentum; under other names it has the usual one. The
numbers of a picture are in the order channel, row, column, and pictures are square.
"""

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from latentwalk.checkpoints.assembly import assemble, naming
from latentwalk.checkpoints.chain import EPS, Layer, check_chain, folded
from latentwalk.checkpoints.plain import LEAVES, counters, layers_of
from latentwalk.checkpoints.state_dict import is_bare
from latentwalk.generators.mlp import MLP, MLPSizes
from latentwalk.weights import check_finite

ODD_EPS, ODD_NAME = 0.8, re.compile(r"model\.\d+\.\w+")
"""Of BatchNorm in PyTorch-GAN, and its names."""

SLOPE = 0.2
ASSUMED = f"leaky ReLU ({SLOPE}) between its layers: a state dict does not say (else --activation relu)"

SMALLEST = 8
"""Side of a picture; other networks of linear layers give fewer numbers, or as many as they take."""


def matches(tree: object) -> bool:
    """Whether a state is that of linear layers which end in a picture."""
    if not is_bare(tree):
        return False
    if not {str(name).rpartition(".")[2] for name in tree} <= LEAVES or any(t.ndim > 2 for t in tree.values()):
        return False
    try:
        layers = layers_of(tree, "")
        for before, after in itertools.pairwise(layers):
            check_chain(before.weight.shape[0], after.weight.shape[1], "")
    except ValueError:
        return False
    widths = [layer.weight.shape[0] for layer in layers]
    return len(set(widths)) > 1 and picture_shape(widths[-1]) is not None and widths[-1] > layers[0].weight.shape[1]


def read(tree: Mapping[str, Tensor], where: str) -> MLP:
    """The generator, frozen. Raises ValueError that says what did not fit."""
    check_finite(tree, where)
    eps = ODD_EPS if all(map(ODD_NAME.fullmatch, tree)) else EPS
    layers = [replace(layer, eps=eps, slope=SLOPE) for layer in layers_of(tree, where)]
    generator = build_mlp(layers, where)
    generator.reading = generator.reading._replace(ignored=counters(tree), assumed=(ASSUMED,))
    return generator


def build_mlp(layers: Sequence[Layer], where: str, tanh: bool = True) -> MLP:
    """The generator, frozen, from linear layers of which all but the last have the same activation.

    Raises ValueError that says what did not fit.
    """
    slopes = {layer.slope for layer in layers[:-1]}
    shape = picture_shape(layers[-1].weight.shape[0])
    if len(slopes) != 1 or shape is None or any(layer.weight.ndim != 2 for layer in layers):
        raise ValueError(
            f"{where} ends in {layers[-1].weight.shape[0]} numbers after {len(layers)} layers with the slopes "
            f"{sorted(slopes)}: expected linear layers with one activation, and a square picture"
        )
    for before, after in itertools.pairwise(layers):
        check_chain(before.weight.shape[0], after.weight.shape[1], where)
    tensors: dict[str, Tensor] = {"slope": torch.tensor(layers[0].slope)}
    for place, layer in enumerate(layers):
        weight, bias = folded(replace(layer, weight=layer.weight.T[:, :, None, None]), where)
        tensors |= {f"layers.{place}.weight": weight[:, :, 0, 0].T.contiguous(), f"layers.{place}.bias": bias}
    widths = (layers[0].weight.shape[1], *(len(layer.weight) for layer in layers[:-1]))
    with naming(where):
        sizes = MLPSizes(widths, shape, layers[0].slope, tanh)
    return assemble(lambda: MLP(sizes), tensors, where)


def picture_shape(numbers: int) -> tuple[int, int, int] | None:
    """(channels, height, width) of a square picture of so many numbers, grey if it can be; None when there is none."""
    for channels in (1, 3):
        side = math.isqrt(numbers // channels)
        if channels * side**2 == numbers and side >= SMALLEST:
            return channels, side, side
    return None
