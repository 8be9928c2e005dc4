"""Lines that walks go on: of every goal one that leaves held attributes and the other goals where they are.

The normal v of a boundary is the shortest way in codes. The way that changes pictures least for the same gain is
M^-1 v, with M the mean metric of the pictures (`inversion.metric`): half of what changes along v is light and colour,
which few attributes need. What is held stays, to first order, if the line is orthogonal to its v (InterFaceGAN, Shen et
al., 2020, section 3.2); among these lines the least change is a sum of the ways of all.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.direction import NOTHING, Direction, Directions
from latentwalk.latents import Latents


@dataclass(frozen=True, eq=False)
class Line:
    """reads: says where a code is. moves: where one unit of strength takes it. Often they are the same."""

    reads: Direction
    moves: Direction

    def distance(self, latents: Latents) -> Float[Tensor, "n"]:
        """Signed distance from the boundary, in units."""
        return self.reads.distance(latents)

    def shift(self, latents: Latents, strength: float | Float[Tensor, "n"]) -> Latents:
        """The codes, `strength` units farther."""
        return self.moves.shift(latents, strength)


def lines(names: Sequence[str], fixed: Sequence[str], directions: Directions, ways: Directions | None) -> list[Line]:
    """One line per name, on which all others of `fixed` stay.

    Raises ValueError for a name without a direction or a way, and where nothing is left of one.
    """
    found = []
    for name in names:
        others = [directions[other] for other in fixed if other != name]
        reads = directions[name].conditioned(others)
        if ways is None:
            found.append(Line(reads, reads))
            continue
        own, theirs = ways[name].vector.double(), [ways[other.name].vector.double() for other in others]
        move = own
        if others:
            normals = torch.stack([other.vector.double() for other in others])
            beside = torch.stack(theirs, 1)
            move = own - beside @ torch.linalg.lstsq(normals @ beside, (normals @ own)[:, None]).solution[:, 0]
        if float(move.norm()) < NOTHING:
            raise ValueError(f"nothing of {name!r} is left outside {', '.join(fixed)}: hold fewer")
        found.append(Line(reads, replace(reads, vector=(move / move.norm()).to(reads.vector))))
    return found
