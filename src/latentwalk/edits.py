"""Edits as plain functions from codes to codes, so that they can be passed around and combined."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from latentwalk.direction import PER_LAYER, Direction
from latentwalk.generator import Generator
from latentwalk.latents import Latents
from latentwalk.samples import map_codes

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
    """Move to an absolute position: `strength` units from the boundary of a direction, 0 for the boundary itself."""

    direction: Direction
    strength: float | Tensor = 0.0

    def __call__(self, latents: Latents) -> Latents:
        return self.direction.place(latents, self.strength)


@dataclass(frozen=True, eq=False)
class Across:
    """Move to the other side of the boundary, whichever side a code is on.

    strength: how far behind the boundary, in units and above 0; without it as far as the code was before it, so that
    the same edit leads back. A code on the boundary goes to the positive side.
    Raises ValueError for a strength of 0 or less.
    """

    direction: Direction
    strength: float | None = None

    def __post_init__(self) -> None:
        if self.strength is not None and not self.strength > 0:
            raise ValueError(
                f"the strength behind the boundary is above 0, got {self.strength}: use Place to choose a side"
            )

    def __call__(self, latents: Latents) -> Latents:
        now = self.direction.distance(latents)
        if self.strength is None:
            return self.direction.shift(latents, -2 * now)
        return self.direction.place(latents, torch.where(now > 0, -self.strength, self.strength))


def compose(*edits: Edit) -> Edit:
    """One edit that applies several from left to right."""

    def composed(latents: Latents) -> Latents:
        for edit in edits:
            latents = edit(latents)
        return latents

    return composed


def moved(generator: Generator, latents: Latents, moves: Sequence[Shift | Place]) -> Latents:
    """Codes after several moves: space after space from the code to the picture, because a code that went on to w
    cannot go back to z; within a space, whole or per layer, in the order given.

    Raises ValueError as `codes_for` does.
    """
    for base in dict.fromkeys(space.removesuffix(PER_LAYER) for space in generator.spaces):
        here = [move for move in moves if move.direction.space.removesuffix(PER_LAYER) == base]
        if here:
            latents = compose(*here)(codes_for(generator, latents, *(move.direction for move in here)))
    return latents


def codes_for(generator: Generator, latents: Latents, *directions: Direction) -> Latents:
    """The codes in a space where all of these directions move them; as they are where they already are in one.

    Raises ValueError when there is no such space, or no way to it.
    """
    spaces = {direction.acts_in for direction in directions}
    layered = {space for space in spaces if space.endswith(PER_LAYER)}
    wanted = layered or spaces
    if len(wanted) != 1 or not all(space + PER_LAYER in wanted for space in spaces - layered if layered):
        raise ValueError(
            f"these directions move codes of the spaces {', '.join(sorted(spaces))}: combine directions of one space"
        )
    (space,) = wanted
    already = latents.space in (space, space + PER_LAYER)
    return latents if already else map_codes(generator, latents, space)
