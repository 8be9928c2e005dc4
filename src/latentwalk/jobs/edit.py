"""Edit: codes + attributes + targets -> codes whose pictures reach the targets, and a receipt of what else moved."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from latentwalk.edits import codes_for
from latentwalk.generator import RENDER_BATCH, Generator
from latentwalk.latents import Latents, concatenate
from latentwalk.receipts import (
    BoundaryWalk,
    CodeReceipt,
    EditRecipe,
    GradientWalk,
    Receipt,
    ShiftWalk,
    Source,
    describe_change,
    describe_codes,
    describe_direction,
)
from latentwalk.scores import Scorer, attribute_index, score
from latentwalk.version import VERSION
from latentwalk.walk import UP, Goal, Walk, read_goals
from latentwalk.walks.along import Along
from latentwalk.walks.ascend import Ascent
from latentwalk.walks.shifts import Shifts


@runtime_checkable
class Walker(Protocol):
    """A way of walking; see walks/."""

    def walk(
        self,
        generator: Generator,
        latents: Latents,
        scorer: Scorer,
        goals: Sequence[Goal],
        held: Sequence[str] = (),
        keep_paths: bool = False,
    ) -> Walk: ...


@dataclass(frozen=True, eq=False)
class Edited:
    """What came of an edit.

    start, latents: the codes before and after [n, ...]. reached: whether every target is reached [n]. steps: how many
    steps each walk took [n]. logits_before, logits: by the scorer [n, a]. receipt: scores before and after, distance,
    recipe. paths: per code its values [k, ...] from start to end, when frames were asked for.
    """

    generator: Generator
    scorer: Scorer
    start: Latents
    latents: Latents
    reached: Bool[Tensor, "n"]
    steps: Int[Tensor, "n"]
    logits_before: Float[Tensor, "n a"]
    logits: Float[Tensor, "n a"]
    receipt: Receipt
    paths: Sequence[Tensor] | None = None

    def __len__(self) -> int:
        return len(self.latents)

    @cached_property
    def images(self) -> Float[Tensor, "n c h w"]:
        """The pictures after the edit, in [-1, 1]; rendered when first asked for."""
        return self.generator.render(self.latents)

    @cached_property
    def images_before(self) -> Float[Tensor, "n c h w"]:
        """The pictures before the edit, in [-1, 1]."""
        return self.generator.render(self.start)

    def path(self, index: int) -> Latents:
        """The codes of one walk from start to end. Raises ValueError when frames were not asked for."""
        if self.paths is None:
            raise ValueError("this edit kept no frames: edit with frames=True")
        values = self.paths[index]
        return self.start[[index] * len(values)].with_values(values)


def edit(
    generator: Generator,
    latents: Latents,
    scorer: Scorer,
    attribute: str | None = None,
    target: float = UP,
    *,
    goals: Mapping[str, float] | None = None,
    hold: str | Iterable[str] = (),
    walk: Walker | None = None,
    judge: Scorer | None = None,
    frames: bool = False,
) -> Edited:
    """Move every code until its picture has the attribute.

    generator: pictures are drawn with its options, see `Generator.with_options`.
    attribute, target: what to reach: a probability of at least 0.5 is a floor (p >= target), a smaller one a ceiling.
    goals: several at once, {attribute: target}, instead of or beside `attribute`.
    hold: attributes whose logits should stay where they are, or "others" for all that are not goals.
    walk: how: Ascent() (classifier gradients, the default), Along(directions) (as far along fixed boundaries as each
    picture needs), or Shifts(directions, strengths), which takes no goals.
    judge: a second scorer; the receipt then says per code whether it agrees (p on the goals' side of one half).
    frames: keep every code on the way.
    Codes that do not arrive are given back with `reached` False. Raises ValueError for an unknown attribute, a target
    outside (0, 1), or codes of another generator.
    """
    wanted = {**({attribute: target} if attribute else {}), **(goals or {})}
    parts = list(edit_batches(generator, latents, scorer, wanted, hold=hold, walk=walk, judge=judge, frames=frames))
    return join_edits(parts)


def edit_batches(
    generator: Generator,
    latents: Latents,
    scorer: Scorer,
    goals: Mapping[str, float],
    *,
    hold: str | Iterable[str] = (),
    walk: Walker | None = None,
    judge: Scorer | None = None,
    frames: bool = False,
) -> Iterator[Edited]:
    """The same as `edit`, batch by batch, so that any number of codes fits into memory.

    What `edit` raises is raised by the call itself, before the first batch is asked for.
    """
    walker = walk or Ascent()
    wanted = () if isinstance(walker, Shifts) and not goals else read_goals(goals, scorer)
    held = read_held(hold, scorer, wanted)
    generator.check(latents)
    recipe = EditRecipe(
        generator=Source(source=generator.source, fingerprint=generator.fingerprint),
        drawing=generator.drawing,
        scorer=describe_scorer(scorer),
        judge=describe_scorer(judge) if judge else None,
        codes=describe_codes(generator, latents),
        goals={goal.attribute: goal.target for goal in wanted},
        hold=held,
        walk=describe_walk(walker),
    )
    if len(latents) == 0:
        raise ValueError("expected at least one code to edit, got none")
    if isinstance(walker, Along | Shifts):  # fixed directions move codes of their space
        latents = codes_for(generator, latents, *walker.directions)
    return (
        _edit_batch(generator, part.to(generator.device), scorer, wanted, held, walker, judge, frames, recipe)
        for part in latents.split(getattr(walker, "batch", RENDER_BATCH))
    )


def _edit_batch(
    generator: Generator,
    start: Latents,
    scorer: Scorer,
    goals: Sequence[Goal],
    held: Sequence[str],
    walker: Walker,
    judge: Scorer | None,
    frames: bool,
    recipe: EditRecipe,
) -> Edited:
    walk = walker.walk(generator, start, scorer, goals, held, frames)
    rows = describe_change(scorer.attributes, start, walk.latents.values, walk.before, walk.after)
    confirmed = confirm(generator, walk.latents, judge, goals)
    codes = [
        CodeReceipt(
            reached=bool(walk.reached[i]),
            steps=int(walk.steps[i]),
            confirmed=None if confirmed is None else bool(confirmed[i]),
            **row,  # pyright: ignore[reportArgumentType]
        )
        for i, row in enumerate(rows)
    ]
    receipt = Receipt(latentwalk=VERSION, recipe=recipe, codes=codes)
    return Edited(
        generator,
        scorer,
        start,
        walk.latents,
        walk.reached,
        walk.steps,
        walk.before,
        walk.after,
        receipt,
        walk.paths,
    )


def join_edits(parts: Sequence[Edited]) -> Edited:
    """One edit of all codes from those of consecutive batches. Paths end with the batches that kept theirs."""
    first = parts[0]
    if len(parts) == 1:
        return first
    start = concatenate([part.start for part in parts])
    reached, steps = (torch.cat([getattr(part, name) for part in parts]) for name in ("reached", "steps"))
    before, after = (torch.cat([getattr(part, name) for part in parts]) for name in ("logits_before", "logits"))
    return Edited(
        first.generator,
        first.scorer,
        start,
        start.with_values(torch.cat([part.latents.values for part in parts])),
        reached,
        steps,
        before,
        after,
        first.receipt.model_copy(update={"codes": [code for part in parts for code in part.receipt.codes]}),
        None if first.paths is None else [path for part in parts for path in part.paths or ()],
    )


def read_held(hold: str | Iterable[str], scorer: Scorer, goals: Sequence[Goal]) -> list[str]:
    """Names of the attributes that are held. Raises ValueError for an unknown one, or one that is a goal too."""
    wanted = {goal.attribute for goal in goals}
    if hold == "others":
        return [name for name in scorer.attributes if name not in wanted]
    held = [hold] if isinstance(hold, str) else list(hold)
    for name in held:
        attribute_index(scorer, name)
        if name in wanted:
            raise ValueError(f"{name!r} cannot be held and changed at once: leave it out of one of the two")
    return held


def confirm(
    generator: Generator, latents: Latents, judge: Scorer | None, goals: Sequence[Goal]
) -> Bool[Tensor, "n"] | None:
    """Whether the judge puts the goals that it knows on the goals' side of one half; None when it knows none."""
    known = [goal for goal in goals if judge and goal.attribute in judge.attributes]
    if judge is None or not known:
        return None
    logits = score(generator, judge, latents)
    return torch.stack([goal.sign * logits[:, attribute_index(judge, goal.attribute)] >= 0 for goal in known]).all(0)


def describe_scorer(scorer: Scorer) -> Source:
    return Source(source=getattr(scorer, "source", ""), fingerprint=getattr(scorer, "fingerprint", ""))


def describe_walk(walker: Walker) -> GradientWalk | BoundaryWalk | ShiftWalk:
    """A walker as plain data. Raises ValueError for one that a receipt cannot name."""
    if isinstance(walker, Ascent):
        return GradientWalk(settings=asdict(walker))
    if isinstance(walker, Along):
        settings = {name: value for name, value in vars(walker).items() if name != "directions"}
        return BoundaryWalk(settings=settings, directions=[describe_direction(d) for d in walker.directions])
    if isinstance(walker, Shifts):
        rows = [describe_direction(d) for d in walker.directions]
        return ShiftWalk(directions=rows, strengths=list(walker.strengths), place=walker.place)
    raise ValueError(
        f"expected Ascent(), Along(directions) or Shifts(directions, strengths), got {type(walker).__name__}"
    )
