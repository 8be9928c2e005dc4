"""Latent codes that know their space."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from jaxtyping import Float, Shaped
from safetensors import SafetensorError, safe_open
from torch import Tensor

from latentwalk.files import write_tensors


@dataclass(frozen=True)
class LatentSpace:
    """One place where codes of a generator live: its field name and the shape of one code.

    Names are the field's: "z", "w", "w+", "s", "z+".
    """

    name: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Numbers in one code."""
        return torch.Size(self.shape).numel()


@dataclass(frozen=True, eq=False)
class Latents:
    """A batch of latent codes.

    values: [n, *shape of the space], floating point.
    space: name of the space the values are in, for example "z".
    labels: class numbers [n] or class vectors [n, classes] for conditional families, otherwise None.
    """

    values: Float[Tensor, "n ..."]
    space: str = "z"
    labels: Shaped[Tensor, "n ..."] | None = None

    def __post_init__(self) -> None:
        if self.values.ndim < 2:
            raise ValueError(
                f"latent codes need the shape [n, ...], got {list(self.values.shape)}: "
                "add the batch dimension with values[None]"
            )
        if self.labels is not None and len(self.labels) != len(self.values):
            raise ValueError(f"expected one label per code, got {len(self.labels)} labels for {len(self.values)} codes")

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, index: int | slice | Sequence[int] | Tensor) -> "Latents":
        """Codes at an index, slice, list or mask; a single index gives a batch of one."""
        if isinstance(index, int):
            if not -len(self) <= index < len(self):
                raise IndexError(f"code {index} of a batch of {len(self)}")
            index = [index]
        labels = None if self.labels is None else self.labels[index]
        return Latents(self.values[index], self.space, labels)

    def with_values(self, values: Tensor) -> "Latents":
        """The same codes (space, labels) with other values."""
        return replace(self, values=values)

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> "Latents":
        labels = None if self.labels is None else self.labels.to(device)
        return Latents(self.values.to(device, dtype or self.values.dtype), self.space, labels)

    def split(self, size: int) -> Iterable["Latents"]:
        """Consecutive batches of at most `size` codes."""
        for start in range(0, len(self), size):
            yield self[start : start + size]

    def save(self, path: str | Path) -> None:
        """Write the codes to one safetensors file, atomically."""
        tensors = {"values": self.values}
        if self.labels is not None:
            tensors["labels"] = self.labels
        write_tensors(path, tensors, {"kind": "latentwalk.latents", "space": self.space})

    @staticmethod
    def load(path: str | Path) -> "Latents":
        """Read codes written by `save`. Raises ValueError on any other file."""
        try:
            with safe_open(str(path), framework="pt") as file:
                metadata = file.metadata() or {}
                if metadata.get("kind") != "latentwalk.latents":
                    raise ValueError(f"{path} holds no latent codes: expected a file written by Latents.save")
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - the handle is not iterable
        except (OSError, SafetensorError) as error:
            raise ValueError(f"{path} is not a readable file of latent codes: {error}") from error
        return Latents(tensors["values"], metadata["space"], tensors.get("labels"))


def concatenate(batches: Sequence[Latents]) -> Latents:
    """One batch from several of the same space."""
    spaces = {batch.space for batch in batches}
    if len(spaces) != 1:
        raise ValueError(f"expected codes of one space, got {sorted(spaces) or 'no codes'}")
    labelled = [batch.labels for batch in batches if batch.labels is not None]
    if labelled and len(labelled) != len(batches):
        raise ValueError("some batches carry class labels and some do not: give labels to all or to none")
    return Latents(
        torch.cat([batch.values for batch in batches]),
        batches[0].space,
        torch.cat(labelled) if labelled else None,
    )
