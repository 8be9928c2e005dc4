"""Plain state dicts: nothing but named tensors, in whatever dicts lie around them."""

import re
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from latentwalk.checkpoints.plain import SPELLINGS, counters, read_dcgan
from latentwalk.generator import Reading
from latentwalk.generators.dcgan import DCGAN
from latentwalk.safeload.nodes import shown
from latentwalk.safeload.reading import Foreign, read_tree
from latentwalk.weights import check_finite

WRAPPINGS = 3
"""Dicts that may lie around a state dict, such as {"gen": {...}}."""


DISCRIMINATORS = frozenset({"D", "d", "netD", "discriminator", "disc", "critic", "D_ema"})
"""Names of dicts that are not taken off: what is in them draws nothing."""


def matches(tree: object) -> bool:
    """Whether a tree is a state dict in one of the spellings that are known."""
    found = unwrap(tree)
    return (
        isinstance(found, Mapping)
        and holds_tensors(found)
        and any(all(re.fullmatch(spelling.key + r"\.\w+", str(name)) for name in found) for spelling in SPELLINGS)
    )


def read(tree: object, where: str) -> DCGAN:
    """The generator, frozen. where: what to call it in errors. Raises ValueError that says what did not fit."""
    tensors = named_tensors(tree, where)
    check_finite(tensors, where)
    generator = read_dcgan(tensors, where).freeze()
    generator.reading = Reading(ignored=counters(tensors))
    return generator


def read_state_dict(path: str | Path) -> dict[str, Tensor]:
    """All tensors of a .safetensors file or of a torch file that holds nothing but tensors.

    Nothing in the file is executed. A dict with a single dict of tensors inside is unwrapped.
    Raises ValueError when the file is missing, damaged or holds something else.
    """
    return named_tensors(read_tree(path), str(path))


def named_tensors(tree: object, where: str) -> dict[str, Tensor]:
    """The state dict of a tree. where: what to call it in errors. Raises ValueError when it holds something else."""
    found = unwrap(tree)
    if not isinstance(found, Mapping) or not holds_tensors(found):
        raise ValueError(
            f"{where} holds {contents(found)}, no state dict: expected a dict from names to tensors; "
            "save the generator alone with torch.save(network.state_dict(), path)"
        )
    return {str(name): tensor for name, tensor in found.items()}


def unwrap(tree: object) -> object:
    """What is left of a tree after dicts that hold a single dict were taken off."""
    for _ in range(WRAPPINGS):
        if not isinstance(tree, Mapping) or holds_tensors(tree):
            break
        inner = [name for name, value in tree.items() if isinstance(value, Mapping) and not isinstance(value, Foreign)]
        if len(inner) != 1 or inner[0] in DISCRIMINATORS:
            break
        tree = tree[inner[0]]
    return tree


def holds_tensors(found: object) -> bool:
    """Whether this is a dict of tensors and of nothing else."""
    if not isinstance(found, Mapping):
        return False
    return bool(found) and all(isinstance(tensor, Tensor) and not tensor.is_meta for tensor in found.values())


def contents(found: object) -> str:
    """In a few words, what a tree holds."""
    if isinstance(found, Foreign):
        return f"an object of the class {shown(found.name)}"
    if not isinstance(found, Mapping):
        return "one tensor" if isinstance(found, torch.Tensor) else f"a {type(found).__name__}"
    for name, value in found.items():
        if isinstance(value, Foreign):
            return f"{shown(name)!r}, an object of the class {shown(value.name)}"
    return f"a dict of {', '.join(repr(shown(name)) for name in list(found)[:4]) or 'nothing'}"
