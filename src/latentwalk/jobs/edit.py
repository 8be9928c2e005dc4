"""Edit: codes + attributes + targets -> codes whose pictures reach the targets, and a receipt of what else moved."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import SupportsFloat

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from latentwalk.generator import RENDER_BATCH, Generator
from latentwalk.jobs.recipes import describe_walker
from latentwalk.latents import Latents
from latentwalk.receipts import EditRecipe, Receipt, Source, describe_codes, describe_codes_walked
from latentwalk.scorers.callable import Scoring, as_scorer
from latentwalk.scores import Scorer, Unscored, attribute_index, score
from latentwalk.version import VERSION
from latentwalk.walk import UP, Goal, Walk, Walker, read_goals
from latentwalk.walks.gradient import GradientWalk


@dataclass(frozen=True, eq=False)
class Edited:
    """What came of an edit: how the codes walked, by what, and the receipt of it.

    A single index or a slice gives the edit of those codes alone.
    """

    generator: Generator
    scorer: Scorer
    walk: Walk
    receipt: Receipt

    def __len__(self) -> int:
        return len(self.walk)

    def __getitem__(self, index: int | slice) -> "Edited":
        walk = self.walk[index]
        rows = self.receipt.codes[index if isinstance(index, slice) else slice(index, index + 1 or None)]
        return replace(self, walk=walk, receipt=self.receipt.model_copy(update={"codes": rows}))

    @property
    def start(self) -> Latents:
        """The codes before the edit [n, ...], in the space where they walked."""
        return self.walk.start

    @property
    def latents(self) -> Latents:
        """The codes after the edit [n, ...]."""
        return self.walk.latents

    @property
    def reached(self) -> Bool[Tensor, "n"]:
        """Whether every target is reached."""
        return self.walk.reached

    @property
    def steps(self) -> Int[Tensor, "n"]:
        """How many steps each walk took."""
        return self.walk.steps

    @property
    def before(self) -> Float[Tensor, "n a"]:
        """Logits by the scorer before the edit."""
        return self.walk.before

    @property
    def after(self) -> Float[Tensor, "n a"]:
        """Logits by the scorer after the edit."""
        return self.walk.after

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
        return self.walk.path(index)

    def without_paths(self) -> "Edited":
        """The edit with the two ends of every walk alone."""
        return replace(self, walk=self.walk.without_paths())

    @staticmethod
    def concatenate(parts: "Sequence[Edited]") -> "Edited":
        """One edit of all codes from those of consecutive batches."""
        rows = [code for part in parts for code in part.receipt.codes]
        receipt = parts[0].receipt.model_copy(update={"codes": rows})
        return replace(parts[0], walk=Walk.concatenate([part.walk for part in parts]), receipt=receipt)


def edit(
    generator: Generator,
    latents: Latents,
    scorer: Scoring | None = None,
    attribute: str | Iterable[str] | None = None,
    target: float = UP,
    *,
    goals: Mapping[str, float] | None = None,
    hold: str | Iterable[str] = (),
    walk: Walker | None = None,
    judge: Scoring | None = None,
    frames: bool = False,
) -> Edited:
    """Move every code until its picture has the attribute.

    generator: pictures are rendered with its options, see `Generator.with_options`.
    scorer: what tells attributes, or any function from images to logits [n, a] or [n]; a walk by fixed strengths needs
    none.
    attribute, target: what to reach: a probability of at least 0.5 is a floor (p >= target), a smaller one a ceiling.
    Several attributes share the target; {attribute: target} is the same as `goals`.
    goals: several at once, {attribute: target}, instead of or beside `attribute`.
    hold: attributes whose logits should stay where they are, or "others" for all that are not goals.
    walk: how: GradientWalk() (along classifier gradients, the default), BoundaryWalk(directions) (as far along fixed
    directions as each picture needs), FixedWalk(directions, strengths), which takes no goals, or any `Walker`.
    judge: a second scorer; the receipt then says per code whether it agrees (p on the goals' side of one half).
    frames: keep every code on the way.
    Codes that do not arrive are given back with `reached` False. Raises ValueError for an unknown attribute, a target
    outside (0, 1), or codes of another generator.
    """
    wanted = {**read_targets(attribute or (), target), **read_targets(goals or (), target)}
    parts = list(edit_batches(generator, latents, scorer, wanted, hold=hold, walk=walk, judge=judge, frames=frames))
    return Edited.concatenate(parts)


def edit_batches(
    generator: Generator,
    latents: Latents,
    scorer: Scoring | None,
    goals: Mapping[str, float],
    *,
    hold: str | Iterable[str] = (),
    walk: Walker | None = None,
    judge: Scoring | None = None,
    frames: bool = False,
) -> Iterator[Edited]:
    """The same as `edit`, batch by batch, so that any number of codes fits into memory.

    What `edit` raises is raised by the call itself, before the first batch is asked for.
    """
    walker, scorer = walk or GradientWalk(), as_scorer(scorer, generator) if scorer is not None else Unscored()
    judge = as_scorer(judge, generator) if judge is not None else None
    if not isinstance(walker, Walker):
        raise ValueError(
            f"expected a walk, such as GradientWalk() or any object with a method walk, got {type(walker).__name__}"
        )
    wanted = read_goals(goals, scorer)
    if not wanted and not getattr(walker, "aimless", False):
        raise ValueError("expected at least one attribute to change, got none")
    held = read_held(hold, scorer, wanted)
    generator.check(latents)
    if len(latents) == 0:
        raise ValueError("expected at least one code to edit, got none")
    recipe = EditRecipe(
        generator=Source.of(generator),
        drawing=generator.options,
        scorer=describe_scorer(scorer),
        judge=describe_scorer(judge) if judge else None,
        codes=describe_codes(generator, latents),
        goals={goal.attribute: goal.target for goal in wanted},
        hold=held,
        walk=describe_walker(walker),
    )
    receipt = Receipt(latentwalk=VERSION, recipe=recipe)

    def edit_batch(part: Latents) -> Edited:
        walked = walker.walk(generator, part.to(generator.device), scorer, wanted, held, frames)
        confirmed = confirm(generator, walked.latents, judge, wanted)
        codes = describe_codes_walked(walked, scorer.attributes, confirmed)
        return Edited(generator, scorer, walked, receipt.model_copy(update={"codes": codes}))

    return map(edit_batch, latents.split(getattr(walker, "batch", RENDER_BATCH)))


def read_targets(wanted: str | Iterable[str] | Mapping[str, float], target: float) -> dict[str, float]:
    """{attribute: target} from one name or several, which share the target, or from targets by name.

    Raises ValueError for names that are no text, and for targets that are no numbers.
    """
    names = [wanted] if isinstance(wanted, str) else wanted
    pairs = list(names.items()) if isinstance(names, Mapping) else [(name, target) for name in names]
    for name, aim in pairs:
        if not isinstance(name, str) or not isinstance(aim, SupportsFloat):
            raise ValueError(
                f"expected attributes and probabilities, such as goals={{'smiling': 0.9}}, got {name!r}: {aim!r}"
            )
    return {name: float(aim) for name, aim in pairs}


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
    """A scorer as a receipt names it."""
    return Source.of(scorer)
