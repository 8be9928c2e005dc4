"""PGGAN and StyleGAN as NVIDIA's TensorFlow code pickles them: genforce's networks in the layout of TensorFlow.

A StyleGAN has components as a StyleGAN2 has, a PGGAN is one network. Layers are called by the sides of their maps, and
heads by how many scales come after theirs (`lod`).
"""

import re
from typing import Any

from torch import Tensor

from latentwalk.checkpoints import genforce
from latentwalk.checkpoints.assembly import renamed
from latentwalk.checkpoints.tensorflow_networks import arguments, check_arguments, has_variable, networks, variables
from latentwalk.generator import Generator
from latentwalk.safeload.plain_tree import Foreign

STYLED, DENSE = "synthesis/4x4/Const/StyleMod/weight", "4x4/Dense/weight"
"""A variable of every StyleGAN, and one of every PGGAN."""

NAMES = (
    (r"dlatent_avg", r"truncation.w_avg"),
    (r"mapping/LabelConcat/weight", r"mapping.label_weight"),
    (r"mapping/Dense(\d{1,3})/(weight|bias)", r"mapping.dense\1.\2"),
    (r"synthesis/noise(\d{1,3})", r"synthesis.layer\1.apply_noise.noise"),
    (r"(synthesis\.|)(layer\d+)/Noise/weight", r"\1\2.apply_noise.weight"),
    (r"(synthesis\.|)(layer\d+)/StyleMod/(\w+)", r"\1\2.style.\3"),
    (r"(synthesis\.|)(layer\d+|output\d+)/(\w+)", r"\1\2.\3"),
    (r"synthesis/lod", r"synthesis.lod"),
)
"""Names, once layers and heads have their numbers, and those of genforce."""

USUAL: dict[str, Any] = {
    "nonlinearity": "lrelu", "mapping_nonlinearity": "lrelu", "mapping_lrmul": 0.01, "blur_filter": [1, 2, 1],
    "use_wscale": True, "use_pixel_norm": False, "use_instance_norm": True, "normalize_latents": True,
}  # fmt: skip
"""Arguments that a StyleGAN must have, and has where it says nothing."""

USUAL_PGGAN: dict[str, Any] = {
    "use_wscale": True, "use_pixelnorm": True, "use_leakyrelu": True, "normalize_latents": True, "label_size": 0,
}  # fmt: skip
"""The same of a PGGAN."""


def matches(tree: object) -> bool:
    """Whether a tree is one of these networks or a tuple with one in it."""
    return bool(_generators(tree))


def read(tree: object, where: str) -> Generator:
    """The generator, frozen. Raises ValueError that says what did not fit."""
    network = _generators(tree)[-1]
    styled, made = has_variable(network, STYLED), arguments(network)
    check_arguments(made, USUAL if styled else USUAL_PGGAN, where)
    found = variables(network, where)
    scales = sum(re.fullmatch(r"(?:synthesis/)?\d+x\d+/Conv1?/weight", name) is not None for name in found)
    state: dict[str, Tensor] = {}
    for name, tensor in found.items():
        if styled and name == "lod":  # that of the synthesis counts
            continue
        ours = renamed(_numbered(name, scales), NAMES)
        fused = made.get("fused_scale", "auto") if styled else "Conv0_up" in name
        state[ours] = _turned(ours, tensor, fused, styled, where)
    return genforce.read(state, where)


def _generators(tree: object) -> list[Foreign]:
    return [network for network in networks(tree) if any(has_variable(network, name) for name in (STYLED, DENSE))]


def _numbered(name: str, scales: int) -> str:
    """A name with the number of its layer, or of its head, in place of a side, or of a level of detail."""
    if match := re.fullmatch(r"(synthesis/|)ToRGB_lod(\d{1,2})/(.+)", name):
        return f"{match[1].replace('/', '.')}output{scales - 1 - int(match[2])}/{match[3]}"
    if match := re.fullmatch(r"(synthesis/|)(\d{1,5})x\2/(Const|Dense|Conv|Conv0|Conv0_up|Conv1)/(.+)", name):
        scale = int(match[2]).bit_length() - 3
        second = match[3] in ("Conv", "Conv1")
        return f"{match[1].replace('/', '.')}layer{2 * scale + second}/{match[4]}"
    return name


def _turned(name: str, tensor: Tensor, fused: object, styled: bool, where: str) -> Tensor:
    """A tensor as genforce has it. fused: whether doublings are transposed convolutions, or "auto"."""
    match = re.fullmatch(r"(?:synthesis\.|)(layer|output)(\d{1,4})\.weight", name)
    if match is None:
        return tensor.T if name.endswith(".weight") and tensor.ndim == 2 else tensor
    layer = int(match[2]) if match[1] == "layer" else 1
    if layer == 0:  # the dense layer of a PGGAN, which genforce has as a padded convolution of one pixel
        _check(tensor.ndim == 2 and tensor.shape[1] % 16 == 0, name, tensor, "[z, 16 times the channels]", where)
        return tensor.unflatten(1, (-1, 4, 4)).transpose(0, 1).flip(2, 3)
    _check(tensor.ndim == 4, name, tensor, "[height, width, in, out]", where)
    if layer % 2:
        return tensor.permute(3, 2, 0, 1)
    if fused == "auto":
        fused = 4 << (layer // 2) >= genforce.FUSED_FROM
    outputs_last = styled or not fused  # a PGGAN keeps fused kernels as their transposed convolution takes them
    weight = tensor.permute(3, 2, 0, 1) if outputs_last else tensor.permute(2, 3, 0, 1)
    return genforce.doubled(weight, layer, bool(fused), styled)


def _check(fits: bool, name: str, tensor: Tensor, wanted: str, where: str) -> None:
    if not fits:
        raise ValueError(f"{where}: the tensor {name!r} has the shape {list(tensor.shape)}, expected {wanted}")
