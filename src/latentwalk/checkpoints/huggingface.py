"""BigGAN-deep as Hugging Face published it: a folder of config.json and pytorch_model.bin.

Sizes are read from the shapes, and compared with the configuration, which alone says which blocks double the side.
"""

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from latentwalk.checkpoints.assembly import assemble, renamed, wanted_tensor
from latentwalk.checkpoints.candidates import beside
from latentwalk.generators.biggan_deep import COLORS, BigGANDeep, BigGANDeepSizes, BlockSizes

GAMMA = re.compile(r"generator\.layers\.(\d{1,3})\.gamma")
"""What tells a layer of self-attention from a block."""

NAMES = (
    (r"embeddings\.weight", "embedding"),
    (r"generator\.gen_z\.(weight|bias)", r"dense.\1"),
    (r"generator\.bn\.weight", "norm.gain"),
    (r"generator\.bn\.bias", "norm.offset"),
    (r"generator\.bn\.running_(mean|var)s", r"norm.\1"),
    (r"generator\.conv_to_rgb\.(weight|bias)", r"paint.\1"),
)
"""Foreign names and ours."""

LAYER_NAMES = (
    (r"conv_(\d)\.(weight|bias)", r"convs.\1.\2"),
    (r"bn_(\d)\.scale\.weight", r"norms.\1.gain"),
    (r"bn_(\d)\.offset\.weight", r"norms.\1.offset"),
    (r"bn_(\d)\.running_(mean|var)s", r"norms.\1.\2"),
    (r"gamma", "attention.gamma"),
    (r"snconv1x1_theta\.weight", "attention.query"),
    (r"snconv1x1_phi\.weight", "attention.key"),
    (r"snconv1x1_g\.weight", "attention.value"),
    (r"snconv1x1_o_conv\.weight", "attention.out"),
)
"""The same for the tensors of one layer."""


def matches(tree: object) -> bool:
    """Whether a state is a BigGAN-deep of this kind, with or without its configuration."""
    return isinstance(tree, Mapping) and "embeddings.weight" in tree and "generator.gen_z.weight" in tree


def read(state: Mapping[str, Tensor], where: str) -> BigGANDeep:
    """The generator, frozen; its configuration lies beside it. Raises ValueError that says what did not fit."""
    config = beside(state).get("config")
    if not isinstance(config, Mapping):
        raise ValueError(f"{where} has no configuration: put config.json beside pytorch_model.bin and give the folder")
    layers = 1 + max(
        (int(m[1]) for name in state if (m := re.match(r"generator\.layers\.(\d{1,3})\.", name))), default=-1
    )
    attention = {int(m[1]) for name in state if (m := GAMMA.fullmatch(name))}
    blocks = [i for i in range(layers) if i not in attention]
    sizes = _sizes(config, state, blocks, attention, where)
    tensors = {_our_name(name, blocks): tensor for name, tensor in state.items()}
    tensors["embedding"] = tensors["embedding"].T
    for name in ("paint.weight", "paint.bias"):
        if name in tensors:
            tensors[name] = tensors[name][:COLORS]
    for name in [name for name in tensors if name.endswith("gamma")]:
        tensors[name] = tensors[name].reshape(-1)[0]
    return assemble(lambda: BigGANDeep(sizes), tensors, where)


def _sizes(
    config: Mapping[str, Any], state: Mapping[str, Tensor], blocks: list[int], attention: set[int], where: str
) -> BigGANDeepSizes:
    ups = _ups(config, where)
    if len(ups) != len(blocks) or not blocks:
        raise ValueError(f"{where}: the configuration has {len(ups)} layers and the weights have {len(blocks)}")
    embedding, classes = wanted_tensor(state, "embeddings.weight", 2, where).shape
    condition = wanted_tensor(state, "generator.gen_z.weight", 2, where).shape[1]
    sizes = BigGANDeepSizes(
        classes=classes,
        z=condition - embedding,
        embedding=embedding,
        blocks=tuple(BlockSizes(up, *_widths(state, i, where)) for up, i in zip(ups, blocks, strict=True)),
        attention=frozenset(i - sum(a < i for a in attention) for i in attention),
        rows=len(wanted_tensor(state, "generator.bn.running_means", 2, where)),
        eps=_eps(config, where),
    )
    if sizes.z < 1:
        raise ValueError(f"{where}: gen_z takes {condition} numbers, of which the class has {embedding}: no z is left")
    stated = config.get("output_dim", sizes.side)
    if stated != sizes.side:
        raise ValueError(f"{where}: the configuration says {stated} px and its layers make {sizes.side} px")
    return sizes


def _ups(config: Mapping[str, Any], where: str) -> list[bool]:
    layers = config.get("layers")
    if not isinstance(layers, list) or not all(isinstance(layer, list) and len(layer) == 3 for layer in layers):
        raise ValueError(f"{where}: the configuration has no list 'layers' of [doubles, inputs, outputs]")
    return [bool(layer[0]) for layer in layers]


def _eps(config: Mapping[str, Any], where: str) -> float:
    eps = config.get("eps", 1e-4)
    if not isinstance(eps, int | float) or not 0 < eps < 1:
        raise ValueError(f"{where}: the configuration has eps {eps!r}, expected a small positive number")
    return float(eps)


def _widths(state: Mapping[str, Tensor], layer: int, where: str) -> tuple[int, int]:
    """Channels that go into a block and come out of it."""
    inside = wanted_tensor(state, f"generator.layers.{layer}.conv_0.weight", 4, where).shape[1]
    return inside, len(wanted_tensor(state, f"generator.layers.{layer}.conv_3.weight", 4, where))


def _our_name(name: str, blocks: list[int]) -> str:
    """Attention is part of the block that follows it, so that blocks keep their numbers."""
    found = re.fullmatch(r"generator\.layers\.(\d+)\.(.+)", name)
    if found is None:
        return renamed(name, NAMES)
    ours = renamed(found[2], LAYER_NAMES)
    return name if ours == found[2] else f"blocks.{sum(block < int(found[1]) for block in blocks)}.{ours}"
