"""A StyleGAN2 from tensors under our names: what every reader of a StyleGAN2 format ends in.

Readers only rename (and turn, where a format stores a tensor otherwise); sizes are inferred from the shapes here.
"""

import math
import re
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from latentwalk.checkpoints.assembly import assemble, wanted_tensor
from latentwalk.generators.layers.styled import resample_filter
from latentwalk.generators.stylegan2 import BOTTOM, StyleGAN2, StyleGAN2Sizes
from latentwalk.safeload.nodes import shown

LARGEST = 2**14
"""Side of an image beyond every network of this kind."""


def flat_map(tensor: Tensor) -> Tensor:
    """A map or a filter [h, w] that is stored with leading axes of one."""
    return tensor.squeeze(0).squeeze(0) if tensor.ndim == 4 else tensor


def positive(value: object, name: str, where: str) -> float:
    """The value of a setting. Raises ValueError when it is no number above 0."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise ValueError(f"{where}: {name} is {shown(value)}: expected a number above 0")
    return float(value)


def class_embedding(weight: Tensor, where: str) -> dict[str, Tensor]:
    """A class vector times a weight [classes, e], without scale or bias: our embedding with both undone.

    Raises ValueError when that is no matrix.
    """
    if weight.ndim != 2:
        raise ValueError(f"{where}: the classes have a weight of the shape {list(weight.shape)}, expected a matrix")
    bias = torch.zeros(weight.shape[1])
    return {"mapping.embed.weight": weight.T * math.sqrt(len(weight)), "mapping.embed.bias": bias}


def build_stylegan2(
    tensors: Mapping[str, Tensor],
    where: str,
    joint: bool = False,
    clamp: float | None = None,
    lr_multiplier: float = 0.01,
    ignored: Sequence[str] = (),
) -> StyleGAN2:
    """The generator, frozen.

    tensors: by the names of `StyleGAN2.state_dict`. Missing filters are the usual one, missing noise maps are zero, a
    missing average is estimated. joint, clamp, lr_multiplier: see `StyleGAN2Sizes`. ignored: see `assemble`.
    Raises ValueError when the tensors are not those of one network.
    """
    tensors = dict(tensors)
    if any(tensor.is_meta for tensor in tensors.values()):  # what an averaged generator supersedes is not read
        raise ValueError(f"{where} has an averaged generator that is of no known kind: expected a StyleGAN2")
    estimated = "average" not in tensors
    sizes = _sizes(tensors, where, joint, clamp, lr_multiplier)
    missing = _complete(tensors, sizes)
    generator = assemble(lambda: StyleGAN2(sizes), tensors, where, ignored, missing)
    if estimated:
        generator.average = generator.mapping.average()
        generator.freeze()
    return generator


def _sizes(
    tensors: Mapping[str, Tensor], where: str, joint: bool, clamp: float | None, lr_multiplier: float
) -> StyleGAN2Sizes:
    def shape(name: str, dimensions: int) -> tuple[int, ...]:
        return tuple(wanted_tensor(tensors, name, dimensions, where).shape)

    embedding, classes = shape("mapping.embed.weight", 2) if "mapping.embed.weight" in tensors else (0, 0)
    depth = len(_numbers(r"mapping\.layers\.(\d{1,3})\.weight", tensors))
    mapping = [shape("mapping.layers.0.weight", 2)[1] - embedding]
    mapping += [shape(f"mapping.layers.{i}.weight", 2)[0] for i in range(depth)]
    sides = _numbers(r"synthesis\.b(\d{1,6})\.conv1\.weight", tensors)
    if not sides or sides != [BOTTOM * 2**i for i in range(len(sides))] or sides[-1] > LARGEST:
        raise ValueError(f"{where} has blocks of {sides or 'no'} pixels: expected 4, 8, 16 and so on up to the image")
    residual = any(name.startswith(f"synthesis.b{2 * BOTTOM}.shortcut.") for name in tensors)
    skip = f"synthesis.b{BOTTOM}.torgb.weight" in tensors
    average = tensors.get("average")
    _, height, width = shape("synthesis.const", 3)
    return StyleGAN2Sizes(
        mapping=tuple(mapping),
        widths=tuple(shape(f"synthesis.b{side}.conv1.weight", 4)[0] for side in sides),
        colors=shape(f"synthesis.b{sides[-1]}.torgb.weight", 4)[0],
        classes=classes,
        embedding=embedding,
        joint=joint and classes > 0,
        lr_multiplier=lr_multiplier,
        architecture="skip" if skip else "resnet" if residual else "orig",
        taps=next((t.shape[-1] for name, t in tensors.items() if name.endswith(".kernel") and t.ndim == 2), 4),
        noise=any(name.endswith(".noise_strength") for name in tensors),
        clamp=clamp,
        average_per_layer=average is not None and average.ndim == 2,
        average_estimated=average is None,
        start=(height, width),
    )


def _numbers(pattern: str, tensors: Mapping[str, Tensor]) -> list[int]:
    """The numbers in all names that a pattern fits, ascending."""
    return sorted(int(match[1]) for name in tensors if (match := re.fullmatch(pattern, name)))


def _complete(tensors: dict[str, Tensor], sizes: StyleGAN2Sizes) -> list[str]:
    """Put in what some files leave out, because their code makes it anew. Returns the names of it."""
    given = set(tensors)
    with torch.device("meta"):
        wanted = StyleGAN2(sizes).state_dict()
    for name, tensor in wanted.items():
        if name in tensors:
            continue
        if name.endswith(".kernel") and tensor.shape == (4, 4):
            tensors[name] = resample_filter()
        elif name.endswith(".noise_map") or name == "average":
            tensors[name] = torch.zeros(tensor.shape)
    return [name for name in tensors if name not in given]
