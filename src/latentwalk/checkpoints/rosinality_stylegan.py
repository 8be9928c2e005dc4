"""StyleGAN as rosinality's style-based-gan-pytorch saves it: the state dict of a network.

Every `weight_orig` acts times sqrt(2 / numbers that one output sees). The network is built for 1024 px whatever it was
trained for, and draws at one of its scales, which the file does not name: the last one that was ever trained.
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from latentwalk.checkpoints.assembly import assemble, naming, shaped, wanted_tensor
from latentwalk.checkpoints.genforce import BLUR, equalised
from latentwalk.checkpoints.state_dict import holds_tensors
from latentwalk.generators.pggan import LARGEST, doubling, spread
from latentwalk.generators.stylegan import StyleGAN, StyleGANSizes

KEY = "generator.progression.0.conv1.input"
"""A tensor that tells this format from others: the constant that a picture begins with."""

SIDED = True
"""Its file does not say how large the pictures are."""

EPS = 1e-5
"""Of the instance norm, as torch has it."""

RATE = 0.01
"""What our mapping multiplies weights and biases by; here nothing does."""

NAME = re.compile(r"generator\.progression\.(\d{1,2})\.([a-z]+)([12])\.(.+)|(style|generator\.to_rgb)\.(\d{1,2})\.(.+)")
"""Of a tensor: its scale, a word, which of the two layers, and the rest; or a part, its number, and the rest."""

FROM_ZERO = re.compile(r"noise\.weight_orig|conv\..*bias")
"""Word and rest of tensors that are zero until their scale is trained."""


class Place(NamedTuple):
    """Where a tensor goes: our name, how many dimensions it has, and what it is there."""

    name: str
    dimensions: int
    acting: Callable[[Tensor], Tensor]


def _itself(tensor: Tensor) -> Tensor:
    return tensor


def _without_one(bias: Tensor) -> Tensor:
    """Scales, and then shifts: here the scales act as they are, in our layers 1 is added."""
    half = len(bias) // 2
    return torch.cat([bias[:half] - 1, bias[half:]])


PLACES = {
    "conv.input": Place("const", 4, lambda const: const.flatten(0, 1)),
    "conv.0.weight": Place("weight", 4, lambda weight: spread(equalised(weight, axis=0)) / 4),
    "conv.0.bias": Place("bias", 1, _itself),
    "conv.1.weight": Place("blur", 4, _itself),
    "conv.1.conv.weight_orig": Place("weight", 4, lambda weight: doubling(equalised(weight))),
    "conv.1.conv.bias": Place("bias", 1, _itself),
    "conv.2.weight": Place("blur", 4, _itself),
    "conv.conv.weight_orig": Place("weight", 4, equalised),
    "conv.conv.bias": Place("bias", 1, _itself),
    "noise.weight_orig": Place("noise_weight", 4, lambda weight: equalised(weight).flatten()),
    "adain.style.linear.weight_orig": Place("style.weight", 2, lambda weight: weight * 2**0.5),
    "adain.style.linear.bias": Place("style.bias", 1, _without_one),
    "style.linear.weight_orig": Place("weight", 2, lambda weight: weight / RATE),
    "style.linear.bias": Place("bias", 1, lambda bias: bias / RATE),
    "generator.to_rgb.conv.weight_orig": Place("weight", 4, equalised),
    "generator.to_rgb.conv.bias": Place("bias", 1, _itself),
}
"""By word (or part) and rest. A fused doubling, from 128 px on, is the mean of the four shifts of its kernel."""


def matches(tree: object) -> bool:
    """Whether a tree is the state dict of such a generator."""
    return isinstance(tree, Mapping) and KEY in tree and holds_tensors(tree)


def read(tree: Mapping[str, Tensor], where: str, side: int | None = None) -> StyleGAN:
    """The generator, frozen; its average code is an estimate.

    side: of the picture, one of those that the network was built for; None for that of the last scale that was trained.
    Raises ValueError that says what did not fit.
    """
    scales = _scales(tree, side, where)
    tensors: dict[str, Tensor] = {}
    ignored: list[str] = []
    for name in map(str, tree):
        place = _place(name, scales)
        if place is None:
            ignored.append(name)
        else:
            tensors[place.name] = place.acting(shaped(tree, name, (None,) * place.dimensions, where))
    tensors["const"] = tensors.pop("layers.0.const")
    tensors["layers.0.bias"] = torch.zeros(len(tensors["const"]))
    widths = tuple(len(wanted_tensor(tensors, f"layers.{2 * i + 1}.bias", 1, where)) for i in range(scales))
    count = sum(re.fullmatch(r"mapping\.layers\.\d+\.weight", name) is not None for name in tensors)
    dense = [wanted_tensor(tensors, f"mapping.layers.{i}.weight", 2, where) for i in range(max(1, count))]
    with naming(where):
        sizes = StyleGANSizes(
            mapping=(dense[0].shape[1], *map(len, dense)),
            w=len(dense[-1]),
            widths=widths,
            colors=len(wanted_tensor(tensors, "picture.paint.bias", 1, where)),
            average_estimated=True,
            eps=EPS,
            bias_first=True,
        )
    usual = _usual(sizes)
    missing = [name for name in usual if name not in tensors]
    generator = assemble(lambda: StyleGAN(sizes), usual | tensors, where, ignored, missing)
    generator.average = generator.mapping.average()
    generator.freeze()
    if side is None and f"generator.progression.{scales}.conv2.conv.bias" in tree:
        last = f"{sizes.side} px is what it was trained for: of larger scales, all biases are zero (else --side)"
        generator.reading = generator.reading._replace(assumed=(last,))
    return generator


def _place(name: str, scales: int) -> Place | None:
    """Where a tensor goes in a network of so many scales; None for one that has no part in the picture."""
    match = NAME.fullmatch(name)
    if match is None:
        return None
    place = PLACES.get(f"{match[2] or match[5]}.{match[4] or match[7]}")
    if place is None:
        return None
    if match[5] == "style":  # numbers of its activations lie between
        return place._replace(name=f"mapping.layers.{int(match[6]) // 2}.{place.name}")
    if match[5]:
        return place._replace(name=f"picture.paint.{place.name}") if int(match[6]) == scales - 1 else None
    layer = 2 * int(match[1]) + int(match[3]) - 1
    return place._replace(name=f"layers.{layer}.{place.name}") if layer < 2 * scales else None


def _scales(tree: Mapping[str, Tensor], side: int | None, where: str) -> int:
    """How many scales of a network draw: those up to a side, or up to the last one that was trained."""
    built, trained = 0, 0
    for name, tensor in tree.items():
        match = NAME.fullmatch(str(name))
        if match and match[1]:
            built = max(built, int(match[1]) + 1)
            if FROM_ZERO.fullmatch(f"{match[2]}.{match[4]}") and bool(tensor.any()):
                trained = max(trained, int(match[1]) + 1)
    sides = [4 << i for i in range(built)]
    if sides[-1] > LARGEST or (side is not None and side not in sides):
        raise ValueError(
            f"{where} has scales of {sides[0]} to {sides[-1]} px, got the side {side}: expected one of them"
        )
    return trained or built if side is None else sides.index(side) + 1


def _usual(sizes: StyleGANSizes) -> dict[str, Tensor]:
    """What files leave out: the average, maps of noise (drawn anew for every picture), the filters of blurs."""
    usual = {"average": torch.zeros(sizes.w)}
    for i, width in enumerate(sizes.widths):
        usual |= {f"layers.{2 * i + k}.noise_map": torch.zeros(4 << i, 4 << i) for k in (0, 1)}
        usual |= {f"layers.{2 * i}.blur": BLUR.expand(width, 1, 3, 3)} if i else {}
    return usual
