"""Edit: codes + attributes + targets -> codes whose pictures reach the targets, and a receipt of what else moved."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import SupportsFloat

import torch
from jaxtyping import Bool
from PIL import Image
from torch import Tensor

from latentwalk.generator import RENDER_BATCH, Generator
from latentwalk.images import save_image
from latentwalk.jobs.before_after import KIND, edit_card, noted_sheet
from latentwalk.jobs.held_picture import PICTURE, describe_homing, read_held, way_home
from latentwalk.jobs.recipes import describe_walker
from latentwalk.jobs.stopping import check_realism, stopped
from latentwalk.jobs.walked import Walked
from latentwalk.jobs.walkers import find_walk
from latentwalk.latents import Latents
from latentwalk.notebook import Shown
from latentwalk.realism import Realism
from latentwalk.receipts import EditRecipe, PictureRecipe, Receipt, Source, describe_codes, describe_codes_walked
from latentwalk.scorers.agreeing import Agreeing
from latentwalk.scorers.callable import Scoring, as_scorer
from latentwalk.scores import Scorer, Unscored, attribute_index, score
from latentwalk.version import VERSION
from latentwalk.walk import UP, Goal, Walker, read_goals
from latentwalk.walks.gradient import GradientWalk
from latentwalk.walks.homing import Homing


@dataclass(frozen=True, eq=False)
class Edited(Walked, Shown):
    """What came of an edit: how the codes walked, by what, and the receipt of it.

    A single index or a slice gives the edit of those codes alone.
    """

    def _repr_html_(self) -> str:
        """The first codes before and after, and what the edit changed in all of them."""
        return edit_card(self)

    def __repr__(self) -> str:
        goals = ", ".join(getattr(self.receipt.recipe, "goals", {}))
        return f"Edited: {int(self.reached.sum())} of {len(self)} codes reached {goals or 'where they were sent'}"

    def picture(self, show: int = 12) -> Image.Image:
        """The first `show` codes before and after, as one sheet."""
        shown = self[:show]
        return noted_sheet(shown, PictureRecipe(kind=KIND, show=show))

    def save(self, path: str | Path, show: int = 12) -> None:
        """Write the picture with its receipt inside: `replay` makes it again. `jobs.figures` has other pictures.

        path: it ends in .png, .jpg, .jpeg or .webp. Raises ValueError for another one.
        """
        receipt = self[:show].receipt.model_copy(update={"picture": PictureRecipe(kind=KIND, show=show)})
        save_image(path, self.picture(show), receipt.to_json())


def edit(
    generator: Generator,
    latents: Latents,
    scorer: Scoring | None = None,
    attribute: str | Iterable[str] | None = None,
    target: float = UP,
    *,
    goals: Mapping[str, float] | None = None,
    hold: str | Iterable[str] = (),
    walk: Walker | str | None = None,
    second: Scoring | None = None,
    homing: Homing | None = None,
    judge: Scoring | None = None,
    frames: bool = False,
    realism: bool = True,
    stop_at_realism: float | None = None,
) -> Edited:
    """Move every code until its picture has the attribute.

    generator: pictures are rendered with its options, see `Generator.with_options`.
    scorer: what tells attributes, or any function from images to logits [n, a] or [n]; a walk by fixed strengths needs
    none.
    attribute, target: what to reach: a probability of at least 0.5 is a floor (p >= target), a smaller one a ceiling.
    Several attributes share the target; {attribute: target} is the same as `goals`.
    goals: several at once, {attribute: target}, instead of or beside `attribute`.
    hold: attributes whose logits should stay where they are, "others" for all that are not goals, and "picture" for
    what pictures show besides the goals: person, colours, light and background (of a scorer that has an attribute of
    that name the attribute is meant). Any of them together: ["others", "picture"].
    walk: how: GradientWalk() (along classifier gradients, the default), BoundaryWalk(directions) (as far along fixed
    directions as each picture needs), FixedWalk(directions, strengths), which takes no goals, any `Walker`, or a word
    of `jobs.walkers.KINDS`, such as "auto".
    homing: how the picture is held, where it is; Homing() if None.
    second: another scorer that has to be convinced too: goals count as whoever is less convinced says (see
    `scorers.agreeing.Agreeing`). A walk takes longer by what it takes to look, and fools an independent judge less.
    judge: a scorer that takes no part; the receipt then says per code whether it agrees (p on the goals' side of one
    half).
    frames: keep every code on the way.
    realism: say per code how usual its picture is among those that the generator draws by itself, see `Realism`. The
    first edit of a generator looks at 3,000 samples for that, once.
    stop_at_realism: the share of samples that have to be as far out as the pictures, in (0, 1), such as 0.01: every
    walk ends at its last place before. A sweep, which goes from one strength to another, cannot.
    Codes that do not arrive are given back with `reached` False. Raises ValueError for an unknown attribute, a target
    or a realism outside (0, 1), codes of another generator, or a picture that is to be held without gradients.
    """
    wanted = {**read_targets(attribute or (), target), **read_targets(goals or (), target)}
    parts = edit_batches(
        generator,
        latents,
        scorer,
        wanted,
        hold=hold,
        walk=walk,
        homing=homing,
        second=second,
        judge=judge,
        frames=frames,
        realism=realism,
        stop_at_realism=stop_at_realism,
    )
    return Edited.concatenate(list(parts))


def edit_batches(
    generator: Generator,
    latents: Latents,
    scorer: Scoring | None,
    goals: Mapping[str, float],
    *,
    hold: str | Iterable[str] = (),
    walk: Walker | str | None = None,
    second: Scoring | None = None,
    homing: Homing | None = None,
    judge: Scoring | None = None,
    frames: bool = False,
    realism: bool = True,
    stop_at_realism: float | None = None,
) -> Iterator[Edited]:
    """The same as `edit`, batch by batch, so that any number of codes fits into memory.

    What `edit` raises is raised by the call itself, before the first batch is asked for.
    """
    scorer = as_scorer(scorer, generator) if scorer is not None else Unscored()
    walker = find_walk(walk, generator, scorer, latents) if isinstance(walk, str) else walk or GradientWalk()
    second, judge = (None if each is None else as_scorer(each, generator) for each in (second, judge))
    if not isinstance(walker, Walker):
        raise ValueError(
            f"expected a walk, such as GradientWalk() or any object with a method walk, got {type(walker).__name__}"
        )
    wanted = read_goals(goals, scorer)
    if not wanted and not getattr(walker, "aimless", False):
        raise ValueError("expected at least one attribute to change, got none")
    looking = scorer if second is None else Agreeing(scorer, second, wanted)
    held, picture = read_held(hold, scorer, wanted)
    check_realism(stop_at_realism, walker)
    generator.check(latents)
    if len(latents) == 0:
        raise ValueError("expected at least one code to edit, got none")
    homing = (homing or Homing()) if picture else None
    lead_home = way_home(homing, generator, latents, looking, wanted, held)
    recipe = EditRecipe(
        generator=Source.of(generator),
        drawing=generator.options,
        scorer=describe_scorer(scorer),
        second=describe_scorer(second) if second else None,
        judge=describe_scorer(judge) if judge else None,
        codes=describe_codes(generator, latents),
        goals={goal.attribute: goal.target for goal in wanted},
        hold=[*held, PICTURE] if picture else held,
        homing=describe_homing(homing),
        walk=describe_walker(walker),
        stop_at_realism=stop_at_realism,
    )
    receipt = Receipt(latentwalk=VERSION, recipe=recipe)

    samples = cache(lambda space: Realism.of(generator, space))

    def edit_batch(part: Latents) -> Edited:
        kept = frames or stop_at_realism is not None
        walked = lead_home(walker.walk(generator, part.to(generator.device), looking, wanted, held, kept))
        if stop_at_realism is not None:
            walked = stopped(walked, generator, looking, wanted, samples(walked.latents.space), stop_at_realism)
            walked = walked if frames else walked.without_paths()
        confirmed = confirm(generator, walked.latents, judge, wanted)
        usual = None
        if realism:
            usual = samples(walked.start.space).usual(walked.start), samples(walked.latents.space).usual(walked.latents)
        codes = describe_codes_walked(walked, scorer.attributes, confirmed, usual)
        return Edited(generator, looking, walked, receipt.model_copy(update={"codes": codes}))

    together = getattr(walker, "handed", getattr(walker, "batch", RENDER_BATCH))
    return map(edit_batch, latents.split(together))


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
