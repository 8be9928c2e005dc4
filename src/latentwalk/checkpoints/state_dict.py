"""State dicts of a DCGAN or a WGAN, under whatever names."""

from collections.abc import Mapping
from typing import TypeGuard

from torch import Tensor

from latentwalk.checkpoints.candidates import State
from latentwalk.checkpoints.plain import counters, is_plain, read_dcgan
from latentwalk.generator import Reading
from latentwalk.generators.dcgan import DCGAN
from latentwalk.weights import check_finite

ASSUMED = "ReLU between its layers: a state dict does not say (else --activation leaky_relu:0.2)"
"""What is taken for granted of a network whose file does not tell its activations."""


def matches(tree: object) -> bool:
    """Whether a tree is the state dict of a DCGAN, under whatever names."""
    return is_bare(tree) and is_plain(tree)


def is_bare(tree: object) -> TypeGuard[Mapping[str, Tensor]]:
    """Whether a tree is nothing but tensors: no whole module, which says itself what its layers are."""
    return holds_tensors(tree) and not (isinstance(tree, State) and tree.module is not None)


def read(tree: Mapping[str, Tensor], where: str) -> DCGAN:
    """The generator, frozen. where: what to call it in errors. Raises ValueError that says what did not fit."""
    check_finite(tree, where)
    generator = read_dcgan(tree, where).freeze()
    generator.reading = Reading(ignored=counters(tree), assumed=(ASSUMED,))
    return generator


def holds_tensors(found: object) -> bool:
    """Whether this is a dict of tensors and of nothing else."""
    if not isinstance(found, Mapping):
        return False
    return bool(found) and all(isinstance(tensor, Tensor) and not tensor.is_meta for tensor in found.values())
