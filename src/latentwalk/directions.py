"""Semantic directions: unit vectors with a unit of strength and a boundary, and the one file that keeps them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from safetensors import SafetensorError, safe_open
from torch import Tensor

from latentwalk.files import write_tensors
from latentwalk.hooks import nearest
from latentwalk.latents import Latents

NOTHING = 1e-4
"""Length of a remainder that is rounding noise of float32 vectors and no direction any more."""

SAME = 1e-6
"""Relative size below which directions are dependent but for the rounding of float32 vectors."""


@dataclass(frozen=True, eq=False)
class Direction:
    """A way through latent space that changes one thing.

    name: what it changes, for example "smiling".
    vector: [d], norm 1, in the flattened code.
    space: the latent space it lives in.
    unit: one standard deviation of the codes along the vector; strengths count in it.
    offset: the boundary is where `code @ vector + offset == 0`; its positive side has more of the attribute.
    layers: half-open range of per-layer codes that it moves, or None for all.
    range: strengths between which it was seen to work.
    """

    name: str
    vector: Float[Tensor, "d"]
    space: str = "z"
    unit: float = 1.0
    offset: float = 0.0
    layers: tuple[int, int] | None = None
    range: tuple[float, float] = (-3.0, 3.0)

    def __post_init__(self) -> None:
        norm = float(self.vector.norm())
        if not abs(norm - 1) < 1e-4:
            raise ValueError(f"the vector of a direction has norm 1, got {norm:.6g} for {self.name!r}")
        if not self.unit > 0:
            raise ValueError(f"the unit of a direction is positive, got {self.unit} for {self.name!r}")

    def distance(self, latents: Latents) -> Float[Tensor, "n"]:
        """Signed distance of each code from the boundary, in units of strength."""
        flat, vector = self._flat(latents)
        return (flat @ vector + self.offset) / self.unit

    def shift(self, latents: Latents, strength: float | Tensor) -> Latents:
        """Relative: every code moves by `strength` units (a number, or one per code [n])."""
        flat, vector = self._flat(latents)
        steps = torch.as_tensor(strength, dtype=flat.dtype, device=flat.device).reshape(-1, 1)
        if len(steps) not in (1, len(flat)):
            raise ValueError(f"expected one strength, or one per code, got {len(steps)} for {len(flat)} codes")
        return latents.with_values((flat + steps * self.unit * vector).view_as(latents.values))

    def place(self, latents: Latents, strength: float | Tensor) -> Latents:
        """Absolute: every code moves to `strength` units from the boundary, wherever it was."""
        target = torch.as_tensor(strength, dtype=latents.values.dtype, device=latents.values.device).reshape(-1)
        if len(target) not in (1, len(latents)):
            raise ValueError(f"expected one strength, or one per code, got {len(target)} for {len(latents)} codes")
        return self.shift(latents, target - self.distance(latents))

    def conditioned(self, others: Sequence["Direction"], codes: Latents | None = None) -> "Direction":
        """This direction without its components along others (InterFaceGAN, Shen et al., 2020, section 3.2).

        others: any number of directions of the same space; repeated or dependent ones count once.
        codes: the population [n, ...], for spaces whose mean is not 0 or whose spread differs by direction. Without
        them the codes are standard normal, as in z: the mean is 0 and the unit is the same in every direction.

        The new boundary passes through the point where the mean code, moved along the new direction, meets the old
        one, so that codes placed on the new boundary lie on the old one on average.
        Raises ValueError when nothing is left, or for directions or codes of another space.
        """
        if not others:
            return self
        for other in others:
            if (other.space, len(other.vector)) != (self.space, len(self.vector)):
                raise ValueError(
                    f"the direction {self.name!r} moves {self.space} codes of {len(self.vector)} numbers, "
                    f"{other.name!r} {other.space} codes of {len(other.vector)}: condition on directions of one space"
                )
        old = self.vector.double()
        basis = _span([other.vector.double() for other in others])
        rest = old - basis @ (basis.T @ old)
        left = float(rest.norm())
        if left < NOTHING:
            raise ValueError(
                f"nothing of {self.name!r} is left outside {', '.join(other.name for other in others)}: hold fewer"
            )
        new = rest / left
        if codes is None:
            return replace(self, vector=new.to(self.vector), offset=self.offset / left)
        flat = self._flat(codes)[0].to(new)
        mean = flat.mean(0)
        offset = float((mean @ old + self.offset) / left - mean @ new)
        return replace(self, vector=new.to(self.vector), unit=float((flat @ new).std()), offset=offset)

    def _flat(self, latents: Latents) -> tuple[Tensor, Tensor]:
        flat = latents.values.flatten(1)
        if latents.space != self.space or flat.shape[1] != len(self.vector):
            raise ValueError(
                f"the direction {self.name!r} moves {self.space} codes of {len(self.vector)} numbers, "
                f"got {latents.space} codes of {flat.shape[1]}"
            )
        return flat, self.vector.to(flat)


def _span(vectors: list[Tensor]) -> Float[Tensor, "d r"]:
    """An orthonormal basis of what vectors span; by singular values, so that dependent ones add nothing."""
    left, sizes, _ = torch.linalg.svd(torch.stack(vectors, 1), full_matrices=False)
    return left[:, sizes > SAME * sizes[0]]


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
        rows = [
            {"name": d.name, "space": d.space, "unit": d.unit, "offset": d.offset, "layers": d.layers, "range": d.range}
            for d in self.items
        ]
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
                items = tuple(
                    Direction(
                        row["name"],
                        file.get_tensor(f"vector.{i}"),
                        row["space"],
                        row["unit"],
                        row["offset"],
                        tuple(row["layers"]) if row["layers"] else None,
                        tuple(row["range"]),
                    )
                    for i, row in enumerate(rows)
                )
        except (OSError, SafetensorError, KeyError, TypeError, json.JSONDecodeError) as error:
            raise ValueError(f"{path} is not a readable file of directions: {error}") from error
        made_for = source.get("generator")
        if generator_fingerprint and made_for and made_for != generator_fingerprint:
            raise ValueError(
                f"{path} was made for the generator {made_for}, this one is {generator_fingerprint}: "
                "find the directions again on this generator"
            )
        return Directions(items, source)
