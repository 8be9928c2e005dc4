"""An edit as pairs of pictures, before and after: on a sheet, and as the card of a notebook."""

from PIL import Image

from latentwalk.jobs.captions import captions, goals_of, marks_of, percent, share_shown, strengths, subjects, under
from latentwalk.jobs.walked import Walked
from latentwalk.notebook import MOST_PICTURES, Html, bar, card, counted, figures, lines, pairs, table
from latentwalk.pictures.grid import before_after
from latentwalk.pictures.layout import noted
from latentwalk.receipts import PictureRecipe
from latentwalk.seeds import seed_name

KIND = "before-after"
"""What receipts call the sheet."""


def before_after_sheet(edited: Walked, how: PictureRecipe) -> Image.Image:
    """Pairs with the probabilities under them; codes that did not arrive are marked, and pictures like no sample."""
    before, after = _words(edited, how)
    if edited.start.seeds is not None:
        before = [f"{seed}\n{text}" for seed, text in zip(_seeds(edited), before, strict=True)]
    texts = list(zip(before, after, strict=True))
    columns = how.columns or 3
    return before_after(edited.images_before, edited.images, texts, marks_of(edited), columns, how.scale)


def noted_sheet(edited: Walked, how: PictureRecipe) -> Image.Image:
    """The same, with how many codes of how many it shows."""
    return noted(before_after_sheet(edited, how), share_shown(edited))


def edit_card(edited: Walked) -> Html:
    """The first codes before and after, and what the edit changed in all of them."""
    shown, count = edited[: MOST_PICTURES // 2], len(edited)
    words = [_story(shown[i]) for i in range(len(shown))]
    cells = list(zip(pairs(shown.images_before, shown.images), words, strict=True))
    goals = goals_of(edited)
    facts = {
        "asked": ", ".join(f"{goal.attribute} {percent(goal.target)}" for goal in goals),
        "held": ", ".join(getattr(edited.receipt.recipe, "hold", ())),
        "reached": f"{int(edited.reached.sum())} of {count}" if goals else "",
        "steps": f"{float(edited.steps.float().median()):g} at the median",
    }
    return card(f"{counted(count, 'code')} edited: before, after", facts, figures(cells, count), _changes(edited))


def _story(one: Walked) -> Html:
    """Of one code: its seed, how far a fixed walk moved it, what became of what the edit is about."""
    columns = [one.scorer.attributes.index(name) for name in subjects(one)]
    ends = [logits[0].sigmoid().tolist() for logits in (one.before, one.after)]
    said = [f"{one.scorer.attributes[i]} {percent(ends[0][i])} → {percent(ends[1][i])}" for i in columns]
    return lines(
        "\n".join(filter(None, [*_seeds(one), *strengths(one, one.latents, one.start), *said, *marks_of(one)]))
    )


def _changes(edited: Walked) -> Html:
    """Mean probability of every attribute before and after, those that the edit is about first, then by change."""
    names = edited.scorer.attributes
    if not names:
        return Html()
    before, after = (logits.sigmoid().mean(0).tolist() for logits in (edited.before, edited.after))
    about = subjects(edited)
    order = sorted(range(len(names)), key=lambda i: (names[i] not in about, -abs(after[i] - before[i])))
    rows = [[names[i], percent(before[i]), percent(after[i]), bar(after[i] - before[i], 1.0)] for i in order]
    return table(["mean probability of", "before", "after", "change"], rows)


def _words(edited: Walked, how: PictureRecipe) -> tuple[list[str], list[str]]:
    """What stands under each picture before, and after."""
    before = captions(edited, edited.before, subjects(edited), how)
    return before, under(edited, edited.latents, edited.start, edited.after, how)


def _seeds(edited: Walked) -> list[str]:
    """ "seed 33" for each code, "" for those that have none."""
    seeds = edited.start.seeds
    return [""] * len(edited) if seeds is None else [f"seed {seed_name(seed)}" for seed in seeds.tolist()]
