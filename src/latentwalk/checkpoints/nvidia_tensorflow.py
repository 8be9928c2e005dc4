"""StyleGAN2 as NVIDIA's TensorFlow code pickles it, of ADA too: networks with the components mapping and synthesis.

Beside the layout of TensorFlow, the kernels that double a map are turned around, and the bias of a style comes without
the 1 that is added at run time.
"""

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from latentwalk.checkpoints.assembly import renamed
from latentwalk.checkpoints.stylegan2_weights import build_stylegan2, class_embedding, flat_map, positive
from latentwalk.checkpoints.tensorflow_networks import arguments, check_arguments, components, networks, variables
from latentwalk.generators.layers.styled import resample_filter
from latentwalk.generators.stylegan2 import BOTTOM, StyleGAN2
from latentwalk.safeload.nodes import shown

IGNORED = frozenset({"lod", "synthesis/lod"})
"""How far a network has grown: a StyleGAN2 does not grow."""

RULES = (
    ("dlatent_avg", "average"),
    (r"mapping/Dense(\d+)/(weight|bias)", r"mapping.layers.\1.\2"),
    (r"mapping/LabelEmbed/(weight|bias)", r"mapping.embed.\1"),
    ("synthesis/4x4/Const/const", "synthesis.const"),
    (r"synthesis/(\d+)x\1/Conv0_up/mod_(weight|bias)", r"synthesis.b\1.conv0.affine.\2"),
    (r"synthesis/(\d+)x\1/Conv0_up/(\w+)", r"synthesis.b\1.conv0.\2"),
    (r"synthesis/(\d+)x\1/Conv1?/mod_(weight|bias)", r"synthesis.b\1.conv1.affine.\2"),
    (r"synthesis/(\d+)x\1/Conv1?/(\w+)", r"synthesis.b\1.conv1.\2"),
    (r"synthesis/(\d+)x\1/ToRGB/mod_(weight|bias)", r"synthesis.b\1.torgb.affine.\2"),
    (r"synthesis/(\d+)x\1/ToRGB/(weight|bias)", r"synthesis.b\1.torgb.\2"),
    (r"synthesis/(\d+)x\1/Skip/weight", r"synthesis.b\1.shortcut.weight"),
)
"""Foreign names and ours."""

SUPPORTED = "expected a PGGAN, a StyleGAN, or a StyleGAN2 of configuration E or F, or of ADA"
LONGEST_FILTER = 64

USUAL = {"nonlinearity": "lrelu", "mapping_nonlinearity": "lrelu"}
"""Arguments that a network must have, and has where it says nothing."""


def matches(tree: object) -> bool:
    """Whether a tree is one of these networks or a tuple with one in it."""
    return bool(networks(tree))


def read(tree: object, where: str) -> StyleGAN2:
    """The generator, frozen. Raises ValueError that says what did not fit."""
    generators = [network for network in networks(tree) if "synthesis" in components(network)]
    if not generators:
        names = ", ".join(shown(network.get("name", network.name)) for network in networks(tree)[:4])
        raise ValueError(f"{where} has the networks {names} of TensorFlow and none that is read: {SUPPORTED}")
    made = arguments(generators[-1])
    check_arguments(made, USUAL, where)
    tensors: dict[str, Tensor] = {}
    for name, tensor in variables(generators[-1], where).items():
        if name in IGNORED:
            continue
        ours = _our_name(name)
        tensors[ours] = _our_values(ours, tensor)
    joined = tensors.pop("mapping/LabelConcat/weight", None)
    if joined is not None:
        tensors |= class_embedding(joined, where)
    if not any(name.endswith(".noise_strength") for name in tensors):  # its maps are stored even when unused
        tensors = {name: tensor for name, tensor in tensors.items() if not name.endswith(".noise_map")}
    clamp = made.get("conv_clamp")
    return build_stylegan2(
        tensors | _filters(tensors, made, where),
        where,
        joint=joined is not None,
        clamp=None if clamp is None else positive(clamp, "conv_clamp", where),
        lr_multiplier=positive(made.get("mapping_lrmul", 0.01), "mapping_lrmul", where),
    )


def _our_name(name: str) -> str:
    match = re.fullmatch(r"synthesis/noise(\d{1,3})", name)
    if match is None:
        return renamed(name, RULES)
    number = int(match[1])  # of the convolution: one of 4 pixels, then two for every resolution
    return f"synthesis.b{BOTTOM << ((number + 1) // 2)}.conv{(number + 1) % 2}.noise_map"


def _our_values(name: str, tensor: Tensor) -> Tensor:
    if name.endswith(".affine.bias"):
        return tensor + 1
    if name.endswith(".weight") and tensor.ndim == 2:
        return tensor.T
    if name.endswith(".weight") and tensor.ndim == 4:
        turned = tensor.flip(0, 1) if name.endswith((".conv0.weight", ".shortcut.weight")) else tensor
        return turned.permute(3, 2, 0, 1)
    if name.endswith(".noise_map"):
        return flat_map(tensor)
    return torch.squeeze(tensor, 0) if name == "synthesis.const" else tensor


def _filters(names: Iterable[str], made: Mapping[str, Any], where: str) -> dict[str, Tensor]:
    """The filter that resamples, in every place where we keep one; none when it is the usual one."""
    taps = made.get("resample_kernel")
    if taps is None:
        return {}
    numbers = isinstance(taps, list | tuple) and all(isinstance(tap, int | float) for tap in taps)
    if not numbers or not 0 < len(taps) <= LONGEST_FILTER or not 0 < abs(sum(taps)) < math.inf:
        raise ValueError(f"{where} has the resample_kernel {shown(taps)}: expected a list of numbers like 1, 3, 3, 1")
    places = {"conv0.weight": "conv0.kernel", "shortcut.weight": "shortcut.kernel", "torgb.weight": "join.kernel"}
    if f"synthesis.b{BOTTOM}.torgb.weight" not in names:  # without it, no pictures are summed
        del places["torgb.weight"]
    found = (re.fullmatch(r"(synthesis\.b(\d{1,5})\.)(\w+\.weight)", name) for name in names)
    kernels = [m[1] + places[m[3]] for m in found if m and m[3] in places and int(m[2]) > BOTTOM]
    return dict.fromkeys(kernels, resample_filter(list(map(float, taps))))
