"""The gentle way first: along the direction of an attribute where that is enough, along gradients where it is not.

A step along a direction changes little besides what it is the direction of, and keeps person and light; but not every
code arrives within a reach where pictures stay whole. The rest follows the slope of its own picture from there on: a
third shorter than from where it began. With held attributes it begins anew: they are held against the start.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from latentwalk.direction import Directions
from latentwalk.generator import Generator
from latentwalk.latents import Latents
from latentwalk.scores import Scorer
from latentwalk.walk import Goal, Walk
from latentwalk.walks.boundary import BoundaryWalk
from latentwalk.walks.gradient import GradientWalk

GENTLE, STEEP = "boundary", "gradient"
"""Which way a code took, in the words of `WALKS`."""


@dataclass(frozen=True, eq=False)
class AutoWalk:
    """Settings of a walk that chooses for every code.

    directions: one per attribute, by name; goals or held attributes without one follow the gradient from the start.
    reach: units behind the boundary that a code may go gently. max_steps, bound, batch: as of a `GradientWalk`.
    """

    directions: Directions
    reach: float = 4.0
    max_steps: int = 100
    bound: float | None = None
    batch: int = 32

    def __post_init__(self) -> None:
        _ = self.gentle, self.steep  # settings that these refuse are refused at once

    @property
    def gentle(self) -> BoundaryWalk:
        return BoundaryWalk(self.directions, self.reach)

    @property
    def steep(self) -> GradientWalk:
        return GradientWalk(max_steps=self.max_steps, bound=self.bound, batch=self.batch)

    def walk(
        self,
        generator: Generator,
        latents: Latents,
        scorer: Scorer,
        goals: Sequence[Goal],
        held: Sequence[str] = (),
        keep_paths: bool = False,
    ) -> Walk:
        """Walk every code; `ways` of the walk says which way each took.

        Raises ValueError for no goal, and for a scorer without gradients where the gentle way is not enough.
        """
        known = {direction.name for direction in self.directions}
        if not {*(goal.attribute for goal in goals), *held} <= known:
            return self._steep(generator, latents, scorer, goals, held, keep_paths)
        walked = self.gentle.walk(generator, latents, scorer, goals, held, keep_paths)
        walked = replace(walked, ways=(GENTLE,) * len(walked))
        rest = torch.nonzero(~walked.reached)[:, 0]
        if len(rest) == 0:
            return walked
        so_far = walked[rest.tolist()]
        again = self._steep(generator, so_far.start if held else so_far.latents, scorer, goals, held, keep_paths)
        return woven(walked, again if held else joined(so_far, again), rest.tolist())

    def _steep(
        self,
        generator: Generator,
        latents: Latents,
        scorer: Scorer,
        goals: Sequence[Goal],
        held: Sequence[str],
        keep_paths: bool,
    ) -> Walk:
        walked = self.steep.walk(generator, latents, scorer, goals, held, keep_paths)
        return replace(walked, ways=(STEEP,) * len(walked))


def joined(first: Walk, then: Walk) -> Walk:
    """One walk of two, the second of which begins where the first ended."""
    paths = [torch.cat([one, other[1:]]) for one, other in zip(first.paths, then.paths, strict=True)]
    return replace(then, start=first.start, before=first.before, steps=first.steps + then.steps, paths=paths)


def woven(walk: Walk, other: Walk, rows: Sequence[int]) -> Walk:
    """The walk with those of some codes in place of their own."""
    order = list(range(len(walk)))
    for place, row in enumerate(rows):
        order[row] = len(walk) + place
    return Walk.concatenate([walk, other])[order]
