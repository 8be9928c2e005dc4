"""StyleGAN2 as genforce saves it.

Tensors are as TensorFlow had them: the bias of a style lacks the 1 that is added at run time, and the convolutions
that double the map are flipped.
"""

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from latentwalk.checkpoints.stylegan2_weights import build_stylegan2, class_embedding, flat_map
from latentwalk.generators.stylegan2 import BOTTOM, StyleGAN2

CONST = "synthesis.early_layer.const"

INNER = {"noise": "noise_map", "style.weight": "affine.weight", "style.bias": "affine.bias", "filter.kernel": "kernel"}
"""Names inside a layer, and ours; the others are the same."""


def read(state: Mapping[str, Tensor], where: str) -> StyleGAN2:
    """The generator, frozen. Raises ValueError that says what did not fit."""
    tensors: dict[str, Tensor] = {}
    for name, tensor in state.items():
        ours = _our_name(name)
        tensors[ours] = _our_values(ours, tensor)
    _share_filter(tensors)
    joint = _embed_labels(tensors, where)
    average, affine = tensors.get("average"), tensors.get("synthesis.b4.conv1.affine.weight")
    if average is not None and affine is not None and affine.ndim == 2 and affine.numel():
        w = affine.shape[1]
        if average.numel() > w and average.numel() % w == 0:  # one for every layer, without their axis
            tensors["average"] = average.reshape(-1, w)
    return build_stylegan2(tensors, where, joint=joint)


def _our_name(name: str) -> str:
    if name in ("truncation.w_avg", CONST):
        return "synthesis.const" if name == CONST else "average"
    match = re.fullmatch(r"(mapping\.dense|synthesis\.layer|synthesis\.output)(\d{1,3})\.(.+)", name)
    if match is None:
        return name
    group, number, inner = match[1], int(match[2]), INNER.get(match[3], match[3])
    if group == "mapping.dense":
        return f"mapping.layers.{number}.{inner}"
    if group == "synthesis.output":
        return f"synthesis.b{BOTTOM << number}.torgb.{inner}"
    return f"synthesis.b{BOTTOM << ((number + 1) // 2)}.conv{(number + 1) % 2}.{inner}"


def _our_values(name: str, tensor: Tensor) -> Tensor:
    if name.endswith(".affine.bias"):
        return tensor + 1
    if name.endswith(".conv0.weight"):
        return tensor.flip(2, 3) if tensor.ndim == 4 else tensor
    if name.endswith(".kernel"):
        return flat_map(tensor) / tensor.sum()
    if name.endswith(".noise_map"):
        return flat_map(tensor)
    return torch.squeeze(tensor, 0) if name == "synthesis.const" else tensor


def _share_filter(tensors: dict[str, Tensor]) -> None:
    """One filter enlarges the pictures of all blocks; we have it in each."""
    shared = tensors.pop("synthesis.upsample.kernel", None)
    if shared is None:
        return
    for name in [name for name in tensors if re.fullmatch(r"synthesis\.b\d+\.torgb\.weight", name)]:
        block = name.removesuffix(".torgb.weight")
        if block != f"synthesis.b{BOTTOM}":
            tensors[f"{block}.join.kernel"] = shared


def _embed_labels(tensors: dict[str, Tensor], where: str) -> bool:
    """The embedding of classes; whether it is normalised together with z: ADA's, which is a layer, is not."""
    weight = tensors.pop("mapping.label_weight", None)
    if weight is not None:
        tensors |= class_embedding(weight, where)
    for leaf in ("weight", "bias"):
        if (tensor := tensors.pop(f"mapping.LabelEmbed.{leaf}", None)) is not None:
            tensors[f"mapping.embed.{leaf}"] = tensor
    return weight is not None
