"""A sweep: what one direction does to held-out codes, at every strength.

`metrics.record.Recorder` makes sweeps, a metric turns one into a figure, and no metric renders anything. Sweeps of the
same direction on different codes can be concatenated, so the codes may be recorded in parts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.direction import Direction

TYPICAL = 2.0
"""Units of strength of a usual edit: where one figure stands for a curve, it is taken at this many, either way."""


@dataclass(frozen=True, eq=False)
class Close:
    """A closer look at the first m codes.

    embeddings: [k, m, f]. perceptual: [k, m], distance of the features to those of the unedited picture. pixels:
    [k, m], mean |change| of a pixel, in [0, 2]. changes: [k, h, w], mean |change| over codes and channels. path: [m],
    squared speed of the features at a random strength of the sweep, per unit.
    """

    embeddings: Float[Tensor, "k m f"]
    perceptual: Float[Tensor, "k m"]
    pixels: Float[Tensor, "k m"]
    changes: Float[Tensor, "k h w"]
    path: Float[Tensor, "m"]

    @staticmethod
    def concatenate(parts: Sequence["Close"]) -> "Close":
        """One closer look at the codes of all parts, in order."""
        total = max(1, sum(len(part.path) for part in parts))
        changes = sum(part.changes * (len(part.path) / total) for part in parts)  # a mean of means, by their codes
        return Close(
            embeddings=torch.cat([part.embeddings for part in parts], 1),
            perceptual=torch.cat([part.perceptual for part in parts], 1),
            pixels=torch.cat([part.pixels for part in parts], 1),
            changes=torch.as_tensor(changes),
            path=torch.cat([part.path for part in parts]),
        )


@dataclass(frozen=True, eq=False)
class Sweep:
    """What a direction does to n codes at k strengths.

    strengths: [k], increasing, 0 among them. attributes: of the judge. logits: [k, n, a]; the row of strength 0 is the
    same for all directions. edited: [2, n, f], embeddings at the strengths `typical`; reference: [r, f], of pictures of
    other codes that nobody edited; unedited: [n, f]. close: see there.
    target: the column that the direction is meant to change, None for none. sign: -1 when there is less of it at
    positive strengths.
    """

    direction: Direction
    strengths: Float[Tensor, "k"]
    attributes: tuple[str, ...]
    logits: Float[Tensor, "k n a"]
    edited: Float[Tensor, "2 n f"]
    unedited: Float[Tensor, "n f"]
    reference: Float[Tensor, "r f"]
    close: Close
    target: int | None = None
    sign: int = 1

    @staticmethod
    def concatenate(parts: Sequence["Sweep"]) -> "Sweep":
        """One sweep over the codes of all parts, in order; the closer looks and the references are joined as well.

        Raises ValueError for none, and for sweeps of different directions, strengths, judges or targets.
        """
        if not parts:
            raise ValueError("expected at least one sweep to concatenate, got none")
        if len({part._kind for part in parts}) > 1:
            raise ValueError(
                "only sweeps of one direction, with the same strengths, attributes and target, can be concatenated"
            )
        return replace(
            parts[0],
            logits=torch.cat([part.logits for part in parts], 1),
            edited=torch.cat([part.edited for part in parts], 1),
            unedited=torch.cat([part.unedited for part in parts]),
            reference=torch.cat([part.reference for part in parts]),
            close=Close.concatenate([part.close for part in parts]),
        )

    @property
    def _kind(self) -> tuple[object, ...]:
        """What parts of one sweep have in common."""
        vector = tuple(self.direction.vector.tolist())
        return vector, self.direction.name, tuple(self.strengths.tolist()), self.attributes, self.target, self.sign

    def toward(self, target: int | None, sign: int = 1) -> "Sweep":
        """The same sweep, read as that of a direction that changes this column."""
        return replace(self, target=target, sign=sign)

    @property
    def zero(self) -> int:
        """The row of strength 0."""
        return int(self.strengths.abs().argmin())

    @property
    def typical(self) -> tuple[int, int]:
        """The rows of a usual edit, downwards and upwards."""
        return typical(self.strengths)

    @cached_property
    def spread(self) -> Float[Tensor, "a"]:
        """Standard deviation of every logit over unedited codes; infinite where it is 0, so that nothing counts."""
        return spread(self.logits[self.zero])

    @cached_property
    def changes(self) -> Float[Tensor, "k n a"]:
        """Change of every logit, in standard deviations."""
        return (self.logits - self.logits[self.zero]) / self.spread

    @cached_property
    def curve(self) -> Float[Tensor, "k a"]:
        """The mean change over the codes."""
        return self.changes.mean(1)

    @property
    def others(self) -> list[int]:
        """The columns that should stay where they are."""
        return [column for column in range(len(self.attributes)) if column != self.target]


def spread(logits: Float[Tensor, "n a"]) -> Float[Tensor, "a"]:
    """Standard deviation of every column; infinite where it is 0."""
    size = logits.std(0)
    return size.masked_fill(size == 0, torch.inf)


def typical(strengths: Float[Tensor, "k"]) -> tuple[int, int]:
    """The rows nearest to `TYPICAL` units, downwards and upwards."""
    low = torch.where(strengths < 0, (strengths + TYPICAL).abs(), torch.inf)
    high = torch.where(strengths > 0, (strengths - TYPICAL).abs(), torch.inf)
    return int(low.argmin()), int(high.argmin())


def even_strengths(count: int = 9, reach: float = 3.0) -> Float[Tensor, "k"]:
    """`count` strengths from -reach to reach, 0 in the middle. Raises ValueError for an even count."""
    if count < 3 or count % 2 == 0:
        raise ValueError(f"a sweep has an odd number of strengths, 3 or more, so that 0 is one of them, got {count}")
    return torch.linspace(-reach, reach, count)


def check_strengths(strengths: Float[Tensor, "k"]) -> Float[Tensor, "k"]:
    """The strengths. Raises ValueError when they do not increase, or do not go both ways from 0."""
    if not bool((strengths.diff() > 0).all()) or not bool((strengths == 0).any()) or strengths[0] * strengths[-1] >= 0:
        raise ValueError(
            f"the strengths of a sweep increase from below 0 over 0 to above it, got {strengths.tolist()[:12]}"
        )
    return strengths
