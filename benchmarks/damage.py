"""What can be wrong with a checkpoint: bytes of its file, or tensors and names of the tree that it holds."""

import copy
import random
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

FRAGMENTS = (
    b"cos\nsystem\n(X\x1a\x00\x00\x00touch /tmp/latentwalk_pwnedtR",
    b"cbuiltins\neval\n(X\x01\x00\x00\x001tR",
    b"cbuiltins\ngetattr\n",
    b"\x8c\x05posix\x8c\x06system\x93",
    b"ctorch.storage\n_load_from_bytes\n",
    b"cnumpy\ndtype\n(X\x02\x00\x00\x00O8\x89\x88tR",
    b"(((((((((((((((((((((((",
    b"]2a]2a]2a",
    b"\xff\xff\xff\x7f",
    b"\xff" * 8,
    b"\x00" * 8,
    b"PK\x03\x04",
    b"\x8b\xff\xff\xff\x7f",
    b"\x96\x00\x00\x00\x00\x01\x00\x00\x00",
)
"""Pieces of attacks, put into files at random places."""

ODD = (None, 3, "weight", True, 0.5, {}, [], ())
"""What may stand in a pickle where a tensor should."""

DIGITS = ("", "0", "7", "99", "99999999999", "9" * 5000, ".", "weight")
"""What a part of a name is changed to."""


def damage_bytes(data: bytes, chosen: random.Random) -> bytes:
    """The bytes of a file with one to three things done to them."""
    mutable = bytearray(data)
    for _ in range(chosen.choice((1, 1, 1, 2, 3))):
        size = max(1, len(mutable))
        reach = size if chosen.random() < 0.5 else min(size, 2000)  # most of what steers a reader comes early
        place, length = chosen.randrange(reach), chosen.choice((1, 1, 2, 4, 8, 64))
        kind = chosen.randrange(7)
        if kind == 0:
            del mutable[place:]
        elif kind == 1:
            del mutable[place : place + length]
        elif kind == 2:
            mutable[place : place + length] = chosen.randbytes(length)
        elif kind == 3 and mutable:
            mutable[min(place, len(mutable) - 1)] ^= 1 << chosen.randrange(8)
        elif kind == 4:
            mutable[place:place] = chosen.choice(FRAGMENTS)
        elif kind == 5:
            fragment = chosen.choice(FRAGMENTS)
            mutable[place : place + len(fragment)] = fragment
        else:
            other = chosen.randrange(size)
            mutable[place:place] = mutable[other : other + 8 * length]
    return bytes(mutable)


def damage_tree(tree: Any, chosen: random.Random) -> Any:
    """A copy of a tree with one to six things done to the names and tensors in one of its dicts."""
    tree = _copied(tree)
    holders = [holder for holder in _holders(tree) if holder]
    if not holders:
        return tree
    holder = chosen.choices(holders, [len(each) for each in holders])[0]
    for _ in range(chosen.choice((1, 1, 2, 3, 6))):
        name, kind = chosen.choice(list(holder) or [""]), chosen.randrange(6)
        if name not in holder:
            continue
        if kind == 0:
            del holder[name]
        elif kind == 1 and isinstance(name, str):
            part = chosen.choice("0123456789abcegw._")
            holder[name.replace(part, chosen.choice(DIGITS), 1)] = holder.pop(name)
        elif kind == 2:
            other = chosen.choice(list(holder))
            holder[name], holder[other] = holder[other], holder[name]
        else:
            holder[name] = _changed(holder[name], chosen)
    return tree


def _copied(node: Any) -> Any:
    """A copy of containers, not of tensors."""
    if isinstance(node, dict):
        made = copy.copy(node)
        made.update({name: _copied(value) for name, value in node.items()})
        return made
    return type(node)(map(_copied, node)) if type(node) in (list, tuple) else node


def _holders(node: Any) -> Iterator[dict[Any, Any]]:
    if isinstance(node, dict):
        yield node
    values = node.values() if isinstance(node, dict) else node if isinstance(node, list | tuple) else ()
    for value in values:
        yield from _holders(value)


def _changed(value: Any, chosen: random.Random) -> Any:
    """Another value: of a tensor one of another shape or type, of a list one with an item changed."""
    if isinstance(value, list) and value:
        place = chosen.randrange(len(value))
        return [*value[:place], _changed(value[place], chosen), *value[place + 1 :]]
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str):  # a variable of TensorFlow
        return value[0], _changed(value[1], chosen)
    if not isinstance(value, Tensor) or chosen.randrange(8) == 0:
        return chosen.choice(ODD)
    kind, real = chosen.randrange(11), value.is_floating_point()
    if kind == 0:
        return value.unsqueeze(0)
    if kind in (1, 2) and value.ndim:
        return value[..., :-1] if kind == 1 else value[:-1]
    if kind == 3:
        return value.flatten()
    if kind == 4 and real:
        return torch.full_like(value.float(), chosen.choice((float("nan"), float("inf"), -1.0, 1e30)))
    if kind == 5:
        return value.expand(*(2 if size == 1 else size for size in value.shape)) if value.ndim else value
    if kind == 6:
        return value.flatten()[:1].sum()
    if kind == 7 and value.ndim > 1:
        return value.transpose(0, 1)
    to = (torch.int64, torch.complex64, torch.float16, torch.bool)
    return value.to(chosen.choice(to)) if kind < 10 else torch.zeros(0)
