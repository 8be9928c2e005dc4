"""StyleGAN3 as NVIDIA's PyTorch code pickles it: modules as trees of parameters, buffers and modules.

Only tensors and the arguments of the constructor are used; what an argument leaves out has the default of that code.
The source text that such files carry is never looked at.
"""

import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from latentwalk.checkpoints.assembly import assemble, listed, naming, renamed, wanted_tensor
from latentwalk.checkpoints.modules import Snapshot
from latentwalk.generators.stylegan3 import StyleGAN3, StyleGAN3Sizes

WAVES = "synthesis.input.freqs"
"""A tensor that tells StyleGAN3 from StyleGAN2."""

LARGEST = 2**20
"""Numbers above this are not believed."""

NAMES = (
    (r"mapping\.w_avg", "average"),
    (r"mapping\.embed\.(weight|bias)", r"mapping.embed.\1"),
    (r"mapping\.fc(\d+)\.(weight|bias)", r"mapping.layers.\1.\2"),
    (r"synthesis\.input\.(freqs|phases|transform|weight|affine\.weight|affine\.bias)", r"waves.\1"),
    (r"synthesis\.L(\d+)_\d+_\d+\.magnitude_ema", r"layers.\1.magnitude"),
    (r"synthesis\.L(\d+)_\d+_\d+\.(weight|bias|affine\.weight|affine\.bias|(?:up|down)_filter)", r"layers.\1.\2"),
)
"""Foreign names and ours."""


def read_stylegan3(snapshot: Snapshot, where: str) -> StyleGAN3:
    """The generator of a snapshot, frozen. Raises ValueError that says what did not fit."""
    tensors = {renamed(name, NAMES): tensor for name, tensor in snapshot.tensors.items()}
    with naming(where):
        sizes = _sizes(snapshot, tensors, where)
    usual = {"waves.transform": torch.eye(3), "average": torch.zeros(sizes.w)}
    missing = [name for name in usual if name not in tensors]
    generator = assemble(lambda: StyleGAN3(sizes), usual | tensors, where, missing=missing)
    if sizes.average_estimated:
        generator.average.copy_(generator.mapping.average())
        generator.freeze()
    return generator


def _arguments(snapshot: Snapshot) -> dict[str, Any]:
    """The arguments of the constructor by name, and the sizes that the module itself keeps."""
    own = {
        name: snapshot.attributes[name] for name in ("img_resolution", "img_channels") if name in snapshot.attributes
    }
    inner = snapshot.arguments.get("synthesis_kwargs")  # some forks pass these one level down
    return own | snapshot.arguments | (dict(inner) if isinstance(inner, Mapping) else {})


def _sizes(snapshot: Snapshot, tensors: Mapping[str, Tensor], where: str) -> StyleGAN3Sizes:
    """Sizes from the arguments, and from the shapes where these show them."""
    arguments = _arguments(snapshot)
    rate = snapshot.setting("mapping.fc0.bias_gain", "mapping_kwargs", "lr_multiplier", 0.01)
    mapping = sum(bool(re.fullmatch(r"mapping\.layers\.\d+\.weight", name)) for name in tensors)
    w, first = wanted_tensor(tensors, "mapping.layers.0.weight", 2, where).shape
    embed = tensors.get("mapping.embed.weight")
    embedding, classes = (0, 0) if embed is None else wanted_tensor(tensors, "mapping.embed.weight", 2, where).shape

    def number(name: str, default: float | None = None, whole: bool = True) -> Any:
        return _number(arguments.get(name, default), name, whole, where)

    clamp = arguments.get("conv_clamp", 256)
    sizes = StyleGAN3Sizes(
        z=first - embedding,
        w=w,
        resolution=number("img_resolution"),
        classes=classes,
        embedding=embedding,
        mapping=mapping,
        colors=number("img_channels", 3),
        channel_base=number("channel_base", 32768, whole=False),
        channel_max=number("channel_max", 512),
        num_layers=number("num_layers", 14),
        num_critical=number("num_critical", 2),
        first_cutoff=number("first_cutoff", 2, whole=False),
        first_stopband=number("first_stopband", 2**2.1, whole=False),
        last_stopband_rel=number("last_stopband_rel", 2**0.3, whole=False),
        margin_size=number("margin_size", 10),
        output_scale=number("output_scale", 0.25, whole=False),
        conv_kernel=number("conv_kernel", 3),
        filter_size=number("filter_size", 6),
        lrelu_upsampling=number("lrelu_upsampling", 2),
        use_radial_filters=bool(arguments.get("use_radial_filters", False)),
        clamp=None if clamp is None else _number(clamp, "conv_clamp", False, where),
        average_estimated="average" not in tensors,
        lr_multiplier=_number(rate, "lr_multiplier", False, where),
    )
    _check_count(sizes, tensors, where)
    return sizes


def _number(value: Any, name: str, whole: bool, where: str) -> float | int:
    fits = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= LARGEST
    if not fits or (whole and value != int(value)):
        kind = "whole number" if whole else "number"
        raise ValueError(f"{where}: the argument {name} is {value!r}, expected a {kind} from 0 to {LARGEST}")
    return int(value) if whole else float(value)


def _check_count(sizes: StyleGAN3Sizes, tensors: Mapping[str, Tensor], where: str) -> None:
    count = len({name.split(".")[1] for name in tensors if name.startswith("layers.")})
    if count != sizes.num_layers + 1:
        some = listed([name for name in tensors if name.endswith(".weight")])
        raise ValueError(f"{where} has {count} layers ({some}), its arguments say {sizes.num_layers + 1}")
