"""The DCGAN of PyTorch-GAN (`l1`, `conv_blocks`), which doubles by repeating pixels and then convolves.

BatchNorm after a convolution has an eps of 0.8 there, which was meant as its momentum; the first one has the usual eps,
and no activation follows it.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from torch import Tensor

from latentwalk.checkpoints.assembly import listed
from latentwalk.checkpoints.chain import EPS, Layer, Module, build_dcgan, linear, ordinary
from latentwalk.checkpoints.linear import ODD_EPS, SLOPE
from latentwalk.checkpoints.plain import counters
from latentwalk.checkpoints.state_dict import holds_tensors
from latentwalk.generator import Reading
from latentwalk.generators.dcgan import DCGAN, LINEAR
from latentwalk.weights import check_finite

FIRST = "l1.0"
NAME = re.compile(r"(l1\.0|conv_blocks\.(\d{1,3}))\.(weight|bias|running_mean|running_var|num_batches_tracked)")


def matches(tree: object) -> bool:
    """Whether a state is this generator."""
    wanted = {f"{FIRST}.weight", "conv_blocks.0.weight"}
    return isinstance(tree, Mapping) and holds_tensors(tree) and wanted <= tree.keys()


def read(tree: Mapping[str, Tensor], where: str) -> DCGAN:
    """The generator, frozen. Raises ValueError that says what did not fit."""
    check_finite(tree, where)
    modules: dict[int, Module] = {}
    for name, tensor in tree.items():
        match = NAME.fullmatch(name)
        if match is None:
            raise ValueError(f"{where} has also {listed([name])}: expected the DCGAN of PyTorch-GAN and nothing else")
        modules.setdefault(int(match[2] or -1), {})[match[3]] = tensor
    layers: list[Layer] = []
    for place in sorted(modules):
        module, name = modules[place], FIRST if place < 0 else f"conv_blocks.{place}"
        weight = module.get("weight")
        if weight is not None and weight.ndim == 4:
            last = place == max(modules)  # it keeps the size
            layers.append(replace(ordinary(name, module, weight.shape[2] // 2, doubled=not last), slope=SLOPE))
        elif not layers and weight is not None:
            layers.append(replace(linear(name, module), slope=LINEAR))
        elif layers and layers[-1].norm is None:
            layers[-1] = replace(layers[-1], norm=module, eps=ODD_EPS if len(layers) > 1 else EPS)
        else:
            raise ValueError(f"{where}: {name!r} is out of place: expected convolutions with a BatchNorm each")
    generator = build_dcgan(layers, where).freeze()
    generator.reading = Reading(ignored=counters(tree))
    return generator
