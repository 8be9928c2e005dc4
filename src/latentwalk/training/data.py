"""Pictures to learn from, with what is known of each: classes, attributes, exact factors."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor

from latentwalk.weights import fingerprint


@dataclass(frozen=True, eq=False)
class Pictures:
    """Pictures in memory as bytes, and a table of what is known of them.

    images: [n, c, h, w], 0 to 255. attributes: names of the columns. values: [n, a]; 1 or 0 for what is there or not,
    any number for what has a degree, NaN where it is unknown. Classes are columns too: one per class, of which every
    picture has 1 in one.
    Raises ValueError for shapes that do not fit together, and names that are there twice.
    """

    images: UInt8[Tensor, "n c h w"]
    attributes: tuple[str, ...]
    values: Float[Tensor, "n a"]

    def __post_init__(self) -> None:
        expected = (len(self.images), len(self.attributes))
        if self.images.dim() != 4 or tuple(self.values.shape) != expected:
            raise ValueError(
                f"expected images [n, c, h, w] and values [n, {len(self.attributes)}], got {list(self.images.shape)} "
                f"and {list(self.values.shape)}"
            )
        if len(set(self.attributes)) < len(self.attributes):
            raise ValueError(f"expected every attribute once, got {', '.join(self.attributes)}")

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, rows: slice | Sequence[int] | Int[Tensor, "m"] | Bool[Tensor, "n"]) -> "Pictures":
        """Some of the pictures, in the order of the rows. A slice shares memory, others are copies."""
        rows = rows if isinstance(rows, slice | Tensor) else torch.tensor(list(rows), dtype=torch.long)
        return Pictures(self.images[rows], self.attributes, self.values[rows])

    @cached_property
    def fingerprint(self) -> str:
        """Sixteen hex digits over pictures, names and values: tells whether a run goes on with the same data."""
        tensors = {"images": self.images, "values": self.values}
        return hashlib.sha256(f"{self.attributes}{fingerprint(tensors)}".encode()).hexdigest()[:16]

    def split(self, held_out: float = 0.1) -> tuple["Pictures", "Pictures"]:
        """Those to learn from, and those held out; both in the order they have.

        held_out: the share, in (0, 1). A picture is held out for what its bytes are, whatever its place: equal
        pictures fall on the same side, and the split of a shuffled set is the same.
        Raises ValueError when one of the parts would be empty.
        """
        count = round(held_out * len(self))
        if not 0 < count < len(self):
            raise ValueError(f"cannot hold out {held_out:.3g} of {len(self)} pictures: both parts need one or more")
        digests = [hashlib.blake2b(each.numpy().tobytes(), digest_size=8).digest() for each in self.images.cpu()]
        last = sorted(digests)[count - 1]
        held = torch.tensor([digest <= last for digest in digests])
        return self[~held], self[held]

    def column(self, name: str) -> Float[Tensor, "n"]:
        """One attribute of every picture. Raises ValueError for one that is not there."""
        return self.values[:, self._places([name])[0]]

    def only(self, names: Sequence[str]) -> "Pictures":
        """The same pictures with these attributes alone, to be conditions: in this order, known and varied.

        Raises ValueError that names an attribute which is not there, is unknown of some picture, or is the same
        everywhere, so that nothing can be learned from it.
        """
        picked = Pictures(self.images, tuple(names), self.values[:, self._places(names)])
        for name, column in zip(names, picked.values.T, strict=True):
            unknown = int(column.isnan().sum())
            if unknown:
                raise ValueError(f"{name} is unknown of {unknown} of {len(self)} pictures: leave them out, or {name}")
            if len(self) == 0 or bool((column == column[0]).all()):
                value = f"{column[0]:g} in" if len(self) else "known of"
                raise ValueError(f"{name} is {value} all {len(self)} pictures: expected two kinds or more")
        return picked

    def conditions(self, names: Sequence[str] | None = None) -> "Pictures":
        """The same pictures with the attributes to learn with: these, or all that are 1 or 0 of every picture.

        Raises ValueError for what `only` refuses, when there are none, and for numbers that are not in [0, 1].
        """
        if names is None:
            no, yes = self.values == 0, self.values == 1
            answers = (no | yes).all(0) & no.any(0) & yes.any(0)
            names = [name for name, fits in zip(self.attributes, answers.tolist(), strict=True) if fits]
        if not names:
            raise ValueError("no attribute is 1 or 0 of every picture, and both of some: name others, or use classes")
        picked = self.only(names)
        low, high = float(picked.values.min()), float(picked.values.max())
        if low < 0 or high > 1:
            raise ValueError(f"conditions are in [0, 1], from not at all to wholly, got {low:g} to {high:g}")
        return picked

    def classes(self, names: Sequence[str] | None = None) -> Int[Tensor, "n"]:
        """The number of each picture's class, counted in `names` (all attributes when not given).

        Raises ValueError when a picture is of none of them, or of several.
        """
        names = self.attributes if names is None else names
        table = self.values[:, self._places(names)]
        if len(names) < 2:
            there = f"there is only {names[0]}" if names else "the pictures have none"
            raise ValueError(f"expected two classes or more, {there}: use a folder with one sub-folder per class")
        alone = ((table == 0) | (table == 1)).all(1) & (table.sum(1) == 1)
        if not bool(alone.all()):
            wrong = int((~alone).sum())
            raise ValueError(
                f"{wrong} of {len(self)} pictures are of none or of several of the classes {', '.join(names)}: "
                "expected 1 in one column and 0 in the others"
            )
        return table.argmax(1)

    def _places(self, names: Sequence[str]) -> list[int]:
        missing = [name for name in names if name not in self.attributes]
        if missing:
            there = f"there are {', '.join(self.attributes)}" if self.attributes else "the pictures have none"
            raise ValueError(f"no attribute {missing[0]!r}: {there}")
        return [self.attributes.index(name) for name in names]
