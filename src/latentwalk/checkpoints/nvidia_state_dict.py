"""NVIDIA's StyleGAN2 and StyleGAN3 as state dicts: the tensors of their snapshots without arguments.

Sizes come from the shapes and, of a StyleGAN3, from the names of its layers, `L{index}_{side}_{channels}`; whatever
these do not show has the default of the published code.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from torch import Tensor

from latentwalk.checkpoints.assembly import naming, wanted_tensor
from latentwalk.checkpoints.modules import Snapshot
from latentwalk.checkpoints.nvidia_stylegan2 import KEY, read_stylegan2
from latentwalk.checkpoints.nvidia_stylegan3 import LARGEST, WAVES, read_stylegan3
from latentwalk.checkpoints.state_dict import is_bare
from latentwalk.generator import Generator
from latentwalk.generators.stylegan3 import StyleGAN3Sizes
from latentwalk.safeload.nodes import shown

ASSUMED = "conv_clamp 256 and the other defaults of the published code: a state dict has no settings"
"""What is taken for granted of such a network."""


class Layer(NamedTuple):
    """What the name of a layer says."""

    name: str
    side: int
    channels: int


def matches(tree: object) -> bool:
    """Whether a tree is the state dict of one of these generators."""
    return is_bare(tree) and (KEY in tree or WAVES in tree)


def read(tree: Mapping[str, Tensor], where: str) -> Generator:
    """The generator, frozen. Raises ValueError that says what did not fit."""
    tensors = {str(name): tensor for name, tensor in tree.items()}
    with naming(where):
        if WAVES not in tensors:
            return _assuming(read_stylegan2(Snapshot(tensors, {}, {}), where))
        layers = _layers(tensors, where)
        arguments = _arguments(tensors, layers, where)
        _check_names(layers, StyleGAN3Sizes(z=1, w=1, **_sizes(arguments)))
        return _assuming(read_stylegan3(Snapshot(tensors, arguments, {}), where))


def _assuming(generator: Generator) -> Generator:
    generator.reading = generator.reading._replace(assumed=(ASSUMED,))
    return generator


def _layers(tensors: Mapping[str, Tensor], where: str) -> list[Layer]:
    """All layers of a StyleGAN3, in their order."""
    found: dict[int, Layer] = {}
    for name in tensors:
        if match := re.fullmatch(r"synthesis\.(L(\d{1,3})_(\d{1,5})_(\d{1,6}))\.weight", name):
            found[int(match[2])] = Layer(match[1], int(match[3]), int(match[4]))
    if len(found) < 2 or sorted(found) != list(range(len(found))):
        raise ValueError(
            f"{where} has the layers {shown([each.name for each in found.values()])} of a StyleGAN3: expected L0, L1 "
            "and so on, each with its side and its channels"
        )
    return [found[i] for i in range(len(found))]


def _arguments(tensors: Mapping[str, Tensor], layers: Sequence[Layer], where: str) -> dict[str, Any]:
    """The arguments of the constructor, as far as shapes and names show them."""
    first = f"synthesis.{layers[0].name}"
    up = tensors.get(f"{first}.up_filter")
    down = tensors.get(f"{first}.down_filter")
    arguments = {
        "img_resolution": layers[-1].side,
        "img_channels": layers[-1].channels,
        "num_layers": len(layers) - 1,
        "conv_kernel": wanted_tensor(tensors, f"{first}.weight", 4, where).shape[-1],
        "channel_max": max(layer.channels for layer in layers[:-1]),
        "filter_size": 6 if up is None else max(1, up.numel() // 2),
        "use_radial_filters": down is not None and down.ndim == 2,
    }
    arguments["margin_size"] = margin_size(layers, StyleGAN3Sizes(z=1, w=1, **_sizes(arguments)))
    return arguments | {"channel_base": channel_base(layers, StyleGAN3Sizes(z=1, w=1, **_sizes(arguments)))}


def _sizes(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The same for `StyleGAN3Sizes`."""
    ours = {"img_resolution": "resolution", "img_channels": "colors"}
    return {ours.get(name, name): value for name, value in arguments.items()}


def margin_size(layers: Sequence[Layer], sizes: StyleGAN3Sizes) -> int:
    """Pixels around the picture in all maps but the last two; that of the published networks if none fits the names."""
    margins = {(layer.side - known.rate) / 2 for layer, known in zip(layers[:-2], sizes.layers(), strict=False)}
    margin = margins.pop() if len(margins) == 1 else 0
    return int(margin) if 0 < margin == int(margin) else sizes.margin_size


def channel_base(layers: Sequence[Layer], sizes: StyleGAN3Sizes) -> float:
    """Twice the cutoff of a layer times its channels, as near as whole numbers of channels show it.

    A power of two, as in every published network, where one gives these channels.
    """
    least, most = 1.0, float(LARGEST)
    for layer, known in zip(layers[:-1], sizes.layers()[:-1], strict=True):
        least = max(least, 2 * known.cutoff * (layer.channels - 0.5))
        if layer.channels < sizes.channel_max:
            most = min(most, 2 * known.cutoff * (layer.channels + 0.5))
    usual = next((float(2**k) for k in range(LARGEST.bit_length()) if least < 2**k < most), None)
    return (least + most) / 2 if usual is None else usual


def _check_names(layers: Sequence[Layer], sizes: StyleGAN3Sizes) -> None:
    for layer, known in zip(layers, sizes.layers(), strict=True):
        if (layer.side, layer.channels) != (known.side, known.channels):
            raise ValueError(
                f"the layer {layer.name} would have {known.side} px and {known.channels} channels by the defaults of "
                "StyleGAN3: its other settings are not in a state dict, expected the snapshot (.pkl) that it is from"
            )
