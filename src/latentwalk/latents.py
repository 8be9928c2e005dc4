"""Latent codes that know their space."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from jaxtyping import Float, Int, Shaped
from safetensors import SafetensorError, safe_open
from torch import Tensor

from latentwalk.files import write_tensors
from latentwalk.notebook import MOST_ROWS, Shown, card, counted, table
from latentwalk.seeds import format_seeds, seed_name

KIND = "latentwalk.latents"
"""What a file of codes says that it is, in its metadata."""


@dataclass(frozen=True)
class LatentSpace:
    """One place where codes of a generator live: its field name and the shape of one code.

    Names are the field's: "z", "w", "w+", "s", "z+", and "zy" for noise and condition in one.
    """

    name: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Numbers in one code."""
        return torch.Size(self.shape).numel()


@dataclass(frozen=True, eq=False)
class Latents(Shown):
    """A batch of latent codes.

    values: [n, *shape of the space], floating point.
    space: name of the space the values are in, for example "z".
    labels: class numbers [n] or class vectors [n, classes] for conditional families, otherwise None.
    seeds: the seeds [n] that the codes were sampled with, None for codes that came about otherwise. Below 0 it is
    ~s, the seed s of numpy, see `latentwalk.seeds`.
    """

    values: Float[Tensor, "n ..."]
    space: str = "z"
    labels: Shaped[Tensor, "n ..."] | None = None
    seeds: Int[Tensor, "n"] | None = None

    def __post_init__(self) -> None:
        if self.values.ndim < 2:
            raise ValueError(
                f"latent codes need the shape [n, ...], got {list(self.values.shape)}: "
                "add the batch dimension with values[None]"
            )
        if not self.values.is_floating_point():
            raise ValueError(f"latent codes are floating point numbers, got {self.values.dtype}: use values.float()")
        if self.labels is not None and len(self.labels) != len(self.values):
            raise ValueError(f"expected one label per code, got {len(self.labels)} labels for {len(self.values)} codes")

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        seeds = [] if self.seeds is None else [f"seeds {format_seeds(self.seeds.tolist())}"]
        labels = [] if self.labels is None else [f"labels {list(self.labels.shape)}"]
        return ", ".join([f"Latents {self.space} {list(self.values.shape)}", *labels, *seeds])

    def _repr_html_(self) -> str:
        """Space, shape and a row per code. Its picture would need the generator: `lw.grid(generator.render(codes))`."""
        some = self[:MOST_ROWS]
        columns: dict[str, list[object]] = {
            "code": list(range(len(some))),
            "seed": [] if some.seeds is None else [seed_name(seed) for seed in some.seeds.tolist()],
            "class": some.labels.tolist() if some.labels is not None and some.labels.ndim == 1 else [],
            "length": [f"{length:.2f}" for length in some.values.float().flatten(1).norm(dim=1).tolist()],
            "first numbers": [", ".join(f"{x:+.2f}" for x in row) for row in some.values.flatten(1)[:, :5].tolist()],
        }
        kept = {name: column for name, column in columns.items() if column}
        facts: dict[str, object] = {"shape": list(self.values.shape), "on": self.values.device, "as": self.values.dtype}
        facts |= {} if self.seeds is None else {"seeds": format_seeds(self.seeds.tolist())}
        facts |= {} if self.labels is None else {"labels": list(self.labels.shape)}
        rows = list(zip(*kept.values(), strict=True))
        return card(f"{counted(len(self), 'code')} of {self.space}", facts, table(list(kept), rows, len(self)))

    def __getitem__(self, index: int | slice | Sequence[int] | Tensor) -> "Latents":
        """Codes at an index, slice, list or mask; a single index gives a batch of one."""
        if isinstance(index, int):
            if not -len(self) <= index < len(self):
                raise IndexError(f"code {index} of a batch of {len(self)}")
            index = [index]
        labels = None if self.labels is None else self.labels[index]
        seeds = None if self.seeds is None else self.seeds[index]
        return Latents(self.values[index], self.space, labels, seeds)

    def with_values(self, values: Tensor) -> "Latents":
        """Codes of the same space and labels with other values; they are no longer those of their seeds."""
        return replace(self, values=values, seeds=None)

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> "Latents":
        labels, seeds = (None if tags is None else tags.to(device) for tags in (self.labels, self.seeds))
        return Latents(self.values.to(device, dtype or self.values.dtype), self.space, labels, seeds)

    def split(self, size: int) -> Iterable["Latents"]:
        """Consecutive batches of at most `size` codes. Raises ValueError when that is less than 1."""
        if size < 1:
            raise ValueError(f"a batch holds at least 1 code, got {size}")
        for start in range(0, len(self), size):
            yield self[start : start + size]

    def save(self, path: str | Path) -> None:
        """Write the codes to one safetensors file, atomically."""
        named = {"values": self.values, "labels": self.labels, "seeds": self.seeds}
        tensors = {name: tensor for name, tensor in named.items() if tensor is not None}
        write_tensors(path, tensors, {"kind": KIND, "space": self.space})

    @staticmethod
    def load(path: str | Path) -> "Latents":
        """Read codes written by `save`. Raises ValueError on any other file."""
        try:
            with safe_open(str(path), framework="pt") as file:
                metadata = file.metadata() or {}
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not iterable
        except (OSError, SafetensorError) as error:
            raise ValueError(f"{path} is not a readable file of latent codes: {error}") from error
        if metadata.get("kind") != KIND or "space" not in metadata or "values" not in tensors:
            raise ValueError(f"{path} holds no latent codes: expected a file written by Latents.save")
        return Latents(tensors["values"], metadata["space"], tensors.get("labels"), tensors.get("seeds"))


def in_turn(labels: Tensor | None, count: int) -> Tensor | None:
    """Labels for `count` codes: those that there are, over and over; None for None."""
    return None if labels is None else labels[torch.arange(count, device=labels.device) % len(labels)]


def concatenate(batches: Sequence[Latents]) -> Latents:
    """One batch from several of the same space."""
    spaces = {batch.space for batch in batches}
    if len(spaces) != 1:
        raise ValueError(f"expected codes of one space, got {sorted(spaces) or 'no codes'}")
    labelled = [batch.labels for batch in batches if batch.labels is not None]
    if labelled and len(labelled) != len(batches):
        raise ValueError("some batches carry class labels and some do not: give labels to all or to none")
    seeds = [batch.seeds for batch in batches if batch.seeds is not None]
    return Latents(
        torch.cat([batch.values for batch in batches]),
        batches[0].space,
        torch.cat(labelled) if labelled else None,
        torch.cat(seeds) if len(seeds) == len(batches) else None,
    )
