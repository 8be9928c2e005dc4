"""What stands under the pictures of an edit: what it is about, how probable that is, and how far it went."""

from collections.abc import Sequence

from torch import Tensor

from latentwalk.jobs.recipes import read_walker
from latentwalk.jobs.walked import Walked
from latentwalk.latents import Latents
from latentwalk.receipts import EditRecipe, PictureRecipe, WalkRecipe, read_direction
from latentwalk.walk import Goal
from latentwalk.walks.fixed import FixedWalk

MISSED, STRANGER = "not reached", "like no sample"
"""What pictures are marked with."""


def goals_of(edited: Walked) -> list[Goal]:
    recipe = edited.receipt.recipe
    return [Goal(name, target) for name, target in getattr(recipe, "goals", {}).items()]


def subjects(edited: Walked) -> list[str]:
    """The attributes that an edit is about: its goals, else those that its directions are named after, else the one
    that it changed most; none for a scorer that has none."""
    goals = [goal.attribute for goal in goals_of(edited)]
    walk = getattr(edited.receipt.recipe, "walk", None)
    named = [plain.name for plain in walk.directions] if walk else []
    known = list(dict.fromkeys(name for name in named if name in edited.scorer.attributes))
    return goals or known or ([most_changed(edited)] if edited.scorer.attributes else [])


def captions(edited: Walked, logits: Tensor, names: Sequence[str], how: PictureRecipe) -> list[str]:
    """Per code the probability of each attribute, a line each."""
    columns = [edited.scorer.attributes.index(name) for name in names]
    rows = logits[:, columns].sigmoid().tolist()
    if how.edition == 1:
        shown = ["p"] if len(names) == 1 and goals_of(edited) else names
        return ["\n".join(f"{name} {percent(p, '0')}" for name, p in zip(shown, row, strict=True)) for row in rows]
    return ["\n".join(f"{name} {percent(p)}" for name, p in zip(names, row, strict=True)) for row in rows]


def percent(probability: float, zero: str = "") -> str:
    """Three digits, and never 1.000 for what is less. zero: what stands before the point."""
    digits = f"{min(probability, 0.999) if probability < 1 else 1.0:.3f}"
    return zero + digits[1:] if digits.startswith("0") else digits


def strengths(edited: Walked, codes: Latents, start: Latents) -> list[str]:
    """Per code how far a fixed walk has moved it, "hat +1.0", or placed it, "hat at +1.0"; "" for other walks."""
    recipe = edited.receipt.recipe
    walk = recipe.walk if isinstance(recipe, EditRecipe) else WalkRecipe(kind="")
    if walk.kind != "fixed":
        return [""] * len(codes)
    walker = read_walker(walk)
    assert isinstance(walker, FixedWalk)
    lines, begin = [], walker.begin or [0.0] * len(walk.directions)
    for plain, first in zip(walk.directions, begin, strict=True):
        direction = read_direction(plain)
        along = direction.distance(codes)
        if walker.place:
            lines.append([f"{plain.name} at {signed(value)}" for value in along.tolist()])
        else:
            moved = along - direction.distance(start) + first
            lines.append([f"{plain.name} {signed(value)}" for value in moved.tolist()])
    return ["\n".join(texts) for texts in zip(*lines, strict=True)]


def under(edited: Walked, codes: Latents, start: Latents, logits: Tensor, how: PictureRecipe) -> list[str]:
    """The whole caption of each code on its way: the strength of a fixed walk, and the probabilities."""
    scores = captions(edited, logits, subjects(edited), how)
    if how.edition == 1:
        return scores
    return ["\n".join(filter(None, lines)) for lines in zip(strengths(edited, codes, start), scores, strict=True)]


def marks_of(edited: Walked) -> list[str]:
    """Per code what a person has to know about its picture, a line each: that it did not arrive, that it looks like no
    sample of the generator; "" for the others."""
    marks = []
    for reached, code in zip(edited.reached.tolist(), edited.receipt.codes, strict=True):
        marks.append("\n".join([*([] if reached else [MISSED]), *([STRANGER] if code.strange else [])]))
    return marks


def signed(strength: float) -> str:
    """One digit and a sign; never -0.0."""
    return f"{round(strength, 1) or 0.0:+.1f}"


def share_shown(edited: Walked) -> str:
    """ "6 of 16 codes" where a picture shows fewer than were edited, else ""."""
    total = edited.receipt.recipe.codes.count
    return f"{len(edited)} of {total:,} codes" if len(edited) < total else ""


def most_changed(edited: Walked, besides: str | None = None) -> str:
    """The attribute whose logits an edit changed most, its goals and `besides` left out where there are others.

    Raises ValueError when there is none.
    """
    change = (edited.after - edited.before).abs().mean(0)
    names = edited.scorer.attributes
    goals = {goal.attribute for goal in goals_of(edited)} | {besides}
    others = [i for i, name in enumerate(names) if name not in goals] or [
        i for i, name in enumerate(names) if name != besides
    ]
    if not others:
        raise ValueError("a plane needs a scorer of at least two attributes, this one has one")
    return names[max(others, key=lambda i: float(change[i]))]
