"""NVIDIA's persistent modules: a tree of `__dict__`s with tensors, constructor arguments and plain attributes."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from torch import Tensor


class Snapshot(NamedTuple):
    """One module tree, flattened. Names are joined with dots.

    tensors: parameters and buffers. arguments: `_init_kwargs` of the generator; values equal to a default are absent.
    attributes: plain attributes of all modules, for example "synthesis.b8.conv0.conv_clamp".
    """

    tensors: dict[str, Tensor]
    arguments: dict[str, Any]
    attributes: dict[str, Any]

    def setting(self, attribute: str, group: str, name: str, default: Any) -> Any:
        """What a layer says of itself, else the argument (in its group, or beside the others), else the default."""
        if attribute in self.attributes:
            return self.attributes[attribute]
        nested = self.arguments.get(group)
        if isinstance(nested, Mapping) and name in nested:
            return nested[name]
        return self.arguments.get(name, default)


def is_module(found: object) -> bool:
    """Whether a part of a tree is a persistent module."""
    return (
        isinstance(found, Mapping)
        and isinstance(found.get("class_name"), str)
        and isinstance(found.get("state"), Mapping)
        and isinstance(found["state"].get("_modules"), Mapping)
    )


def flatten(module: Mapping[str, Any], where: str) -> Snapshot:
    """All tensors and attributes of a module and those in it. Raises ValueError when a part is of another kind."""
    arguments = module["state"].get("_init_kwargs")
    snapshot = Snapshot({}, dict(arguments) if isinstance(arguments, Mapping) else {}, {})
    for path, state in _modules(module, (), where):
        for kind in ("_parameters", "_buffers"):
            entries = state.get(kind, {})
            held = entries.values() if isinstance(entries, Mapping) else [entries]
            if not all(tensor is None or isinstance(tensor, Tensor) for tensor in held):
                raise ValueError(f"{where}: {kind} of {'.'.join(path) or 'the generator'} are no tensors: damaged file")
            snapshot.tensors.update({".".join((*path, n)): t for n, t in entries.items() if t is not None})
        snapshot.attributes.update({".".join((*path, n)): v for n, v in state.items() if not n.startswith("_")})
    return snapshot


def _modules(module: object, path: tuple[str, ...], where: str) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """The path and the state of a module and of all modules in it."""
    if not isinstance(module, Mapping) or not isinstance(module.get("state"), Mapping):
        raise ValueError(f"{where}: {'.'.join(path) or 'the generator'} is no module: the file is damaged")
    state = module["state"]
    yield path, state
    children = state.get("_modules", {})
    if not isinstance(children, Mapping):
        raise ValueError(f"{where}: the parts of {'.'.join(path) or 'the generator'} are no dict: the file is damaged")
    for name, child in children.items():
        if child is not None:
            yield from _modules(child, (*path, str(name)), where)
