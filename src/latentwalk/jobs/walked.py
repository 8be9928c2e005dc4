"""What came of an edit, in full: the generator, who looked, how every code walked, and the receipt of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

from jaxtyping import Bool, Float, Int
from torch import Tensor

from latentwalk.generator import Generator
from latentwalk.latents import Latents
from latentwalk.receipts import Receipt
from latentwalk.scores import Scorer
from latentwalk.walk import Walk

W = TypeVar("W", bound="Walked")


@dataclass(frozen=True, eq=False)
class Walked:
    """How codes walked, by what, and the receipt of it; `jobs.edit.Edited` can be looked at, too.

    A single index or a slice gives the edit of those codes alone.
    """

    generator: Generator
    scorer: Scorer
    walk: Walk
    receipt: Receipt

    def __len__(self) -> int:
        return len(self.walk)

    def __getitem__(self: W, index: int | slice) -> W:
        walk = self.walk[index]
        rows = self.receipt.codes[index if isinstance(index, slice) else slice(index, index + 1 or None)]
        return replace(self, walk=walk, receipt=self.receipt.model_copy(update={"codes": rows}))

    @property
    def start(self) -> Latents:
        """The codes before the edit [n, ...], in the space where they walked."""
        return self.walk.start

    @property
    def latents(self) -> Latents:
        """The codes after the edit [n, ...]."""
        return self.walk.latents

    @property
    def reached(self) -> Bool[Tensor, "n"]:
        """Whether every target is reached."""
        return self.walk.reached

    @property
    def steps(self) -> Int[Tensor, "n"]:
        """How many steps each walk took."""
        return self.walk.steps

    @property
    def before(self) -> Float[Tensor, "n a"]:
        """Logits by the scorer before the edit."""
        return self.walk.before

    @property
    def after(self) -> Float[Tensor, "n a"]:
        """Logits by the scorer after the edit."""
        return self.walk.after

    @cached_property
    def images(self) -> Float[Tensor, "n c h w"]:
        """The pictures after the edit, in [-1, 1]; rendered when first asked for."""
        return self.generator.render(self.latents)

    @cached_property
    def images_before(self) -> Float[Tensor, "n c h w"]:
        """The pictures before the edit, in [-1, 1]."""
        return self.generator.render(self.start)

    def path(self, index: int) -> Latents:
        """The codes of one walk from start to end. Raises ValueError when frames were not asked for."""
        return self.walk.path(index)

    def without_paths(self: W) -> W:
        """The edit with the two ends of every walk alone."""
        return replace(self, walk=self.walk.without_paths())

    @staticmethod
    def concatenate(parts: Sequence[W]) -> W:
        """One edit of all codes from those of consecutive batches."""
        rows = [code for part in parts for code in part.receipt.codes]
        receipt = parts[0].receipt.model_copy(update={"codes": rows})
        return replace(parts[0], walk=Walk.concatenate([part.walk for part in parts]), receipt=receipt)
