"""Classifier gradients: every code follows the slope of its own logits until they are where they should be.

One step solves `J delta = r` for the smallest delta: a row of J is the gradient of one logit with respect to the code.
Rows of goals ask for what is missing; rows of held attributes ask for zero, or for their drift to be undone. So a plain
walk, a walk that holds others still and a walk to several goals are the same few lines. A step that holds others is
right to first order only, so a code that has arrived takes a few more steps that undo the drift and stay at the goal.

Logits, not probabilities, because a probability has no slope left where it saturates.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from latentwalk.generator import Generator
from latentwalk.latents import Latents
from latentwalk.scores import Scorer, attribute_index
from latentwalk.walk import Goal, Walk, all_reached
from latentwalk.walks.region import SPACES, Region
from latentwalk.walks.slopes import slopes

BEYOND = 1.0
"""Logit that a step aims at beyond the target, so that the last step does not end just short of it."""

ROUNDS = 4
"""Times a batch that are taken on at once: their slopes have to be kept."""

SHORTEST = 0.3
"""Shortest reach as a share of the first one."""

MEMORY = 6
"""How much the slopes of earlier steps count at most, the present ones being 1."""


@dataclass(frozen=True)
class GradientWalk:
    """Settings of a gradient walk.

    max_steps: a code that has not arrived by then is given back as not reached.
    reach: longest first step, as a share of the length of the code; it grows after a step that helped (by half) and
    shrinks after one that did not (to half), so that no code swings to and fro at the boundary. It never shrinks below
    0.3 of the first: such a step is taken even when it does not help, to get out of a dead end.
    shell: how strongly a z code is pulled back to the sphere of radius sqrt(d) where normal codes live, per full step.
    views: pictures that a gradient is averaged over: the picture itself and pale, shifted, noisy copies. They keep
    the walk from changing invisible details that only fool one classifier.
    drift: share of a held attribute's drift that is undone per step on the way.
    settle: steps after arriving that undo what is left of it; one that loses the goal or more of the held is not taken.
    ridge: relative damping of the linear system; it keeps nearly parallel rows from asking for huge steps.
    patience: steps after which held attributes give way to goals more and more, since some exclude each other: black
    hair cannot come while blond hair is held.
    bound: how far a code of w or w+ may go from the mean, in mean distances of sampled codes (see `Region`); None for
    as far as it likes, which codes of photographs need, as they lie outside from the start.
    batch: codes that walk at once; it does not change where they come to beyond rounding.
    """

    max_steps: int = 100
    reach: float = 0.08
    shell: float = 0.1
    views: int = 2
    drift: float = 0.5
    settle: int = 2
    ridge: float = 0.02
    patience: int = 6
    batch: int = 32
    bound: float | None = None

    def __post_init__(self) -> None:
        lengths = min(self.reach, 1.0 if self.bound is None else self.bound)
        if min(self.max_steps, self.views, self.batch) < 1 or lengths <= 0 or self.settle < 0:
            raise ValueError(
                "expected at least one step, one view and one code at a time, a positive reach and bound and no "
                f"negative settle, got {self}"
            )

    @property
    def handed(self) -> int:
        """Codes that it takes on together, so that the batch stays full."""
        return ROUNDS * self.batch

    def walk(
        self,
        generator: Generator,
        latents: Latents,
        scorer: Scorer,
        goals: Sequence[Goal],
        held: Sequence[str] = (),
        keep_paths: bool = False,
        against: Float[Tensor, "n a"] | None = None,
    ) -> Walk:
        """Walk every code on its own; where one has finished the next one begins, so that a batch stays full.

        against: logits against which the held attributes are held, those of the codes by themselves.

        Returns the codes with what was reached, judged on the unchanged picture. Raises ValueError when the scorer
        gives no gradient.
        """
        if len(latents) == 0 or not goals:
            raise ValueError(f"expected at least one code and one goal, got {len(latents)} and {len(goals)}")
        ends = []
        homes = repeat(None) if against is None else against.split(self.handed)
        for part, home in zip(generator.check(latents).split(self.handed), homes, strict=False):
            *_, end = self.climb(generator, part.to(generator.device), scorer, goals, held, keep_paths, home)
            ends.append(end)
        return Walk.concatenate(ends)

    def climb(
        self,
        generator: Generator,
        latents: Latents,
        scorer: Scorer,
        goals: Sequence[Goal],
        held: Sequence[str] = (),
        keep_paths: bool = False,
        against: Float[Tensor, "n a"] | None = None,
    ) -> Iterator[Walk]:
        """The same step by step: where the codes are after each, and at last the whole walk.

        Whoever stops asking stops the walk.
        """
        columns = [attribute_index(scorer, goal.attribute) for goal in goals]
        held_columns = [attribute_index(scorer, name) for name in held]
        region = Region.of(generator) if self.bound is not None and latents.space in SPACES else None
        count, end = len(latents), latents.values.clone()
        first = self.reach * end.flatten(1).norm(dim=1)
        radius = first.clone()
        start = end.new_zeros(count, len(scorer.attributes))
        logits, rows = start.clone(), end.new_zeros(count, len(goals) + len(held), end[0].numel())
        reached = torch.zeros(count, dtype=torch.bool, device=end.device)
        fresh = ~reached
        steps = torch.zeros(count, dtype=torch.long, device=end.device)
        settling = self.settle if held else 0
        left = torch.full_like(steps, settling if against is not None else 0)
        paths = [[value] for value in end.clone()] if keep_paths else []

        while True:
            # 1. Who is on the way: as many at once as a batch holds, in their order. Some have not begun.
            waiting = fresh | ((~reached | (left > 0)) & (steps < self.max_steps))
            active = torch.nonzero(waiting)[: self.batch, 0]
            if len(active) == 0:
                break
            going, new = active[~fresh[active]], active[fresh[active]]
            # 2. What each code still lacks, and how far its held attributes have drifted; from both, one step.
            steps[going] += 1
            there = reached[going]
            missing = still_missing(goals, logits[going], columns)
            home = start if against is None else against
            gone = (home - logits)[going][:, held_columns]
            delta = self._solve(rows[going], missing, gone, radius[going], there, steps[going])
            full = delta.norm(dim=1) / first[going]
            stepped = self._pull(end[going] + delta.view_as(end[going]), full, latents.space, region)
            # 3. Look at where the steps lead, and at new codes where they are: logits, and the slopes that the next
            # step will need.
            left[going] -= there.long()
            both = torch.cat([going, new])
            seen, uphill = slopes(
                generator,
                scorer,
                latents[both].with_values(torch.cat([stepped, end[new]])),
                columns,
                held_columns,
                self.views,
                steps[both],
                lambda x, last=left[both] == 0: all_reached(goals, x, scorer) & last,
            )
            start[new] = logits[new] = seen[len(going) :]
            rows[new], fresh[new] = uphill[len(going) :], False
            reached[new] = all_reached(goals, logits[new], scorer)
            left[new[~reached[new]]] = settling
            if len(going) == 0:
                continue
            tried_logits, tried_rows = seen[: len(going)], uphill[: len(going)]
            # 4. Take the step if it helped: nearer to the goals on the way, less drift after arriving. The shortest
            # step is taken anyway, to get out of a dead end.
            nearer = still_missing(goals, tried_logits, columns).abs().sum(1) < missing.abs().sum(1)
            nearer |= radius[going] <= SHORTEST * first[going]
            stiller = (home[going] - tried_logits)[:, held_columns].norm(dim=1) < gone.norm(dim=1)
            helped = torch.where(there, stiller & all_reached(goals, tried_logits, scorer), nearer)
            to, back = going[helped], going[~helped]
            end[to], logits[to] = stepped[helped], tried_logits[helped]
            # 5. A step that led away jumped over a ridge: go less far, along the mean of the slopes on both sides. The
            # longer a walk, the more steps the mean is over: the zigzag cancels out, and the way along the ridge stays.
            older = (steps[going] / 4).clamp(1.0, MEMORY).to(rows)[:, None, None]
            rows[going] = (older * rows[going] + tried_rows) / (older + 1)
            radius[to] *= 1.5
            radius[back] *= 0.5
            radius = radius.maximum(SHORTEST * first)
            reached[to] = all_reached(goals, logits[to], scorer)
            for i in to.tolist() if keep_paths else ():
                paths[i].append(end[i].clone())
            yield Walk(latents, latents.with_values(end.clone()), reached.clone(), steps.clone(), start, logits.clone())
        kept = [torch.stack(path) for path in paths]
        yield Walk(latents, latents.with_values(end), reached, steps, start, logits, kept)

    def _solve(
        self,
        rows: Float[Tensor, "n k d"],
        missing: Float[Tensor, "n g"],
        gone: Float[Tensor, "n h"],
        radius: Float[Tensor, "n"],
        there: Bool[Tensor, "n"],
        steps: Int[Tensor, "n"],
    ) -> Float[Tensor, "n d"]:
        """The smallest delta with `rows @ delta = (missing, drift)`, each of its two parts within the radius.

        The drift of a code that is there already is undone whole, and no longer gives way to the goal.
        """
        # The minimum-norm solution of `rows @ delta = wanted` is rows' (rows rows')^-1 wanted, damped a little (ridge).
        drift = torch.where(there, 1.0, self.drift)[:, None] * gone
        gram = rows @ rows.mT
        damping = self.ridge * gram.diagonal(dim1=1, dim2=2).mean(1, keepdim=True)
        yielding = torch.where(there, 1.0, 2.0 ** (steps - self.patience).clamp(min=0).to(rows))[:, None]
        damping = torch.cat([damping.expand_as(missing), yielding * damping.expand_as(drift)], 1)
        # Goals and drift are solved for side by side, so that each part can be cut to the radius on its own.
        zeros = torch.zeros_like
        wanted = torch.stack([torch.cat([missing, zeros(drift)], 1), torch.cat([zeros(missing), drift], 1)], 2)
        parts = rows.mT @ torch.linalg.solve(gram + torch.diag_embed(damping), wanted)
        lengths = parts.norm(dim=1, keepdim=True)
        return (parts * (radius[:, None, None] / lengths.clamp(min=1e-12)).clamp(max=1)).sum(2)

    def _pull(self, values: Tensor, full: Float[Tensor, "n"], space: str, region: Region | None) -> Tensor:
        """Towards the shell, less for a shorter step: otherwise the pull would undo the careful steps near a ridge.

        In w and w+ back into the region.
        """
        if region is not None and self.bound is not None:
            return region.within(values, self.bound)
        if space != "z" or self.shell == 0:
            return values
        flat = values.flatten(1)
        scale = flat.shape[1] ** 0.5 / flat.norm(dim=1, keepdim=True)
        return (flat * (1 + self.shell * full.clamp(max=1)[:, None] * (scale - 1))).view_as(values)


def still_missing(goals: Sequence[Goal], logits: Float[Tensor, "n a"], columns: Sequence[int]) -> Float[Tensor, "n g"]:
    """Logit that each goal lacks, signed, counted to a little beyond the target."""
    return torch.stack(
        [goal.missing(logits[:, column] - BEYOND * goal.sign) for goal, column in zip(goals, columns, strict=True)], 1
    )
