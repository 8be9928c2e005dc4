"""Directions found together, and the one file that keeps them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from torch import Tensor

from latentwalk.direction import Direction, Effect
from latentwalk.files import write_tensors
from latentwalk.hooks import nearest

FIELDS = ("name", "space", "unit", "offset", "layers", "range", "effects")
"""What a file keeps of a direction beside its vector."""


@dataclass(frozen=True, eq=False)
class Directions(Sequence[Direction]):
    """Directions found together, by index or by name.

    source: how they were found: method, parameters, seeds and the fingerprint of the generator.
    """

    items: tuple[Direction, ...]
    source: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Direction]:
        return iter(self.items)

    def __getitem__(self, key: int | str) -> Direction:  # pyright: ignore[reportIncompatibleMethodOverride]
        if isinstance(key, int):
            return self.items[key]
        for item in self.items:
            if item.name == key:
                return item
        names = [item.name for item in self.items]
        raise ValueError(f"no direction {key!r}: there are {', '.join(nearest(key, names)) or 'none'}")

    def save(self, path: str | Path) -> None:
        """Write one safetensors file: vectors [k, d] and everything else as JSON metadata. Atomic."""
        rows = [{name: getattr(d, name) for name in FIELDS} for d in self.items]
        metadata = {"kind": "latentwalk.directions", "rows": json.dumps(rows), "source": json.dumps(dict(self.source))}
        write_tensors(path, {f"vector.{i}": d.vector for i, d in enumerate(self.items)}, metadata)

    @staticmethod
    def load(path: str | Path, generator_fingerprint: str | None = None) -> "Directions":
        """Read a file written by `save`.

        generator_fingerprint: when given, directions of another generator are refused.
        Raises ValueError for another generator, or a missing, damaged or different file.
        """
        try:
            with safe_open(str(path), framework="pt") as file:
                metadata = file.metadata() or {}
                if metadata.get("kind") != "latentwalk.directions":
                    raise ValueError(f"{path} holds no directions: expected a file written by Directions.save")
                rows = json.loads(metadata["rows"])
                source = json.loads(metadata["source"])
                items = tuple(_read(row, file.get_tensor(f"vector.{i}")) for i, row in enumerate(rows))
        except (OSError, SafetensorError, KeyError, TypeError, json.JSONDecodeError) as error:
            raise ValueError(f"{path} is not a readable file of directions: {error}") from error
        made_for = source.get("generator")
        if generator_fingerprint and made_for and made_for != generator_fingerprint:
            raise ValueError(
                f"{path} was made for the generator {made_for}, this one is {generator_fingerprint}: "
                "find the directions again on this one, or force them (--force-generator)"
            )
        return Directions(items, source)


def _read(row: Mapping[str, Any], vector: Tensor) -> Direction:
    """One direction from its row of the metadata. Raises KeyError or TypeError for what `save` never wrote."""
    return Direction(
        row["name"],
        vector,
        row["space"],
        row["unit"],
        row["offset"],
        tuple(row["layers"]) if row["layers"] else None,
        tuple(row["range"]),
        tuple(Effect(*effect) for effect in row.get("effects", ())),  # files of the first version have none
    )
