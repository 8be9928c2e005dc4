"""Edits as plain functions from codes to codes, so that they can be passed around and combined."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from latentwalk.directions import Direction
from latentwalk.latents import Latents

Edit = Callable[[Latents], Latents]


@dataclass(frozen=True, eq=False)
class Shift:
    """Move relative to where a code is: `strength` units along a direction."""

    direction: Direction
    strength: float | Tensor

    def __call__(self, latents: Latents) -> Latents:
        return self.direction.shift(latents, self.strength)


@dataclass(frozen=True, eq=False)
class Place:
    """Move to an absolute position: `strength` units from the boundary of a direction."""

    direction: Direction
    strength: float | Tensor

    def __call__(self, latents: Latents) -> Latents:
        return self.direction.place(latents, self.strength)


def compose(*edits: Edit) -> Edit:
    """One edit that applies several from left to right."""

    def composed(latents: Latents) -> Latents:
        for edit in edits:
            latents = edit(latents)
        return latents

    return composed
