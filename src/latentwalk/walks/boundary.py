"""The hyperplane walk: every code moves along the direction of an attribute, as little as its picture needs.

The boundary says which way to go and the scorer says how far: a line search finds the smallest strength at which the
picture has what is wanted. No gradient is needed. (InterFaceGAN, Shen et al., 2020, edits by fixed strengths;
its conditional manipulation, section 3.2, is what keeps held attributes and the other goals where they are.)

The normal of a boundary is the shortest way in codes, not in pictures: with `ways` codes move where their pictures
change least for what the attribute gains, see `lines`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from latentwalk.direction import Directions
from latentwalk.edits import codes_for
from latentwalk.generator import Generator
from latentwalk.latents import Latents
from latentwalk.scores import Scorer, attribute_index, logit, score
from latentwalk.walk import Goal, Walk, all_reached, straight
from latentwalk.walks.lines import Line, lines

SURPLUS = 0.1
"""Logits beyond what is wanted that a search does not leave standing."""


@dataclass(frozen=True, eq=False)
class BoundaryWalk:
    """Settings of a walk along boundaries.

    directions: one per attribute of a goal or a held attribute, by name.
    reach: how far behind the boundary a code may go, in units.
    stride: units between the first looks; what happens within one stride is not seen.
    tolerance: units by which the strength may be larger than the smallest one, as far as the logits beside it tell.
    margin: logits beyond the target that the search asks for, so that a picture drawn again still counts.
    rounds: how often to go through several goals, each along its direction without the others.
    frames: codes of a path, both ends included.
    ways: for the same names where codes move instead of along the directions, or None.
    """

    directions: Directions
    reach: float = 6.0
    stride: float = 1.0
    tolerance: float = 0.02
    margin: float = 0.05
    rounds: int = 3
    frames: int = 10
    ways: Directions | None = None

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
        along = self._lines(goals, held, scorer)
        start = codes_for(generator, generator.check(latents), *self.directions).to(generator.device)
        values = start.values.clone()
        before = score(generator, scorer, start)
        logits = before.clone()
        steps = torch.zeros(len(start), dtype=torch.long, device=values.device)
        for _ in range(self.rounds if len(goals) > 1 else 1):
            for goal, line in zip(goals, along, strict=True):
                column = attribute_index(scorer, goal.attribute)
                rows = torch.nonzero(goal.missing(logits[:, column]) != 0)[:, 0]
                if len(rows) == 0:
                    continue
                here = start[rows].with_values(values[rows])
                moved, logits[rows], looks = self._search(generator, here, logits[rows], scorer, goal, line)
                values[rows] = moved.values
                steps[rows] += looks
        end = start.with_values(values)
        paths = straight(start, end, self.frames) if keep_paths else ()
        return Walk(start, end, all_reached(goals, logits, scorer), steps, before, logits, paths)

    def _lines(self, goals: Sequence[Goal], held: Sequence[str], scorer: Scorer) -> list[Line]:
        """For every goal the line on which held attributes and the other goals stay."""
        names = [goal.attribute for goal in goals]
        every = [*names, *held]
        if not names:
            raise ValueError("expected at least one goal, got none")
        for name in every:
            attribute_index(scorer, name)
        if len(set(names)) < len(names) or set(names) & set(held):
            raise ValueError(f"expected every attribute once, as a goal or held, got {', '.join(every)}")
        return lines(names, every, self.directions, self.ways)

    def _search(
        self,
        generator: Generator,
        latents: Latents,
        logits: Float[Tensor, "n a"],
        scorer: Scorer,
        goal: Goal,
        line: Line,
    ) -> tuple[Latents, Float[Tensor, "n a"], Int[Tensor, "n"]]:
        """Where the codes come to on the line, what the scorer says there, and how many looks it took."""
        column = attribute_index(scorer, goal.attribute)
        found = logits.clone()

        def lacking(seen: Float[Tensor, "m a"]) -> Float[Tensor, "m"]:
            return (goal.sign * (logit(goal.target) - seen[:, column]) + self.margin).nan_to_num(torch.inf)

        def look(rows: Tensor, strengths: Tensor) -> Tensor:
            seen = score(generator, scorer, line.shift(latents[rows], goal.sign * strengths))
            least = lacking(seen)
            # The last look that is kept is the one at the strength that the search gives back.
            best = (least <= 0) | ((least < lacking(found[rows])) & ~(lacking(found[rows]) <= 0))
            found[rows[best]] = seen[best]
            return least

        room = (self.reach - goal.sign * line.distance(latents)).clamp(min=0)
        strengths, looks = smallest(look, lacking(logits), room, self.stride, self.tolerance)
        return line.shift(latents, goal.sign * strengths), found, looks


Missing = Callable[[Int[Tensor, "m"], Float[Tensor, "m"]], Float[Tensor, "m"]]
"""How much is missing at a strength, for some of the rows: 0 or less where nothing is."""


def smallest(
    missing: Missing, start: Float[Tensor, "n"], room: Float[Tensor, "n"], stride: float, tolerance: float
) -> tuple[Float[Tensor, "n"], Int[Tensor, "n"]]:
    """For every row the smallest strength in [0, room] at which nothing is missing, and how many looks it took.

    start: what is missing at 0. Looks every `stride` until nothing is missing, then within that last stride by regula
    falsi (the Illinois variant, Dowell and Jarratt, 1971), until the strength is within `tolerance` of the smallest one
    by the chord, or the stride is that short. Rows that never get there have the strength at which least was missing.
    """
    best, before = torch.zeros_like(room), torch.zeros_like(room)
    least, lack = start.clone(), start.clone()  # what is missing at the best strength, and at the last one before it
    looks = torch.zeros(len(room), dtype=torch.long, device=room.device)
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
        before[rows[left > 0]], lack[rows[left > 0]] = at[left > 0], left[left > 0]

    # The weights of the two ends are what is missing there; that of an end which stays twice running is halved.
    low, high, last = lack.clone(), -least, torch.zeros_like(looks)
    while len(rows := torch.nonzero(arrived & too_far(best - before, lack, -least, tolerance))[:, 0]):
        width, a, b = (best - before)[rows], low[rows], high[rows]
        share = torch.where(torch.isfinite(a), a / (a + b).clamp(min=1e-12), 0.5)
        at = before[rows] + width * share + tolerance / 2
        at = at.minimum(best[rows] - tolerance / 2).maximum(before[rows] + tolerance / 2)
        left = missing(rows, at)
        looks[rows] += 1
        enough = left <= 0
        yes, no = rows[enough], rows[~enough]
        best[yes], least[yes], high[yes] = at[enough], left[enough], -left[enough]
        before[no], lack[no], low[no] = at[~enough], left[~enough], left[~enough]
        low[yes] *= torch.where(last[yes] == 1, 0.5, 1.0)
        high[no] *= torch.where(last[no] == -1, 0.5, 1.0)
        last[yes], last[no] = 1, -1
    return best, looks


def too_far(
    width: Float[Tensor, "n"], lack: Float[Tensor, "n"], over: Float[Tensor, "n"], tolerance: float
) -> Bool[Tensor, "n"]:
    """Whether the upper end of a stride lies farther than the tolerance behind the crossing.

    The chord tells where that is, unless the logits are far beyond what is wanted: there they bend.
    """
    chord = torch.where(torch.isfinite(lack), over / (lack + over).clamp(min=1e-12), 1.0)
    return (width > tolerance) & ((width * chord > tolerance) | (over > SURPLUS))
