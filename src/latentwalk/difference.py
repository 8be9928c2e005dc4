"""Where two settings differ, in words."""

from collections.abc import Iterator
from typing import Any


def difference(there: Any, here: Any) -> str:
    """The first plain value of nested data that differs, such as "recipe.batch is 32 there, 16 here"; "" for none."""
    old, new = dict(_flat(there)), dict(_flat(here))
    for name in [*new, *old]:
        if old.get(name) != new.get(name):
            return f"{name} is {old.get(name)} there, {new.get(name)} here"
    return ""


def _flat(tree: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every plain value of nested data, by its dotted path."""
    parts = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else None
    if parts is None:
        yield name, tree
        return
    for key, value in parts:
        yield from _flat(value, f"{name}.{key}" if name else str(key))
