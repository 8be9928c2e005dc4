"""DCGAN of PyTorch-StudioGAN without classes: a linear layer, transposed convolutions, a convolution to colours.

No activation stands between the linear layer and the first transposed convolution, so both together are one linear map
of the code, which is what a `DCGAN` begins with. BatchNorm here has an eps of its own.
"""

import math
import re
from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from latentwalk.checkpoints.assembly import listed, shaped, wanted_tensor
from latentwalk.checkpoints.plain import counters
from latentwalk.checkpoints.state_dict import holds_tensors
from latentwalk.generator import Reading
from latentwalk.generators.dcgan import DCGAN, Block, fold_batch_norm
from latentwalk.weights import check_finite

FIRST, LAST = "linear0.weight", re.compile(r"conv\d{1,2}\.weight")
"""Of the code, and of the colours."""

EPS = 1e-4
"""Of BatchNorm."""

NAME = re.compile(
    r"linear0\.(?:weight|bias)|conv\d{1,2}\.(?:weight|bias)|blocks\.\d{1,2}\.0\.(?:deconv0\.(?:weight|bias)|"
    r"bn0\.(?:weight|bias|running_mean|running_var|num_batches_tracked))"
)
"""Of every tensor."""


def matches(tree: object) -> bool:
    """Whether a tree is the state dict of such a generator."""
    return isinstance(tree, Mapping) and {FIRST, "blocks.0.0.deconv0.weight"} <= tree.keys() and holds_tensors(tree)


def read(tree: Mapping[str, Tensor], where: str) -> DCGAN:
    """The generator, frozen. Raises ValueError that says what did not fit."""
    unknown = [str(name) for name in tree if not NAME.fullmatch(str(name))]
    if unknown:
        raise ValueError(f"{where} has also {listed(unknown)}: expected StudioGAN's DCGAN without classes or attention")
    check_finite(tree, where)
    first, bias = shaped(tree, FIRST, (None, None), where), wanted_tensor(tree, "linear0.bias", 1, where)
    count = sum(name.endswith("deconv0.weight") for name in tree)
    channels = wanted_tensor(tree, "blocks.0.0.deconv0.weight", 4, where).shape[0]
    side = math.isqrt(len(first) // max(channels, 1))
    if channels * side**2 != len(first) or bias.shape != first.shape[:1]:
        raise ValueError(
            f"{where}: linear0 gives {len(first)} numbers and has {len(bias)} biases, no square map of the {channels} "
            "channels that the next layer takes"
        )
    blocks = []
    for i in range(count):
        block = _up(tree, f"blocks.{i}.0", channels, where)
        blocks.append(block if i else _opened(first, bias.view(channels, side, side), block))
        channels = block.weight.shape[1]
    generator = DCGAN([*blocks, _colors(tree, channels, where)]).freeze()
    generator.reading = Reading(ignored=counters(tree))
    return generator


def _up(tree: Mapping[str, Tensor], name: str, inside: int, where: str) -> Block:
    """A transposed convolution and the BatchNorm after it."""
    weight = shaped(tree, f"{name}.deconv0.weight", (inside, None, 4, 4), where)
    vectors = ["deconv0.bias", "bn0.weight", "bn0.bias", "bn0.running_mean", "bn0.running_var"]
    norm = [shaped(tree, f"{name}.{vector}", weight.shape[1:2], where) for vector in vectors]
    if bool((norm[-1] < 0).any()):
        raise ValueError(f"{where}: {name}.bn0 has a negative running_var: the file is damaged, use another one")
    return Block(*fold_batch_norm(weight, *norm, eps=EPS), stride=2, padding=1)


def _opened(first: Tensor, bias: Float[Tensor, "c k k"], block: Block) -> Block:
    """The linear layer and then the transposed convolution, as one transposed convolution of the code."""
    wide = torch.cat([first.T.unflatten(1, bias.shape), bias[None]]).double()
    wide = F.conv_transpose2d(wide, block.weight.double(), stride=block.stride, padding=block.padding).float()
    return Block(wide[:-1], wide[-1] + block.bias[:, None, None], stride=1, padding=0)


def _colors(tree: Mapping[str, Tensor], inside: int, where: str) -> Block:
    """The last convolution, as the transposed one that does the same."""
    name = next((name for name in tree if LAST.fullmatch(name)), "conv4.weight")
    weight = shaped(tree, name, (None, inside, 3, 3), where)
    bias = shaped(tree, name.replace("weight", "bias"), weight.shape[:1], where)
    return Block(weight.transpose(0, 1).flip(2, 3), bias, stride=1, padding=1)
