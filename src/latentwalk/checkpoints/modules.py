"""Whole modules in a file, flattened: NVIDIA's persistent objects, and pickled objects of torch.nn.

Both are trees of `__dict__`s with tensors and plain attributes, which say what no state dict does: the class of every
layer, its stride, its padding, its slope. No class is imported: its name is all that is known of it.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from torch import Tensor

from latentwalk.safeload.reading import Foreign


class Snapshot(NamedTuple):
    """One module tree, flattened. Names are joined with dots.

    tensors: parameters and buffers. arguments: `_init_kwargs` of the generator; values equal to a default are absent.
    attributes: plain attributes of all modules, for example "synthesis.b8.conv0.conv_clamp".
    kinds: the class of every module by its name, in the order of the network.
    """

    tensors: dict[str, Tensor]
    arguments: dict[str, Any]
    attributes: dict[str, Any]
    kinds: dict[str, str] = {}  # noqa: RUF012 - never written to

    def setting(self, attribute: str, group: str, name: str, default: Any) -> Any:
        """What a layer says of itself, else the argument (in its group, or beside the others), else the default."""
        if attribute in self.attributes:
            return self.attributes[attribute]
        nested = self.arguments.get(group)
        if isinstance(nested, Mapping) and name in nested:
            return nested[name]
        return self.arguments.get(name, default)


def is_module(found: object) -> bool:
    """Whether a part of a tree is a module."""
    state = _state(found)
    return state is not None and isinstance(state.get("_modules"), Mapping)


def flatten(module: Mapping[str, Any], where: str) -> Snapshot:
    """All tensors and attributes of a module and those in it. Raises ValueError when a part is of another kind."""
    arguments = (_state(module) or {}).get("_init_kwargs")
    snapshot = Snapshot({}, dict(arguments) if isinstance(arguments, Mapping) else {}, {}, {})
    for path, found, state in _modules(module, (), where):
        unsaved = state.get("_non_persistent_buffers_set")
        for kind in ("_parameters", "_buffers"):
            entries = state.get(kind, {})
            held = entries.values() if isinstance(entries, Mapping) else [entries]
            if entries is None or not all(tensor is None or isinstance(tensor, Tensor) for tensor in held):
                raise ValueError(f"{where}: {kind} of {'.'.join(path) or 'the generator'} are no tensors: damaged file")
            left_out = unsaved if isinstance(unsaved, set) else ()
            saved = {str(n): t for n, t in entries.items() if t is not None and n not in left_out}
            snapshot.tensors.update({".".join((*path, n)): t for n, t in saved.items()})
        plain = {str(n): v for n, v in state.items() if not str(n).startswith("_")}
        snapshot.attributes.update({".".join((*path, n)): v for n, v in plain.items()})
        snapshot.kinds[".".join(path)] = found.name if isinstance(found, Foreign) else str(found.get("class_name"))
    return snapshot


def _state(module: object) -> Mapping[str, Any] | None:
    """The `__dict__` of a module, None for what is none."""
    if isinstance(module, Foreign):
        return module if "_parameters" in module else None
    if isinstance(module, Mapping) and isinstance(module.get("class_name"), str):
        return module["state"] if isinstance(module.get("state"), Mapping) else None
    return None


def _modules(
    module: object, path: tuple[str, ...], where: str
) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any], Mapping[str, Any]]]:
    """The path of a module and of all modules in it, what each is, and its state."""
    state = _state(module)
    if state is None or not isinstance(module, Mapping):
        raise ValueError(f"{where}: {'.'.join(path) or 'the generator'} is no module: the file is damaged")
    yield path, module, state
    children = state.get("_modules", {})
    if not isinstance(children, Mapping):
        raise ValueError(f"{where}: the parts of {'.'.join(path) or 'the generator'} are no dict: the file is damaged")
    for name, child in children.items():
        if child is not None:
            yield from _modules(child, (*path, str(name)), where)
