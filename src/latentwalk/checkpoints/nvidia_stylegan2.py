"""StyleGAN2 in NVIDIA's snapshots: of stylegan2-ada-pytorch (nested arguments) and of stylegan3 (flat arguments)."""

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from latentwalk.checkpoints.assembly import renamed
from latentwalk.checkpoints.modules import Snapshot
from latentwalk.checkpoints.stylegan2_weights import build_stylegan2, positive
from latentwalk.generators.stylegan2 import StyleGAN2

KEY = "synthesis.b4.const"
"""A tensor that tells StyleGAN2 from StyleGAN3."""

RULES = (
    (r"mapping\.w_avg", r"average"),
    (r"mapping\.fc(\d+)\.(\w+)", r"mapping.layers.\1.\2"),
    (r"synthesis\.b4\.const", r"synthesis.const"),
    (r"synthesis\.b(\d+)\.(conv\d)\.noise_const", r"synthesis.b\1.\2.noise_map"),
    (r"synthesis\.b(\d+)\.conv0\.resample_filter", r"synthesis.b\1.conv0.kernel"),
    (r"synthesis\.b(\d+)\.resample_filter", r"synthesis.b\1.join.kernel"),
    (r"synthesis\.b(\d+)\.skip\.weight", r"synthesis.b\1.shortcut.weight"),
    (r"synthesis\.b(\d+)\.skip\.resample_filter", r"synthesis.b\1.shortcut.kernel"),
)
"""Foreign names and ours; the others are the same."""

FLAT_CLAMP, NESTED_CLAMP = 256.0, None
"""Default of conv_clamp in stylegan3's StyleGAN2 and in stylegan2-ada-pytorch."""


def read_stylegan2(snapshot: Snapshot, where: str) -> StyleGAN2:
    """The generator, frozen. Raises ValueError when it is not one that this package draws."""
    tensors = {name: tensor for name, tensor in snapshot.tensors.items() if _acts(name, snapshot.tensors)}
    ignored = [name for name in snapshot.tensors if name not in tensors]
    tensors = {renamed(name, RULES): tensor for name, tensor in tensors.items()}
    for name, tensor in tensors.items():
        if name.endswith(".kernel") and tensor.ndim < 2:  # long filters are stored as the taps of one axis
            tensors[name] = torch.outer(tensor.reshape(-1), tensor.reshape(-1))
    _check_activations(snapshot, where)
    usual = NESTED_CLAMP if "synthesis_kwargs" in snapshot.arguments else FLAT_CLAMP
    clamp = snapshot.setting("synthesis.b4.conv1.conv_clamp", "synthesis_kwargs", "conv_clamp", usual)
    rate = snapshot.setting("mapping.fc0.bias_gain", "mapping_kwargs", "lr_multiplier", 0.01)
    return build_stylegan2(
        tensors,
        where,
        clamp=None if clamp is None else positive(clamp, "conv_clamp", where),
        lr_multiplier=positive(rate, "lr_multiplier", where),
        ignored=ignored,
    )


def _acts(name: str, tensors: Mapping[str, Tensor]) -> bool:
    """Whether a tensor has a part in the image: some filters are stored where nothing is resampled."""
    if re.fullmatch(r"synthesis\.b\d+\.conv1\.resample_filter", name) or name == "synthesis.b4.resample_filter":
        return False
    return "synthesis.b4.torgb.weight" in tensors or not re.fullmatch(r"synthesis\.b\d+\.resample_filter", name)


def _check_activations(snapshot: Snapshot, where: str) -> None:
    """Every mapping layer and convolution is a leaky ReLU, every affine map and every embedding is linear."""
    for name, value in snapshot.attributes.items():
        part, _, kind = name.rpartition(".")
        linear = part.endswith((".affine", ".embed", ".skip"))
        if kind == "activation" and value != ("linear" if linear else "lrelu"):
            raise ValueError(f"{where}: {part} has the activation {value!r}: only networks with 'lrelu' can be drawn")
