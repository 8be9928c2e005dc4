"""Files of genforce: the averaged generator of a PGGAN, a StyleGAN or a StyleGAN2, found from the names of its tensors.

No size is stored, all are read from the shapes. A network that was
saved while growing (its lod is above 0) draws what it drew then: the last scales are left out, their place is taken by
enlarging the picture, and between two scales it is a blend of both.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from latentwalk.checkpoints import genforce_stylegan2
from latentwalk.checkpoints.assembly import assemble, naming, wanted_tensor
from latentwalk.checkpoints.state_dict import holds_tensors
from latentwalk.generator import Generator
from latentwalk.generators.pggan import LARGEST, PGGAN, PGGANSizes, doubling, spread
from latentwalk.generators.stylegan import StyleGAN, StyleGANSizes

FUSED_FROM = 128
"""From this side on, StyleGAN doubles maps with a transposed convolution, which turns the kernel around."""

LEAVES = {"apply_noise.noise": "noise_map", "apply_noise.weight": "noise_weight", "blur.kernel": "blur"}
"""Tensors of a layer that we call otherwise."""

BLUR = torch.tensor([[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]) / 16
"""The filter after doubling, for files without it."""

State = Mapping[str, Tensor]


def matches(tree: object) -> bool:
    """Whether a state is a generator of genforce."""
    return isinstance(tree, Mapping) and holds_tensors(tree) and _family(tree) is not None


def read(tree: State, where: str) -> Generator:
    """The generator, frozen. where: what to call it in errors. Raises ValueError that says what did not fit."""
    reader = _family(tree)
    if reader is None:
        raise ValueError(f"{where} holds no generator of genforce: expected a PGGAN, a StyleGAN or a StyleGAN2 of it")
    with naming(where):
        return reader(tree, where)


def _family(state: State) -> Callable[[State, str], Generator] | None:
    """Who reads such tensors."""
    if "synthesis.early_layer.const" in state:
        return genforce_stylegan2.read
    if "synthesis.layer0.const" in state:
        return read_stylegan
    return read_pggan if "layer0.weight" in state and "output0.weight" in state else None


class Growth(NamedTuple):
    """How far a network has grown. scales: those in use, from 4x4. fade, enlarge: see `PGGANSizes`."""

    scales: int
    fade: float
    enlarge: int


def read_pggan(state: State, where: str) -> PGGAN:
    """A PGGAN from its state dict. Raises ValueError that says what did not fit."""
    growth = _growth(state, "", where)
    tensors, ignored = _renamed(state, "", growth)
    widths = _widths(state, "", growth, where)
    first = wanted_tensor(tensors, "layers.0.weight", 4, where)
    bias = wanted_tensor(tensors, "layers.0.bias", 1, where)
    # A padded 4x4 convolution of a single pixel is a dense layer with the kernel turned around.
    tensors["layers.0.weight"] = equalised(first).flip(2, 3).permute(2, 3, 0, 1).flatten(0, 2)
    tensors["layers.0.bias"] = bias.repeat(16)
    ups = [wanted_tensor(tensors, f"layers.{2 * i}.weight", 4, where) for i in range(1, growth.scales)]
    turned = any(a != b and up.shape[:2] == (a, b) for up, a, b in zip(ups, widths[:-1], widths[1:], strict=True))
    for i in range(1, 2 * growth.scales):
        weight = wanted_tensor(tensors, f"layers.{i}.weight", 4, where)
        if i % 2 == 0:
            # With fused scale, weights are stored [in, out, 3, 3], for a transposed convolution.
            weight = spread(equalised(weight, axis=0)) if turned else doubling(equalised(weight))
        else:
            weight = equalised(weight)
        tensors[f"layers.{i}.weight"] = weight
    _paint(tensors, growth, where)
    colors = len(tensors["picture.paint.weight"])
    sizes = PGGANSizes(first.shape[1], widths, colors, growth.fade, growth.enlarge)
    return assemble(lambda: PGGAN(sizes), tensors, where, ignored)


def with_classes(generator: Generator, classes: int, where: str) -> PGGAN:
    """A PGGAN trained with labels, of which a file cannot tell how many numbers of the input are those of the class.

    Raises ValueError for other networks, whose files say what their classes are, and for more classes than fit.
    """
    if not isinstance(generator, PGGAN) or generator.reading.format not in ("genforce", "InterFaceGAN"):
        raise ValueError(
            f"{where} says itself how many classes its {type(generator).__name__} has ({generator.classes}): leave "
            "classes out, only a PGGAN of genforce needs it"
        )
    inputs = generator.sizes.z
    if not 0 < classes < inputs:
        raise ValueError(f"{where}: classes is a number from 1 to {inputs - 1}, the input has {inputs}, got {classes}")
    sizes = replace(generator.sizes, z=inputs - classes, classes=classes)
    again = assemble(lambda: PGGAN(sizes), generator.state_dict(), where)
    again.reading = generator.reading
    return again


def read_stylegan(state: State, where: str) -> StyleGAN:
    """A StyleGAN from its state dict. Raises ValueError that says what did not fit."""
    growth = _growth(state, "synthesis.", where)
    tensors, ignored = _renamed(state, "synthesis.", growth)
    widths, missing = _widths(state, "synthesis.", growth, where), []
    for i in range(1, 2 * growth.scales):
        weight = equalised(wanted_tensor(tensors, f"layers.{i}.weight", 4, where))
        if i % 2 == 0:
            fused = 4 << (i // 2) >= FUSED_FROM
            weight = spread(weight.transpose(0, 1)) if fused else doubling(weight)
            if f"layers.{i}.blur" not in tensors:
                missing.append(f"layers.{i}.blur")
                tensors[missing[-1]] = BLUR.expand(widths[i // 2], 1, 3, 3)
        tensors[f"layers.{i}.weight"] = weight
    for i in range(2 * growth.scales):
        tensors[f"layers.{i}.noise_map"] = wanted_tensor(tensors, f"layers.{i}.noise_map", 4, where).flatten(0, 2)
    tensors["const"] = wanted_tensor(tensors, "layers.0.const", 4, where).flatten(0, 1)
    del tensors["layers.0.const"]
    _paint(tensors, growth, where)
    w = wanted_tensor(tensors, "layers.0.style.weight", 2, where).shape[1]
    classes, embedding, mapping = _mapping(tensors, where)
    average = tensors.pop("truncation.w_avg", None)
    layers = 2 * (growth.scales + growth.enlarge)
    per_layer = (mapping[-1] if average is None else average.numel()) == layers * w
    sizes = StyleGANSizes(
        mapping=mapping,
        w=w,
        widths=widths,
        colors=len(tensors["picture.paint.weight"]),
        classes=classes,
        embedding=embedding,
        averages=layers if per_layer else 1,
        fade=growth.fade,
        enlarge=growth.enlarge,
        average_estimated=average is None,
    )
    tensors["average"] = torch.zeros(sizes.averages * w) if average is None else average
    if per_layer:
        tensors["average"] = tensors["average"].reshape(layers, w)
    missing += ["average"] if average is None else []
    generator = assemble(lambda: StyleGAN(sizes), tensors, where, ignored, missing)
    return _averaged(generator) if average is None else generator


def doubled(weight: Tensor, layer: int, fused: bool, styled: bool) -> Tensor:
    """The kernel of a layer that doubles a map, [out, in, k, k], as such files have it.

    fused: it is that of a transposed convolution, else that of a convolution after doubling, which is turned around.
    styled: whether it is a StyleGAN's, which expects a fused one from `FUSED_FROM` on; a PGGAN expects none.
    """
    expected = styled and 4 << (layer // 2) >= FUSED_FROM
    return weight if fused == expected else weight.flip(2, 3)


def _growth(state: State, prefix: str, where: str) -> Growth:
    key = re.compile(re.escape(prefix) + r"layer(\d{1,3})\.bias")
    layers = 1 + max((int(match[1]) for name in state if (match := key.fullmatch(name))), default=-1)
    scales = layers // 2
    if layers % 2 or not 0 < 4 << scales <= 2 * LARGEST or not layers:
        raise ValueError(f"{where} has {layers} layers: expected two per scale, from 4x4 to at most {LARGEST} px")
    lod = state.get(f"{prefix}lod")
    level = 0.0 if lod is None or lod.numel() != 1 else float(lod)
    if not 0 <= level <= scales - 1:
        raise ValueError(
            f"{where} has the lod {level}: expected 0 (all scales in use) to {scales - 1} (only the first)"
        )
    enlarge = int(level)
    return Growth(scales - enlarge, level - enlarge, enlarge)


def _renamed(state: State, prefix: str, growth: Growth) -> tuple[dict[str, Tensor], list[str]]:
    """Tensors that have an influence, by our names where they have others; and the names of those that have none."""
    ours = {name: _our_name(name, prefix, growth) for name in state}
    tensors = {new: state[name] for name, new in ours.items() if new is not None}
    return tensors, [name for name, new in ours.items() if new is None and name != f"{prefix}lod"]


def _our_name(name: str, prefix: str, growth: Growth) -> str | None:
    heads = {growth.scales - 1: "picture.paint"} | ({growth.scales - 2: "picture.before"} if growth.fade else {})
    rest = name.removeprefix(prefix)
    if match := re.fullmatch(r"layer(\d{1,3})\.(.+)", rest):
        used = int(match[1]) < 2 * growth.scales
        return f"layers.{match[1]}.{LEAVES.get(match[2], match[2])}" if used else None
    if match := re.fullmatch(r"output(\d{1,3})\.(\w+)", rest):
        return f"{heads[int(match[1])]}.{match[2]}" if int(match[1]) in heads else None
    return None if rest == "lod" else re.sub(r"^mapping\.dense(\d+)\.", r"mapping.layers.\1.", name)


def _widths(state: State, prefix: str, growth: Growth, where: str) -> tuple[int, ...]:
    """Channels of every scale in use."""
    names = (f"{prefix}layer{2 * i + 1}.bias" for i in range(growth.scales))
    return tuple(len(wanted_tensor(state, name, 1, where)) for name in names)


def equalised(weight: Tensor, axis: int = 1, gain: float = math.sqrt(2)) -> Tensor:
    """The weight as it acts: times gain / sqrt(numbers that one output sees). axis: that of the input channels."""
    inputs = weight.shape[axis] * math.prod(weight.shape[2:])
    return (weight.double() * (gain / math.sqrt(max(inputs, 1)))).float()


def _paint(tensors: dict[str, Tensor], growth: Growth, where: str) -> None:
    for head in ("picture.paint", *(["picture.before"] if growth.fade else [])):
        weight = wanted_tensor(tensors, f"{head}.weight", 4, where)
        tensors[f"{head}.weight"] = equalised(weight, gain=1.0)


def _mapping(tensors: dict[str, Tensor], where: str) -> tuple[int, int, tuple[int, ...]]:
    """Classes, the size of their embedding, and z with the outputs of the mapping layers."""
    classes = embedding = 0
    if "mapping.label_weight" in tensors:
        label = wanted_tensor(tensors, "mapping.label_weight", 2, where)
        classes, embedding = label.shape
        del tensors["mapping.label_weight"]
        tensors["mapping.embed.weight"] = label.T * math.sqrt(classes)  # it acts as it is, without a factor or a bias
        tensors["mapping.embed.bias"] = torch.zeros(embedding)
    count = sum(re.fullmatch(r"mapping\.layers\.\d+\.weight", name) is not None for name in tensors)
    weights = [wanted_tensor(tensors, f"mapping.layers.{i}.weight", 2, where) for i in range(max(1, count))]
    return classes, embedding, (weights[0].shape[1] - embedding, *(len(weight) for weight in weights))


def _averaged(generator: StyleGAN) -> StyleGAN:
    """With an estimate of the average code, of which the file has none."""
    estimate = generator.mapping.average()
    generator.average = estimate.view_as(generator.average)
    generator.freeze()
    return generator
