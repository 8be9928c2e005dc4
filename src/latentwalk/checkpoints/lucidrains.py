"""StyleGAN2 of lucidrains' stylegan2-pytorch: {"GAN": state dict, "version"}, with all networks in one state dict.

The averaged mapping and generator are under `SE.` and `GE.`, those in training under `S.` and `G.`. Pictures are of 0
to 1, and the noise of every pixel is uniform from 0 to 1.
"""

import math
import re
from collections.abc import Iterable, Mapping
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from latentwalk.checkpoints.assembly import assemble, listed, naming, shaped
from latentwalk.checkpoints.state_dict import holds_tensors
from latentwalk.generators.stylegan2_bilinear import BOTTOM, BilinearStyleGAN2, BilinearStyleGAN2Sizes

PAIRS = (("SE.", "GE."), ("S.", "G."))
"""Prefixes of mapping and generator, the averaged ones first."""

State = Mapping[str, Tensor]

NAME = re.compile(
    r"initial_block|initial_conv\.(?:weight|bias)|blocks\.(\d{1,2})\."
    r"(?:conv[12]\.weight|to_(?:style|noise)[12]\.(?:weight|bias)"
    r"|to_rgb\.(?:conv\.weight|to_style\.(?:weight|bias)|upsample\.1\.f))"
)
"""Of every tensor of a generator."""

NOISE = 0.5
"""The mean of the noise."""

FILTER = (1.0, 2.0, 1.0)
"""What pictures are blurred with, if they are."""


def matches(tree: object) -> bool:
    """Whether a tree is a state dict with such a generator in it."""
    return isinstance(tree, Mapping) and any(f"{g}initial_block" in tree for _, g in PAIRS) and holds_tensors(tree)


def read(tree: Mapping[str, Tensor], where: str) -> BilinearStyleGAN2:
    """The generator, frozen; its average code is an estimate. Raises ValueError that says what did not fit."""
    style, prefix = next(pair for pair in PAIRS if f"{pair[1]}initial_block" in tree)
    names = [str(name) for name in tree if str(name).startswith(prefix)]
    found = {name: NAME.fullmatch(name.removeprefix(prefix)) for name in names}
    if unknown := [name for name, match in found.items() if match is None]:
        raise ValueError(f"{where} has also {listed(unknown)}: expected a generator without attention")
    _check_filters(tree, names, where)
    tensors, mapping = _mapping(tree, f"{style}net.", where)
    tensors["synthesis.const"] = const = _const(tree, prefix, where)
    widths: list[int] = []
    blocks = 1 + max(int(match[1] or 0) for match in found.values() if match)
    for i in range(blocks):
        inside = widths[-1] if widths else len(const)
        block = _block(tree, f"{prefix}blocks.{i}.", inside, mapping[-1], where)
        tensors |= {f"synthesis.b{BOTTOM << i}.{name}": tensor for name, tensor in block.items()}
        widths.append(len(block["conv1.bias"]))
    colors = tensors[f"synthesis.b{BOTTOM << (blocks - 1)}.torgb.bias"]
    colors -= 1  # from pictures of 0 to 1, which all blocks have part in, to those of -1 to 1
    tensors["average"] = torch.zeros(mapping[-1])
    with naming(where):
        blur = any(name.endswith(".f") for name in names)
        sizes = BilinearStyleGAN2Sizes(mapping, len(const), tuple(widths), len(colors), blur)
    generator = assemble(lambda: BilinearStyleGAN2(sizes), tensors, where, missing=["average"])
    generator.average = generator.mapping.average()
    generator.freeze()
    return generator


def _mapping(tree: State, prefix: str, where: str) -> tuple[dict[str, Tensor], tuple[int, ...]]:
    """Our tensors of the mapping; numbers of z and of the outputs of its layers.

    Our layers divide by the root of their inputs, of which the first has the root in its input: z has the length one.
    """
    numbers = [int(match[1]) for name in tree if (match := re.fullmatch(rf"{re.escape(prefix)}(\d{{1,3}})\.\w+", name))]
    if not numbers:
        raise ValueError(f"{where} lacks the mapping of its generator, {prefix}0.weight and so on: expected both")
    tensors, sizes = {}, []
    for i in range(max(numbers) // 2 + 1):  # activations lie between
        name = f"{prefix}{2 * i}"
        weight = shaped(tree, f"{name}.weight", (None, sizes[-1] if sizes else None), where)
        tensors[f"mapping.layers.{i}.weight"] = weight * (math.sqrt(weight.shape[1]) if i else 1)
        tensors[f"mapping.layers.{i}.bias"] = shaped(tree, f"{name}.bias", weight.shape[:1], where)
        sizes += [len(weight)] if sizes else [weight.shape[1], len(weight)]
    return tensors, tuple(sizes)


def _const(tree: State, prefix: str, where: str) -> Float[Tensor, "c 4 4"]:
    """The constant, after its convolution if it has one."""
    const = shaped(tree, f"{prefix}initial_block", (1, None, BOTTOM, BOTTOM), where)
    if f"{prefix}initial_conv.weight" not in tree:
        return const[0]
    weight = shaped(tree, f"{prefix}initial_conv.weight", (None, const.shape[1], 3, 3), where)
    bias = shaped(tree, f"{prefix}initial_conv.bias", weight.shape[:1], where)
    return F.conv2d(const.double(), weight.double(), bias.double(), padding=1)[0].float()


def _block(tree: State, prefix: str, inside: int, w: int, where: str) -> dict[str, Tensor]:
    """Our tensors of a block. Styles have their 1, biases the mean of the noise, and colours act twice."""
    take, block = partial(shaped, tree, where=where), {}
    for k in (1, 2):
        weight = take(f"{prefix}conv{k}.weight", (None, inside, 3, 3))
        width = len(weight)
        noise = take(f"{prefix}to_noise{k}.weight", (width, 1))
        bias = take(f"{prefix}to_noise{k}.bias", (width,)) + NOISE * noise[:, 0]
        ours = {"weight": weight, "noise_strength": noise[..., None], "bias": bias}
        ours |= _affine(tree, f"{prefix}to_style{k}", inside, w, where)
        block |= {f"conv{k - 1}.{name}": tensor for name, tensor in ours.items()}
        inside = width
    paint = take(f"{prefix}to_rgb.conv.weight", (None, inside, 1, 1)) * (2 * math.sqrt(inside))
    ours = {"weight": paint, "bias": torch.zeros(len(paint))}
    ours |= _affine(tree, f"{prefix}to_rgb.to_style", inside, w, where)
    return block | {f"torgb.{name}": tensor for name, tensor in ours.items()}


def _affine(tree: State, name: str, styles: int, w: int, where: str) -> dict[str, Tensor]:
    weight = shaped(tree, f"{name}.weight", (styles, w), where) * math.sqrt(w)
    return {"affine.weight": weight, "affine.bias": shaped(tree, f"{name}.bias", (styles,), where) + 1}


def _check_filters(tree: State, names: Iterable[str], where: str) -> None:
    for name in names:
        if name.endswith(".f") and shaped(tree, name, (3,), where).tolist() != list(FILTER):
            raise ValueError(f"{where}: the filter {name!r} is {tree[name].tolist()}, expected {list(FILTER)}")
