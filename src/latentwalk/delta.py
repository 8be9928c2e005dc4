"""A small change of a fixed generator, kept apart from it: what tuning on a photograph learns, noise maps included."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from latentwalk.files import write_tensors
from latentwalk.generator import Generator
from latentwalk.latents import Latents

KIND = "latentwalk.delta"
"""What a file of a delta says that it is."""

CHANGE, PIVOT = "change.", "pivots"


@dataclass(frozen=True, eq=False)
class Delta:
    """What is added to some weights of a generator.

    base: the fingerprint of the generator. changes: differences by the names of its tensors, see `tensors_of`.
    pivots: the codes whose pictures it was tuned on, or None.
    """

    base: str
    changes: dict[str, Tensor] = field(default_factory=dict)
    pivots: Latents | None = None

    def save(self, path: str | Path) -> None:
        """Write one safetensors file, atomically."""
        tensors = {CHANGE + name: tensor for name, tensor in self.changes.items()}
        metadata = {"kind": KIND, "base": self.base}
        if self.pivots is not None:
            metadata["space"] = self.pivots.space
            tensors[PIVOT] = self.pivots.values
            if self.pivots.labels is not None:
                tensors[PIVOT + ".labels"] = self.pivots.labels
        write_tensors(path, tensors, metadata)

    @staticmethod
    def load(path: str | Path) -> "Delta":
        """Read a file written by `save`. Raises ValueError on any other file."""
        try:
            with safe_open(str(path), framework="pt") as file:
                metadata = file.metadata() or {}
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not iterable
        except (OSError, SafetensorError) as error:
            raise ValueError(f"{path} is not a readable delta: {error}") from error
        if metadata.get("kind") != KIND or "base" not in metadata:
            raise ValueError(f"{path} holds no delta: expected a file written by Delta.save")
        values, labels = tensors.pop(PIVOT, None), tensors.pop(PIVOT + ".labels", None)
        pivots = None if values is None else Latents(values, metadata.get("space", ""), labels)
        changes = {name.removeprefix(CHANGE): tensor for name, tensor in tensors.items()}
        return Delta(metadata["base"], changes, pivots)


def with_delta(generator: Generator, delta: Delta) -> Generator:
    """A new fixed generator with the delta added; it shares all other weights, and has a fingerprint of its own.

    Raises ValueError for a delta of another generator, or with names, shapes or values that do not fit.
    """
    if delta.base != generator.fingerprint:
        raise ValueError(
            f"the delta was made for the generator {delta.base}, this one is {generator.fingerprint}: "
            "tune again on this one"
        )
    tuned = loosened(generator, list(delta.changes))
    tensors = tensors_of(tuned)
    with torch.no_grad():
        for name, change in delta.changes.items():
            if change.shape != tensors[name].shape or not bool(change.isfinite().all()):
                raise ValueError(f"the delta of {name!r} does not fit {list(tensors[name].shape)}: tune again")
            tensors[name].add_(change.to(tensors[name])).requires_grad_(False)
    return tuned.freeze()


def loosened(generator: Generator, names: Sequence[str]) -> Generator:
    """A copy in which the named tensors are its own and may learn; everything else is shared with the generator.

    Raises ValueError for a name that is none of its tensors.
    """
    known, own = tensors_of(generator), set(names)
    for name in names:
        if name not in known:
            raise ValueError(f"the delta changes {name!r}, which this {type(generator).__name__} has not: tune again")
    everything = {**dict(generator.named_buffers()), **known}
    made = copy.deepcopy(generator, {id(tensor): tensor for name, tensor in everything.items() if name not in own})
    for name in names:
        tensors_of(made)[name].requires_grad_(True)
    return made


def tensors_of(generator: Generator) -> dict[str, Tensor]:
    """The weights and all else that is stored of a network, such as noise maps: the tensors themselves, by name."""
    return generator.state_dict(keep_vars=True)
