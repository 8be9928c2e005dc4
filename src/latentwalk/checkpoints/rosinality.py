"""StyleGAN2 as rosinality's stylegan2-pytorch saves it: converted models, snapshots of a training, and embedded.

The average code lies beside the generator, under `latent_avg`; snapshots of a training lack it. Encoders for StyleGAN2
(pSp, e4e and others) carry the same tensors.
"""

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from latentwalk.checkpoints.assembly import renamed
from latentwalk.checkpoints.candidates import beside
from latentwalk.checkpoints.stylegan2_weights import build_stylegan2, flat_map
from latentwalk.generators.stylegan2 import BOTTOM, StyleGAN2

KEY = "conv1.conv.modulation.weight"
"""A tensor that tells this format from others."""

LAYER = (
    (r"conv\.weight", r"weight"),
    (r"conv\.modulation\.(\w+)", r"affine.\1"),
    (r"noise\.weight", r"noise_strength"),
    (r"activate\.bias", r"bias"),
    (r"conv\.blur\.kernel", r"kernel"),
)
"""Names inside a layer, and ours."""


def matches(tree: object) -> bool:
    """Whether a state is a StyleGAN2 of this kind."""
    return isinstance(tree, Mapping) and KEY in tree


def read(tree: Mapping[str, Tensor], where: str) -> StyleGAN2:
    """The generator, frozen. Raises ValueError that says what did not fit."""
    tensors = {_our_name(name): tensor for name, tensor in tree.items()}
    tensors = {name: _our_shape(name, tensor) for name, tensor in tensors.items()}
    average = beside(tree).get("latent_avg")
    if isinstance(average, Tensor):
        same = average.ndim == 2 and bool((average == average[:1]).all())  # one for every layer, or repeated for all
        tensors["average"] = average[0] if same and len(average) else average
    return build_stylegan2(tensors, where)


def _our_name(name: str) -> str:
    match = re.fullmatch(r"(style|noises|convs|to_rgbs)\.(?:noise_)?(\d{1,3})(?:\.(.+))?|(conv1|to_rgb1)\.(.+)", name)
    if match is None:
        return "synthesis.const" if name == "input.input" else name
    group, number, inner = match[1] or match[4], int(match[2] or 0), match[3] or match[5] or ""
    if group == "style":
        return f"mapping.layers.{number - 1}.{inner}"
    if group == "noises":
        return f"{_convolution(number)}.noise_map"
    if group == "conv1":
        return f"{_convolution(0)}.{renamed(inner, LAYER)}"
    if group == "convs":
        return f"{_convolution(number + 1)}.{renamed(inner, LAYER)}"
    block = f"synthesis.b{BOTTOM << (number + 1 if group == 'to_rgbs' else 0)}"
    return f"{block}.join.kernel" if inner == "upsample.kernel" else f"{block}.torgb.{renamed(inner, LAYER)}"


def _convolution(number: int) -> str:
    """Our name of a convolution, counted from that of 4 pixels: then two for every resolution."""
    return f"synthesis.b{BOTTOM << ((number + 1) // 2)}.conv{(number + 1) % 2}"


def _our_shape(name: str, tensor: Tensor) -> Tensor:
    """Without the leading axes of one; filters without the gain of 4 that they are stored with."""
    if name.endswith(".kernel"):
        return tensor / 4
    if name.endswith(".noise_map"):
        return flat_map(tensor)
    if name.endswith(".noise_strength"):
        return tensor.reshape(()) if tensor.numel() == 1 else tensor
    if name.endswith("torgb.bias"):
        return tensor.reshape(-1)
    if name == "synthesis.const" or (re.fullmatch(r"synthesis\..*(conv\d|torgb)\.weight", name) and tensor.ndim == 5):
        return torch.squeeze(tensor, 0)
    return tensor
