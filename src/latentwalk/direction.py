"""Semantic directions: unit vectors with a unit of strength and a boundary; those found together, and their file."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn

import torch
from jaxtyping import Float
from safetensors import SafetensorError, safe_open
from torch import Tensor

from latentwalk.effects import UNIT, Effect, as_bars, in_words
from latentwalk.files import write_tensors
from latentwalk.latents import Latents
from latentwalk.nicknames import find
from latentwalk.notebook import Html, Shown, card, counted, table
from latentwalk.numerics.linear import span
from latentwalk.origin import Origin

NOTHING = 1e-4
"""Length of a remainder that is rounding noise of float32 vectors and no direction any more."""

PER_LAYER = "+"
"""Ends the names of spaces that have a code per layer: "w+" beside "w", "z+" beside "z"."""


@dataclass(frozen=True, eq=False)
class Direction(Shown):
    """A way through latent space that changes one thing.

    name: what it changes, for example "smiling".
    vector: [d], norm 1, in the flattened code.
    space: the latent space it lives in.
    unit: one standard deviation of the codes along the vector; strengths count in it.
    offset: the boundary is where `code @ vector + offset == 0`; its positive side has more of the attribute.
    layers: half-open range of per-layer codes that it moves, or None for all.
    range: strengths between which it was seen to work.
    effects: what it was measured to do, strongest first; empty while nobody measured.

    A direction of w also moves codes of w+ (each layer by the same), one of z those of z+ (each layer by the same, or
    by its own part of the vector where z+ is z cut in pieces). With `layers` it moves such codes only: see `acts_in`.
    """

    name: str
    vector: Float[Tensor, "d"]
    space: str = "z"
    unit: float = 1.0
    offset: float = 0.0
    layers: tuple[int, int] | None = None
    range: tuple[float, float] = (-3.0, 3.0)
    effects: tuple[Effect, ...] = ()

    def __post_init__(self) -> None:
        norm = float(self.vector.norm())
        if not abs(norm - 1) < 1e-4:
            raise ValueError(f"the vector of a direction has norm 1, got {norm:.6g} for {self.name!r}")
        if not self.unit > 0:
            raise ValueError(f"the unit of a direction is positive, got {self.unit} for {self.name!r}")
        if self.layers is not None and not 0 <= self.layers[0] < self.layers[1]:
            raise ValueError(f"layers are a range like (4, 8) of at least one, got {self.layers} for {self.name!r}")

    def __repr__(self) -> str:
        layers = "" if self.layers is None else f", layers {self.layers[0]} to {self.layers[1] - 1}"
        does = f": {in_words(self.effects)} per unit" if self.effects else ""
        return f"Direction {self.name!r} of {self.acts_in}{layers}{does}"

    def _repr_html_(self) -> str:
        """Where it acts, and what one unit does as bars."""
        facts = {
            "moves": f"{self.acts_in} codes",
            "layers": self.layers and f"{self.layers[0]} to {self.layers[1] - 1}",
            "unit": f"{self.unit:.3g}",
            "works from": "{:g} to {:g} units".format(*self.range),
            "effects": "" if self.effects else "not measured",
        }
        return card(self.name, facts, as_bars(self.effects) if self.effects else Html())

    def save(self, path: str | Path) -> None:
        """Write it as the only one of a file of directions, see `Directions.save`."""
        Directions((self,)).save(path)

    @property
    def acts_in(self) -> str:
        """The space of the codes that it moves: its own, or the one of codes per layer when it moves some layers."""
        return self.space if self.layers is None or self.space.endswith(PER_LAYER) else self.space + PER_LAYER

    def on_layers(self, start: int, end: int) -> "Direction":
        """The same direction for the layers [start, end) alone; layers count from the code to the picture, from 0."""
        return replace(self, layers=(start, end), effects=())

    def turned(self) -> "Direction":
        """The same line the other way: what was less is more."""
        effects, (low, high) = tuple(effect.turned() for effect in self.effects), self.range
        return replace(self, vector=-self.vector, offset=-self.offset, range=(-high, -low), effects=effects)

    def distance(self, latents: Latents) -> Float[Tensor, "n"]:
        """Signed distance of each code from the boundary, in units of strength; of codes per layer their mean."""
        flat, _, reading = self._moves(latents)
        return (flat @ reading + self.offset) / self.unit

    def shift(self, latents: Latents, strength: float | Tensor) -> Latents:
        """Relative: every code moves by `strength` units (a number, or one per code [n])."""
        flat, move, _ = self._moves(latents)
        steps = torch.as_tensor(strength, dtype=flat.dtype, device=flat.device).reshape(-1, 1)
        if len(steps) not in (1, len(flat)):
            raise ValueError(f"expected one strength, or one per code, got {len(steps)} for {len(flat)} codes")
        return latents.with_values((flat + steps * self.unit * move).view_as(latents.values))

    def place(self, latents: Latents, strength: float | Tensor) -> Latents:
        """Absolute: every code moves to `strength` units from the boundary, wherever it was."""
        target = torch.as_tensor(strength, dtype=latents.values.dtype, device=latents.values.device).reshape(-1)
        if len(target) not in (1, len(latents)):
            raise ValueError(f"expected one strength, or one per code, got {len(target)} for {len(latents)} codes")
        _, move, reading = self._moves(latents)
        return self.shift(latents, (target - self.distance(latents)) / (move @ reading))

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
        basis = span([other.vector.double() for other in others])
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
            self._refuse(latents)
        return flat, self.vector.to(flat)

    def _moves(self, latents: Latents) -> tuple[Float[Tensor, "n k"], Float[Tensor, "k"], Float[Tensor, "k"]]:
        """The flattened codes, what one unit of norm adds to them, and what reads the place of a code.

        The reading is the vector, or its mean over the layers that move when every layer has a whole code of its own.
        """
        shape, size = latents.values.shape[1:], len(self.vector)
        if latents.space == self.space and shape.numel() == size and self.layers is None:
            flat, vector = self._flat(latents)
            return flat, vector, vector
        if latents.space not in (self.acts_in, self.space + PER_LAYER) or len(shape) != 2:
            self._refuse(latents)
        layers, width = shape
        start, end = self.layers or (0, layers)
        if end > layers:
            raise ValueError(
                f"the direction {self.name!r} moves the layers {start} to {end - 1}, "
                f"this generator has {layers}: 0 to {layers - 1}"
            )
        flat, vector = latents.values.flatten(1), self.vector.to(latents.values)
        whole = size == width
        if not whole and size != layers * width:
            self._refuse(latents)
        rows = vector.expand(layers, width) if whole else vector.view(layers, width)
        move = torch.zeros_like(rows)
        move[start:end] = rows[start:end]
        if float(move.norm()) < NOTHING:
            raise ValueError(f"the direction {self.name!r} has nothing in the layers {start} to {end - 1}: move others")
        reading = move / (end - start) if whole else rows
        return flat, move.flatten(), reading.flatten()

    def _refuse(self, latents: Latents) -> NoReturn:
        layers = f" on the layers {self.layers[0]} to {self.layers[1] - 1}" if self.layers else ""
        raise ValueError(
            f"the direction {self.name!r} moves {self.acts_in} codes by {len(self.vector)} numbers{layers}, "
            f"got {latents.space} codes of the shape {list(latents.values.shape[1:])}"
            + ("" if latents.space == self.acts_in else f": map them first, generator.map(codes, {self.acts_in!r})")
        )


KIND = "latentwalk.directions"
"""What a file of directions says that it is."""

SHOWN = 8
"""Names in what Python prints of directions."""

FIELDS = ("name", "space", "unit", "offset", "layers", "range", "effects")
"""What a file keeps of a direction beside its vector."""


@dataclass(frozen=True, eq=False)
class Directions(Sequence[Direction], Shown):
    """Directions found together, by index or by name: `found[3]`, `found["3"]`, `found["smiling - hat"]`.

    What is easier to type does as well, see `nicknames.find`. origin: where they come from.
    """

    items: tuple[Direction, ...]
    origin: Origin = field(default_factory=Origin)

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Direction]:
        return iter(self.items)

    def __getitem__(self, key: int | str) -> Direction:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Raises IndexError for a number, and ValueError that lists ids and names for a text, that is not there."""
        return self.items[find(key, [item.name for item in self.items]) if isinstance(key, str) else key]

    def __repr__(self) -> str:
        names = ", ".join(item.name for item in self.items[:SHOWN]) + (", ..." if len(self) > SHOWN else "")
        spaces = ", ".join(dict.fromkeys(item.space for item in self.items)) or "no space"
        where = f" of {self.origin.generator.source}" if self.origin.generator else ""
        return f"{len(self)} directions in {spaces}{where}, by {self.origin.method or 'hand'}\n{names}"

    def _repr_html_(self) -> str:
        """What found them, and a row each."""
        measured = any(d.effects for d in self.items)
        heads = ["", "name", "works from", *([UNIT] if measured else [])]
        rows = [[i, d.name, "{:g} to {:g}".format(*d.range), in_words(d.effects)] for i, d in enumerate(self.items)]
        made = {"by": self.origin.method or "hand", **self.origin.cost.model_dump(), "seed": self.origin.seed}
        made["of"] = self.origin.generator and self.origin.generator.source
        made["space"] = ", ".join(dict.fromkeys(item.acts_in for item in self.items))
        return card(counted(len(self), "direction"), made, table(heads, [row[: len(heads)] for row in rows]))

    def save(self, path: str | Path) -> None:
        """Write one safetensors file: vectors [k, d] and everything else as JSON metadata. Atomic."""
        rows = [{name: getattr(d, name) for name in FIELDS} for d in self.items]
        metadata = {"kind": KIND, "rows": json.dumps(rows), "origin": self.origin.model_dump_json()}
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
                if metadata.get("kind") != KIND:
                    raise ValueError(f"{path} holds no directions: expected a file written by Directions.save")
                rows = json.loads(metadata["rows"])
                origin = _read_origin(path, metadata)
                items = tuple(_read(row, file.get_tensor(f"vector.{i}")) for i, row in enumerate(rows))
        except (OSError, SafetensorError, KeyError, TypeError, json.JSONDecodeError) as error:
            raise ValueError(f"{path} is not a readable file of directions: {error}") from error
        if generator_fingerprint and origin.made_for not in ("", generator_fingerprint):
            raise ValueError(
                f"{path} was made for the generator {origin.made_for}, this one is {generator_fingerprint}: "
                "find the directions again on this one, or force them (--force-generator)"
            )
        return Directions(items, origin)


def _read_origin(path: str | Path, metadata: Mapping[str, str]) -> Origin:
    try:
        return Origin.read(metadata)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


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
