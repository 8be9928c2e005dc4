"""What a person says of a network, because its file cannot: its activation, and the order of its colours."""

import re
from dataclasses import replace
from typing import TypeVar

import torch

from latentwalk.checkpoints.assembly import assemble
from latentwalk.generator import Generator
from latentwalk.generators.dcgan import DCGAN, LINEAR
from latentwalk.generators.mlp import MLP
from latentwalk.generators.stylegan2 import StyleGAN2

ACTIVATION = re.compile(r"relu|leaky_relu:(0?\.\d{1,6})")

Network = TypeVar("Network", bound=Generator)


def slope_of(activation: str) -> float:
    """The slope below 0 that "relu" or "leaky_relu:0.2" means. Raises ValueError for any other text."""
    found = ACTIVATION.fullmatch(activation.strip().lower())
    if found is None:
        raise ValueError(f"the activation is 'relu' or 'leaky_relu:SLOPE', such as leaky_relu:0.2, got {activation!r}")
    return float(found[1] or 0)


def with_activation(generator: Generator, activation: str, where: str) -> Generator:
    """The same weights with another activation between the layers.

    Raises ValueError for a network whose file or family says which one it has.
    """
    slope = slope_of(activation)
    if not generator.reading.assumed or not isinstance(generator, DCGAN | MLP):
        raise ValueError(
            f"{where} says itself which activation its {type(generator).__name__} has: leave the activation out, only "
            "the state dict of a DCGAN or an MLP needs it"
        )
    tensors = {name: tensor for name, tensor in generator.state_dict().items() if name != "slopes"}
    if isinstance(generator, MLP):
        sizes = replace(generator.sizes, slope=slope)
        made: Generator = assemble(lambda: MLP(sizes), tensors, where)
    else:
        blocks = [each._replace(slope=each.slope if each.slope == LINEAR else slope) for each in generator.sizes.blocks]
        shape = replace(generator.sizes, blocks=tuple(blocks))
        slopes = [block.slope for block in blocks[:-1]]
        given = {**tensors, "slopes": torch.tensor(slopes)} if any(slopes) else tensors
        made = assemble(lambda: DCGAN(shape.empty(), shape.tanh), given, where)
    made.reading = generator.reading._replace(assumed=(f"{activation} between its layers, as was asked for",))
    return made


def swapped(generator: Network, where: str) -> Network:
    """The same network with red and blue exchanged: for networks that learned from pictures in the order BGR.

    Raises ValueError for networks without three colours, and for families of which this is never so.
    """
    if generator.image_shape[0] != 3 or not isinstance(generator, StyleGAN2 | DCGAN):
        raise ValueError(
            f"{where}: bgr is for a StyleGAN2 or a DCGAN with 3 colours, this is a {type(generator).__name__} with "
            f"{generator.image_shape[0]}: leave it out"
        )
    last = f"layers.{len(generator.layers) - 1}" if isinstance(generator, DCGAN) else ""
    axes = {f"{last}.bias": 0, f"{last}.weight": 1}  # of a transposed convolution
    tensors = {
        name: tensor.flip(0 if ".torgb." in name else axes[name]) if _paints(name) or name in axes else tensor
        for name, tensor in generator.state_dict().items()
    }
    generator.load_state_dict(tensors, assign=True)  # not in place: they may be those of the file
    reading = generator.reading
    generator.freeze()
    generator.reading = reading._replace(assumed=(*reading.assumed, "blue first (BGR): its colours are turned around"))
    return generator


def _paints(name: str) -> bool:
    return name.endswith((".torgb.weight", ".torgb.bias"))
