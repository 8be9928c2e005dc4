"""What a person sees of an edit: each kind of picture and animation, drawn from one `Edited`."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from latentwalk.files import check_writable
from latentwalk.images import save_png
from latentwalk.jobs.discover import discover
from latentwalk.jobs.edit import Edited
from latentwalk.latents import in_turn
from latentwalk.pictures.animation import frames, gif, mp4
from latentwalk.pictures.charts import dumbbell
from latentwalk.pictures.grid import before_after
from latentwalk.pictures.heatmap import heat
from latentwalk.pictures.plane import plane
from latentwalk.pictures.strip import strips, thin
from latentwalk.receipts import PictureRecipe
from latentwalk.scores import score
from latentwalk.walk import Goal

STRIP_FRAMES = 7
FILM_FRAMES = 20
PLANE_SAMPLES, PLANE_DOTS = 2000, 600
"""Codes that fit the two boundaries of the plane, and codes that are drawn as dots."""


def draw_before_after(edited: Edited, how: PictureRecipe) -> Image.Image:
    """Pairs with the probabilities under them; codes that did not arrive are marked."""
    names = subjects(edited)
    before, after = captions(edited, edited.before, names), captions(edited, edited.after, names)
    seeds = edited.start.seeds
    named = before if seeds is None else [f"seed {s}\n{text}" for s, text in zip(seeds.tolist(), before, strict=True)]
    pairs = list(zip(named, after, strict=True))
    columns = how.columns or 3
    return before_after(edited.images_before, edited.images, pairs, edited.reached.tolist(), columns, how.scale)


def draw_strip(edited: Edited, how: PictureRecipe) -> Image.Image:
    """One row per code: its walk, step by step, with the probability under every frame."""
    names = subjects(edited)
    rows, texts = [], []
    for i in range(len(edited)):
        path = edited.path(i)
        codes = path[thin(len(path), how.columns or STRIP_FRAMES)]
        rows.append(edited.generator.render(codes))
        texts.append(captions(edited, score(edited.generator, edited.scorer, codes), names))
    titles = [] if edited.start.seeds is None else [f"seed {seed}" for seed in edited.start.seeds.tolist()]
    return strips(rows, texts, titles, how.scale)


def draw_heat(edited: Edited, how: PictureRecipe) -> Image.Image:
    """Where the pictures changed."""
    return heat(edited.images_before, edited.images, columns=how.columns or 2, scale=how.scale)


def draw_chart(edited: Edited, how: PictureRecipe) -> Image.Image:
    """Mean probability of every attribute before and after: what the edit did and what it dragged along."""
    before, after = (logits.sigmoid().mean(0).cpu().numpy() for logits in (edited.before, edited.after))
    return dumbbell(edited.scorer.attributes, before, after, subjects(edited)[0])


def draw_plane(edited: Edited, how: PictureRecipe) -> Image.Image:
    """The boundary of the first goal seen from above, real codes, and the walks that cross it.

    Across: the direction of the first goal. Up: that of the attribute which the edit changed most besides.
    """
    first = subjects(edited)[0]
    second = how.second or _most_changed(edited, first)
    generator, scorer = edited.generator, edited.scorer
    labels = edited.start.labels
    space = generator.input_space.name
    found = discover(generator, ["logistic"], scorer, [first, second], PLANE_SAMPLES, 0, space, labels)["logistic"]
    dots = generator.sample(range(10**9, 10**9 + PLANE_DOTS), in_turn(labels, PLANE_DOTS))
    chances = score(generator, scorer, dots)[:, scorer.attributes.index(first)].sigmoid()

    def place(latents) -> np.ndarray:
        return torch.stack([found[name].distance(latents) for name in (first, second)], 1).cpu().numpy()

    walks = [place(edited.path(i)) for i in range(len(edited))]
    cosine = float(found[first].vector @ found[second].vector)
    return plane(place(dots), chances.cpu().numpy(), walks, (first, second), 0.0, edited.reached.tolist(), cosine)


Draw = Callable[[Edited, PictureRecipe], Image.Image]

PICTURES: dict[str, Draw] = {
    "before-after": draw_before_after,
    "strip": draw_strip,
    "heat": draw_heat,
    "chart": draw_chart,
    "plane": draw_plane,
}
"""Pictures of an edit by name; each becomes a PNG with its receipt inside."""

ANIMATIONS = {"gif": gif, "mp4": mp4}
"""Films of an edit by name."""

NEED_PATHS = {"strip", "plane", *ANIMATIONS}
"""Kinds for which an edit must keep its frames."""


def save_picture(edited: Edited, path: str | Path, how: PictureRecipe) -> Image.Image:
    """Draw the first `how.show` codes and write a PNG with the receipt of what it shows inside."""
    shown = edited[: how.show]
    receipt = shown.receipt.model_copy(update={"picture": how})
    picture = draw(shown, how)
    save_png(path, picture, receipt.to_json())
    return picture


def draw(edited: Edited, how: PictureRecipe) -> Image.Image:
    """One picture of all codes of an edit. Raises ValueError for an unknown kind."""
    if how.kind not in PICTURES:
        raise ValueError(f"no picture {how.kind!r}: there are {', '.join(PICTURES)}")
    return PICTURES[how.kind](edited, how)


def save_film(edited: Edited, path: str | Path, kind: str, show: int, scale: int | None = None) -> None:
    """The walks of the first `show` codes as GIF or MP4, at even speed and played forwards and back."""
    check_writable(path)
    shown = edited[:show]
    names = subjects(edited)
    rows, texts = [], []
    for i in range(len(shown)):
        codes = shown.start[[i] * FILM_FRAMES].with_values(resample(shown.path(i).values, FILM_FRAMES))
        rows.append(edited.generator.render(codes))
        texts.append(captions(edited, score(edited.generator, edited.scorer, codes), names))
    ANIMATIONS[kind](path, frames(rows, texts, scale=scale))


def goals_of(edited: Edited) -> list[Goal]:
    recipe = edited.receipt.recipe
    return [Goal(name, target) for name, target in getattr(recipe, "goals", {}).items()]


def subjects(edited: Edited) -> list[str]:
    """The attributes that an edit is about: its goals, else those that its directions are named after, else the one
    that it changed most."""
    goals = [goal.attribute for goal in goals_of(edited)]
    walk = getattr(edited.receipt.recipe, "walk", None)
    named = [plain.name for plain in walk.directions] if walk else []
    known = list(dict.fromkeys(name for name in named if name in edited.scorer.attributes))
    return goals or known or [_most_changed(edited)]


def captions(edited: Edited, logits: Tensor, names: Sequence[str]) -> list[str]:
    """Per code the probability of each attribute, with its name where there are several."""
    columns = [edited.scorer.attributes.index(name) for name in names]
    rows = logits[:, columns].sigmoid().tolist()
    if len(names) == 1 and goals_of(edited):
        return [f"p {percent(row[0])}" for row in rows]
    return ["\n".join(f"{name} {percent(p)}" for name, p in zip(names, row, strict=True)) for row in rows]


def percent(probability: float) -> str:
    """Three digits, and never 1.000 for what is less."""
    return f"{min(probability, 0.999) if probability < 1 else 1.0:.3f}"


def resample(path: Tensor, count: int) -> Tensor:
    """Codes [count, ...] at equal distances along a path of codes [k, ...], with both its ends."""
    flat = path.flatten(1)
    lengths = torch.cat([flat.new_zeros(1), (flat[1:] - flat[:-1]).norm(dim=1).cumsum(0)])
    if len(path) == 1 or lengths[-1] == 0:
        return path[:1].expand(count, *path.shape[1:])
    places = torch.linspace(0, 1, count, dtype=flat.dtype, device=flat.device) * lengths[-1]
    right = torch.searchsorted(lengths, places).clamp(1, len(path) - 1)
    share = (places - lengths[right - 1]) / (lengths[right] - lengths[right - 1]).clamp(min=1e-12)
    return (flat[right - 1] + share[:, None] * (flat[right] - flat[right - 1])).view(count, *path.shape[1:])


def _most_changed(edited: Edited, besides: str | None = None) -> str:
    change = (edited.after - edited.before).abs().mean(0)
    names = edited.scorer.attributes
    goals = {goal.attribute for goal in goals_of(edited)} | {besides}
    others = [i for i, name in enumerate(names) if name not in goals] or [
        i for i, name in enumerate(names) if name != besides
    ]
    if not others:
        raise ValueError("a plane needs a scorer of at least two attributes, this one has one")
    return names[max(others, key=lambda i: float(change[i]))]
