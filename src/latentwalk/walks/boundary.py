"""The hyperplane walk: every code moves along the direction of an attribute, as little as its picture needs.

The boundary says which way to go and the scorer says how far: a line search finds the smallest strength at which the
picture has what is wanted. No gradient is needed. (InterFaceGAN, Shen et al., 2020, edits by fixed strengths;
its conditional manipulation, section 3.2, is what keeps held attributes and the other goals where they are.)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from latentwalk.direction import Direction, Directions
from latentwalk.edits import codes_for
from latentwalk.generator import Generator
from latentwalk.latents import Latents
from latentwalk.scores import Scorer, attribute_index, logit, score
from latentwalk.walk import Goal, Walk, all_reached, straight


@dataclass(frozen=True, eq=False)
class BoundaryWalk:
    """Settings of a walk along boundaries.

    directions: one per attribute of a goal or a held attribute, by name.
    reach: how far behind the boundary a code may go, in units.
    stride: units between the first looks; what happens within one stride is not seen.
    tolerance: units by which the strength may be larger than the smallest one.
    margin: logits beyond the target that the search asks for, so that a picture drawn again still counts.
    rounds: how often to go through several goals, each along its direction without the others.
    frames: codes of a path, both ends included.
    """

    directions: Directions
    reach: float = 6.0
    stride: float = 0.5
    tolerance: float = 0.01
    margin: float = 0.05
    rounds: int = 3
    frames: int = 10

    def __post_init__(self) -> None:
        for name in ("reach", "stride", "tolerance"):
            if not getattr(self, name) > 0:
                raise ValueError(f"the {name} of a walk is above 0, got {getattr(self, name)}")
        if self.margin < 0 or self.rounds < 1 or self.frames < 2:
            raise ValueError(
                "expected a margin of at least 0, one round or more and two frames or more, "
                f"got {self.margin}, {self.rounds} and {self.frames}"
            )

    def walk(
        self,
        generator: Generator,
        latents: Latents,
        scorer: Scorer,
        goals: Sequence[Goal],
        held: Sequence[str] = (),
        keep_paths: bool = False,
    ) -> Walk:
        """Walk every code on its own line; codes that have arrived are not drawn again.

        Returns the codes at the smallest strength that reaches the goals, or at the one that comes closest, marked as
        not reached. `steps` counts the pictures that were looked at. Paths are straight, `frames` codes each.
        Raises ValueError for no goal, an attribute without a direction, or one that is both a goal and held.
        """
        lines = self._lines(goals, held, scorer)
        start = codes_for(generator, generator.check(latents), *self.directions).to(generator.device)
        values = start.values.clone()
        before = score(generator, scorer, start)
        logits = before.clone()
        steps = torch.zeros(len(start), dtype=torch.long, device=values.device)
        for _ in range(self.rounds if len(goals) > 1 else 1):
            for goal, direction in zip(goals, lines, strict=True):
                column = attribute_index(scorer, goal.attribute)
                rows = torch.nonzero(goal.missing(logits[:, column]) != 0)[:, 0]
                if len(rows) == 0:
                    continue
                moved, looks = self._search(generator, start[rows].with_values(values[rows]), scorer, goal, direction)
                values[rows] = moved.values
                logits[rows] = score(generator, scorer, moved)
                steps[rows] += looks
        end = start.with_values(values)
        paths = straight(start, end, self.frames) if keep_paths else ()
        return Walk(start, end, all_reached(goals, logits, scorer), steps, before, logits, paths)

    def _lines(self, goals: Sequence[Goal], held: Sequence[str], scorer: Scorer) -> list[Direction]:
        """For every goal its direction without those of the held attributes and of the other goals."""
        names = [goal.attribute for goal in goals]
        every = [*names, *held]
        if not names:
            raise ValueError("expected at least one goal, got none")
        for name in every:
            attribute_index(scorer, name)
        if len(set(names)) < len(names) or set(names) & set(held):
            raise ValueError(f"expected every attribute once, as a goal or held, got {', '.join(every)}")
        return [
            self.directions[name].conditioned([self.directions[other] for other in every if other != name])
            for name in names
        ]

    def _search(
        self, generator: Generator, latents: Latents, scorer: Scorer, goal: Goal, direction: Direction
    ) -> tuple[Latents, Int[Tensor, "n"]]:
        column = attribute_index(scorer, goal.attribute)

        def missing(rows: Tensor, strengths: Tensor) -> Tensor:
            moved = direction.shift(latents[rows], goal.sign * strengths)
            logits = score(generator, scorer, moved)[:, column]
            return (goal.sign * (logit(goal.target) - logits) + self.margin).nan_to_num(torch.inf)

        room = (self.reach - goal.sign * direction.distance(latents)).clamp(min=0)
        strengths, looks = smallest(missing, room, self.stride, self.tolerance)
        return direction.shift(latents, goal.sign * strengths), looks


Missing = Callable[[Int[Tensor, "m"], Float[Tensor, "m"]], Float[Tensor, "m"]]
"""How much is missing at a strength, for some of the rows: 0 or less where nothing is."""


def smallest(
    missing: Missing, room: Float[Tensor, "n"], stride: float, tolerance: float
) -> tuple[Float[Tensor, "n"], Int[Tensor, "n"]]:
    """For every row the smallest strength in [0, room] at which nothing is missing, and how many it took to find.

    Looks every `stride` until nothing is missing, then halves that last stride down to `tolerance`. Rows that never
    get there have the strength at which least was missing.
    """
    rows = torch.arange(len(room), device=room.device)
    best, before = torch.zeros_like(room), torch.zeros_like(room)
    least = missing(rows, best)
    looks = torch.ones_like(rows)
    arrived = least <= 0

    step = 0
    while len(rows := torch.nonzero(~arrived & (step * stride < room))[:, 0]):
        step += 1
        at = (step * stride * torch.ones_like(room)).minimum(room)[rows]
        left = missing(rows, at)
        looks[rows] += 1
        closer = left < least[rows]
        best[rows[closer]], least[rows[closer]] = at[closer], left[closer]
        arrived[rows] = left <= 0
        before[rows[left > 0]] = at[left > 0]

    while len(rows := torch.nonzero(arrived & (best - before > tolerance))[:, 0]):
        middle = (before[rows] + best[rows]) / 2
        enough = missing(rows, middle) <= 0
        looks[rows] += 1
        best[rows[enough]] = middle[enough]
        before[rows[~enough]] = middle[~enough]
    return best, looks
