"""The gentle way first: along the direction of an attribute where that is enough, along gradients where it is not.

A step along a direction changes little besides what it is the direction of, and keeps person and light; but not every
code arrives within a reach where pictures stay whole. The rest follows the slope of its own picture from there on: a
third shorter than from where it began. Held attributes stay on average along a direction; what one code drifted is
undone along its own slopes.
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
from latentwalk.walks.slopes import NoSlope

GENTLE, STEEP = "boundary", "gradient"
"""Which way a code took, in the words of `WALKS`."""


@dataclass(frozen=True, eq=False)
class AutoWalk:
    """Settings of a walk that chooses for every code.

    directions, ways: one per attribute, by name, see `BoundaryWalk`; goals or held attributes without a direction
    follow the gradient from the start.
    reach: units behind the boundary that a code may go gently. settle: steps that undo the drift of held attributes;
    one is a compromise: each changes pictures a little more. max_steps, bound, batch: as of a `GradientWalk`.
    """

    directions: Directions
    ways: Directions | None = None
    reach: float = 4.0
    settle: int = 1
    max_steps: int = 100
    bound: float | None = None
    batch: int = 32

    def __post_init__(self) -> None:
        _ = self.gentle, self.steep  # settings that these refuse are refused at once

    @property
    def handed(self) -> int:
        """Codes that it takes on together."""
        return self.steep.handed

    @property
    def gentle(self) -> BoundaryWalk:
        return BoundaryWalk(self.directions, self.reach, ways=self.ways)

    @property
    def steep(self) -> GradientWalk:
        return GradientWalk(max_steps=self.max_steps, settle=self.settle, bound=self.bound, batch=self.batch)

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

        Raises ValueError for no goal, and without gradients where the gentle way is not enough.
        """
        known = {direction.name for direction in self.directions}
        if not {*(goal.attribute for goal in goals), *held} <= known:
            walked = self.steep.walk(generator, latents, scorer, goals, held, keep_paths)
            return replace(walked, ways=(STEEP,) * len(walked))
        # 1. Everybody goes gently.
        walked = self.gentle.walk(generator, latents, scorer, goals, held, keep_paths)
        ways = [GENTLE if reached else STEEP for reached in walked.reached.tolist()]
        walked = replace(walked, ways=ways)
        # 2. From there the rest climbs on; where something is held, all settle.
        more = list(range(len(walked))) if held and self.settle else torch.nonzero(~walked.reached)[:, 0].tolist()
        if not more:
            return walked
        so_far = walked[more]
        try:
            home = so_far.before if held else None
            then = self.steep.walk(generator, so_far.latents, scorer, goals, held, keep_paths, home)
        except NoSlope:
            if not walked.reached.all():
                raise
            return walked  # nobody has to climb, and what has drifted stays so
        return woven(walked, joined(so_far, then), more)


def joined(first: Walk, then: Walk) -> Walk:
    """One walk of two, the second of which begins where the first ended."""
    paths = [torch.cat([one, other[1:]]) for one, other in zip(first.paths, then.paths, strict=True)]
    steps = first.steps + then.steps
    return replace(then, start=first.start, before=first.before, steps=steps, paths=paths, ways=first.ways)


def woven(walk: Walk, other: Walk, rows: Sequence[int]) -> Walk:
    """The walk with those of some codes in place of their own."""
    order = list(range(len(walk)))
    for place, row in enumerate(rows):
        order[row] = len(walk) + place
    return Walk.concatenate([walk, other])[order]
