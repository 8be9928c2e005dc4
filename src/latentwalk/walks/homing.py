"""Homing: what a walk has changed beside its goal goes back to where it was, and the goal stays.

A walk stops where the scorer is content, and nobody asked it to leave light, skin and background alone. So a code that
has arrived takes some more steps, which bring its picture closer to that of its start. A step is a Newton step for the
distance of the two pictures, with the mean Hessian of the generator for all codes (`metric`), and a correction in the
same metric that keeps the logits of goals and of held attributes: sequential quadratic programming, as in Nocedal and
Wright, 2006, chapter 18. The goals are looked at through several views, as in a gradient walk: in the picture alone
they would soon hold by details that nobody sees.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional as F

from latentwalk.generator import RENDER_PIXELS, Generator
from latentwalk.latents import Latents
from latentwalk.scores import Scorer, attribute_index, logit
from latentwalk.walk import Goal, Walk, all_reached
from latentwalk.walks.region import SPACES, Region
from latentwalk.walks.slopes import image_slopes, look

SHORTEST = 1 / 64
"""A code whose steps have become shorter than this has come as far as it goes."""

SLACK = 0.05
"""Logits by which held attributes may be farther from their start than the walk left them, all together."""

GOALS_RIDGE = 1e-4
"""Relative damping of the linear system where it keeps the goals."""


class Seen(NamedTuple):
    """What a look at the pictures of some codes shows.

    far: how far they are from home. logits: of the pictures themselves. views: mean logits of the goals over all views.
    uphill: the gradient of `far`. rows: those of the goals' `views` and of the held logits.
    """

    far: Float[Tensor, "n"]
    logits: Float[Tensor, "n a"]
    views: Float[Tensor, "n g"]
    uphill: Float[Tensor, "n d"]
    rows: Float[Tensor, "n k d"]

    def of(self, which: Int[Tensor, "m"] | Bool[Tensor, "n"]) -> "Seen":
        """The same of some codes."""
        return Seen(*(each[which] for each in self))

    def put(self, which: Int[Tensor, "m"], new: "Seen") -> None:
        """Take what is new of some codes."""
        for mine, theirs in zip(self, new, strict=True):
            mine[which] = theirs


@dataclass(frozen=True)
class Homing:
    """Settings of the way home.

    steps: at most so many; a code that gets no further stops before. stride: of the first step, as a share of a Newton
    step; it grows by half after a step that was taken, and shrinks to half after one that was not. longest: how far it
    grows. damping: of the metric, as a share of its mean eigenvalue: directions that hardly change the picture are not
    trusted. margin: logits beyond those of the arrival that a step aims at for the goals, as slopes are right to first
    order only. drift: share of the drift of held attributes that a step undoes. views: pictures that the goals are
    looked at through, see `GradientWalk`. ridge: relative damping of the linear system where it keeps held attributes.
    batch: codes at once, fewer when their pictures are large; where they come to depends on it by rounding alone.
    """

    steps: int = 16
    stride: float = 0.5
    longest: float = 4.0
    damping: float = 1.0
    margin: float = 0.8
    drift: float = 0.5
    views: int = 2
    ridge: float = 0.02
    batch: int = 32

    def __post_init__(self) -> None:
        if min(self.steps, self.views, self.batch) < 1 or min(self.stride, self.longest, self.damping) <= 0:
            raise ValueError(
                "expected at least one step, one view and one code at a time, and a positive stride, longest stride "
                f"and damping, got {self}"
            )

    def home(
        self,
        generator: Generator,
        walk: Walk,
        scorer: Scorer,
        goals: Sequence[Goal],
        held: Sequence[str],
        metric: Float[Tensor, "b d d"],
    ) -> Walk:
        """The walk and its way home, for codes that arrived; the others stay where they are.

        metric: of the space where the codes walked, a block per layer, see `inversion.metric`. Codes arrive still: by
        the picture, and by the mean of the views as well as before. Steps and paths are longer by those of the way
        home. Raises ValueError as `check` does.
        """
        region = Region.of(generator) if walk.latents.space in SPACES and "w" in generator.spaces else None
        inverse = damped_inverse(metric, self.damping, None if region is None else region.whitener)
        _, height, width = generator.image_shape
        size = max(1, min(self.batch, RENDER_PIXELS // (height * width)))
        parts = [walk[i : i + size] for i in range(0, len(walk), size)]
        return Walk.concatenate([self._home(generator, part, scorer, goals, held, inverse) for part in parts])

    def check(self, generator: Generator, latents: Latents, scorer: Scorer, goals: Sequence[Goal]) -> None:
        """Raises ValueError for no goals, and for a generator or a scorer that gives no gradient."""
        if not goals:
            raise ValueError("only a walk to a goal can hold the picture: leave picture out, or name a goal")
        some = latents[:1].to(generator.device)
        self._look(generator, some, scorer, goals, (), scales(generator.render(some)))

    def _home(
        self,
        generator: Generator,
        walk: Walk,
        scorer: Scorer,
        goals: Sequence[Goal],
        held: Sequence[str],
        inverse: Float[Tensor, "b d d"],
    ) -> Walk:
        # 1. Who goes: codes that arrived, and not where they stood. What they see there.
        moved = (walk.latents.values != walk.start.values).flatten(1).any(1)
        going = torch.nonzero(walk.reached & moved)[:, 0]
        if len(going) == 0:
            return walk
        columns = [attribute_index(scorer, goal.attribute) for goal in goals]
        held_columns = [attribute_index(scorer, name) for name in held]
        signs, targets = walk.before.new_tensor([(goal.sign, logit(goal.target)) for goal in goals]).T
        start, end = walk.start[going], walk.latents[going]
        home, values, before = scales(generator.render(start)), end.values.clone(), walk.before[going]
        seen = self._look(generator, end, scorer, goals, held, home)
        arrival, adrift = seen.views.clone(), (seen.logits - before)[:, held_columns].norm(dim=1)
        stride, margin = torch.full_like(seen.far, self.stride), torch.full_like(seen.far, self.margin)
        steps, paths = torch.zeros_like(going), [[path] for path in walk.paths]

        for _ in range(self.steps):
            active = torch.nonzero((stride >= SHORTEST) & (seen.far > 0))[:, 0]
            if len(active) == 0:
                break
            # 2. A step that brings the picture closer, leaves the goals a margin beyond where they must be, and takes
            # the held ones back.
            here, level = seen.of(active), arrival[active]
            lacking = torch.stack([level - here.views, targets - here.logits[:, columns]]) * signs
            drift = self.drift * (before[active] - here.logits)[:, held_columns]
            wanted = torch.cat([signs * (lacking.amax(0) + margin[active, None]), drift], 1)
            delta = self._step(here, wanted, stride[active], inverse)
            tried = end[active].with_values(values[active] + delta.view_as(values[active]).to(values))
            # 3. It is taken if it did. If not, the next one is shorter; its margin is wider where goals were lost, and
            # narrower where it took all that the picture would have gained.
            there = self._look(generator, tried, scorer, goals, held, [side[active] for side in home])
            kept = all_reached(goals, there.logits, scorer) & ((there.views - level) * signs >= 0).all(1)
            kept &= (there.logits - before[active])[:, held_columns].norm(dim=1) <= adrift[active] + SLACK
            taken = kept & (there.far < here.far)
            to = active[taken]
            values[to] = tried.values[taken]
            seen.put(to, there.of(taken))
            stride[active] = torch.where(taken, (1.5 * stride[active]).clamp(max=self.longest), 0.5 * stride[active])
            other = torch.where(kept, 0.25 * margin[active], (2 * margin[active]).clamp(max=2 * self.margin))
            margin[active] = torch.where(taken, margin[active], other)
            steps[active] += 1
            for i in to.tolist():
                if (row := int(going[i])) < len(paths):
                    paths[row].append(values[i : i + 1].clone())

        # 4. Those who went have come somewhere else.
        ends, after, counts = walk.latents.values.clone(), walk.after.clone(), walk.steps.clone()
        ends[going], after[going], counts[going] = values, seen.logits, counts[going] + steps
        return replace(
            walk,
            latents=walk.latents.with_values(ends),
            after=after,
            steps=counts,
            paths=[torch.cat(path) for path in paths],
        )

    def _step(
        self,
        seen: Seen,
        wanted: Float[Tensor, "n k"],
        stride: Float[Tensor, "n"],
        inverse: Float[Tensor, "b d d"],
    ) -> Float[Tensor, "n d"]:
        """Towards the picture of the start by the stride, corrected so that the logits change as wanted.

        The correction is the smallest in the metric M: M^-1 R' (R M^-1 R')^-1 (wanted - R step), R the slopes of the
        logits.
        """
        step = -stride[:, None] * through(inverse, seen.uphill)
        across = through(inverse, seen.rows)
        gram = seen.rows @ across.mT
        # What the damping leaves undone of the goals would be lost, at any stride: for them there is next to none.
        share = torch.full_like(wanted, self.ridge)
        share[:, : seen.views.shape[1]] = GOALS_RIDGE
        damping = (share * gram.diagonal(dim1=1, dim2=2).mean(1, keepdim=True)).clamp(min=1e-12)
        lacking = wanted - (seen.rows @ step[:, :, None])[:, :, 0]
        shares = torch.linalg.solve(gram + torch.diag_embed(damping), lacking[:, :, None])
        return step + (across.mT @ shares)[:, :, 0]

    def _look(
        self,
        generator: Generator,
        latents: Latents,
        scorer: Scorer,
        goals: Sequence[Goal],
        held: Sequence[str],
        home: Sequence[Float[Tensor, "n c _ _"]],
    ) -> Seen:
        """How far the pictures are from home, the logits, and the slopes of all that a step minds."""
        columns = [attribute_index(scorer, goal.attribute) for goal in goals]
        minded = [*columns, *(attribute_index(scorer, name) for name in held)]
        values = latents.values.detach().requires_grad_()
        with torch.enable_grad():
            images = generator.synthesize(latents.with_values(values))
            if not images.requires_grad:
                raise ValueError("this generator gives no gradient, so its pictures cannot be held: leave picture out")
            # The scorer is followed back to the pictures one view at a time, and the generator once for all.
            seen = images.detach().requires_grad_()
            logits = scorer(seen)
            if not logits.requires_grad:
                raise ValueError("this scorer gives no gradient, so no picture can be held for it: leave picture out")
            slopes, views = image_slopes(logits, minded, seen), logits.detach()[:, columns]
            for copy in look(seen, self.views - 1, torch.zeros(len(seen), dtype=torch.long, device=seen.device)):
                again = scorer(copy)
                views = views + again.detach()[:, columns]
                for total, slope in zip(slopes, image_slopes(again, columns, seen), strict=False):
                    total += slope
            for total in slopes[: len(columns)]:
                total /= self.views
            far = distance(scales(seen), home)
            slopes.append(torch.autograd.grad(far.sum(), seen)[0])
            rows = [
                torch.autograd.grad(images, values, slope, retain_graph=i < len(slopes) - 1)[0].flatten(1).float()
                for i, slope in enumerate(slopes)
            ]
        return Seen(far.detach(), logits.detach(), views / self.views, rows[-1], torch.stack(rows[:-1], 1))


def scales(images: Float[Tensor, "n c h w"]) -> list[Float[Tensor, "n c h2 w2"]]:
    """Pictures at one quarter, one eighth, ... of their size, down to one pixel or a row of them.

    What a goal draws should not count as much as skin and light, which show at every scale.
    """
    sides = [images.float()]
    while min(sides[-1].shape[2:]) > 1:
        sides.append(F.avg_pool2d(sides[-1], 2))
    return sides[2:] or sides[-1:]


def distance(
    images: Sequence[Float[Tensor, "n c _ _"]], others: Sequence[Float[Tensor, "n c _ _"]]
) -> Float[Tensor, "n"]:
    """Half the mean squared difference of two pictures, averaged over their scales."""
    parts = [(one - other).square().mean((1, 2, 3)) for one, other in zip(images, others, strict=True)]
    return torch.stack(parts).mean(0) / 2


def damped_inverse(
    metric: Float[Tensor, "b d d"], damping: float, whitener: Float[Tensor, "d d"] | None = None
) -> Float[Tensor, "b d d"]:
    """(M + damping * mean eigenvalue)^-1 of each block, found in float64 on the CPU.

    whitener: after it codes vary alike in every direction, where they do not by themselves; the damping is that of
    whitened codes, so that steps keep to directions in which codes vary.
    """
    wide = metric.cpu().double()
    turn = torch.eye(wide.shape[-1], dtype=wide.dtype) if whitener is None else whitener.cpu().double().inverse()
    white = turn @ wide @ turn.mT
    extra = (damping * white.diagonal(dim1=1, dim2=2).mean(1)).clamp(min=1e-12)
    inverse = torch.linalg.inv(white + torch.diag_embed(extra[:, None].expand(white.shape[:2])))
    return (turn.mT @ inverse @ turn).to(metric)


def through(inverse: Float[Tensor, "b d d"], rows: Float[Tensor, "*n e"]) -> Float[Tensor, "*n e"]:
    """Rows of e = b d numbers times the inverse, block by block."""
    blocks = rows.unflatten(-1, inverse.shape[:2])
    return torch.einsum("...bi,bij->...bj", blocks, inverse).flatten(-2)
