"""Networks in NVIDIA's TensorFlow pickles: a tuple (G, D, Gs) of them, Gs the averaged one.

A network is its name, the arguments that it was made with, its components (networks themselves; the oldest have none)
and a list of its variables. Weights come as TensorFlow lays them out: [in, out] and [h, w, in, out].
"""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from latentwalk.safeload.nodes import shown
from latentwalk.safeload.plain_tree import NETWORK, Foreign

OLDER = "tfutil.Network"
"""The class of the networks of PGGAN, which came before."""


def networks(tree: object) -> list[Foreign]:
    """The networks of a tree: a tuple of them, or one."""
    parts = tree if isinstance(tree, tuple | list) else (tree,)
    return [part for part in parts if isinstance(part, Foreign) and part.name in (NETWORK, OLDER)]


def components(network: Foreign) -> dict[str, Foreign]:
    """The networks that a network consists of, by name."""
    found = network.get("components")
    parts = found.items() if isinstance(found, Mapping) else ()
    return {str(name): part for name, part in parts if isinstance(part, Foreign)}


def variables(network: Foreign, where: str) -> dict[str, Tensor]:
    """The variables of a network and of its components, by paths such as "synthesis/4x4/Conv/weight".

    Raises ValueError for one that is no array.
    """
    named: dict[str, Tensor] = {}
    for prefix, item in _items(network):
        name, value = item if isinstance(item, list | tuple) and len(item) == 2 else (None, None)
        value = torch.tensor(float(value)) if isinstance(value, int | float) else value
        if not isinstance(name, str) or not isinstance(value, Tensor) or value.is_complex():
            raise ValueError(f"{where}: {shown(name)!r} is no variable with an array: the file is damaged")
        if value.is_meta:  # of a network that an averaged one supersedes
            raise ValueError(f"{where}: {shown(name)!r} came without its values: expected a whole averaged network")
        named[prefix + name] = value.to(torch.float32)
    return named


def has_variable(network: Foreign, name: str) -> bool:
    """Whether a network, or a component of it, has a variable of a path."""
    return any(
        isinstance(item, list | tuple) and item and f"{prefix}{item[0]}" == name for prefix, item in _items(network)
    )


def arguments(network: Foreign) -> dict[str, Any]:
    """What the network was made with, and what its components were; values equal to a default are absent."""
    made: dict[str, Any] = {}
    for holder in (*components(network).values(), network):
        given = holder.get("static_kwargs")
        made |= dict(given) if isinstance(given, Mapping) else {}
    return made


def check_arguments(made: Mapping[str, Any], usual: Mapping[str, Any], where: str) -> None:
    """Raises ValueError where an argument has another value than the only one that can be drawn."""
    for name, value in usual.items():
        if made.get(name, value) != value:
            raise ValueError(
                f"{where} has the {name} {shown(repr(made[name]))}: only networks with {value!r} can be drawn"
            )


def _items(network: Foreign) -> Iterator[tuple[str, Any]]:
    """What stands in the lists of variables, with the name of the component before it."""
    for prefix, holder in (("", network), *((f"{name}/", part) for name, part in components(network).items())):
        found = holder.get("variables")
        yield from ((prefix, item) for item in (found if isinstance(found, list | tuple) else ()))
