"""What a person sees of an edit: each kind of picture and film, made from one `Edited`."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from latentwalk.direction import PER_LAYER
from latentwalk.files import check_writable
from latentwalk.images import save_image
from latentwalk.jobs.before_after import KIND, before_after_sheet
from latentwalk.jobs.captions import goals_of, marks_of, most_changed, share_shown, subjects, under
from latentwalk.jobs.discover import discover
from latentwalk.jobs.edit import Edited
from latentwalk.jobs.sheets import ALONE, alone
from latentwalk.latents import Latents, in_turn
from latentwalk.pictures.animation import frames, gif, mp4
from latentwalk.pictures.charts import dumbbell
from latentwalk.pictures.heatmap import heat
from latentwalk.pictures.layout import noted
from latentwalk.pictures.plane import plane
from latentwalk.pictures.strip import spread, strips, thin
from latentwalk.receipts import EditRecipe, PictureRecipe
from latentwalk.samples import map_codes
from latentwalk.scores import score
from latentwalk.seeds import seed_name

STRIP_FRAMES = 7
FILM_FRAMES = 16
GIF_WIDTH = 128
"""Pixels that a code is about as wide in a GIF: six codes stay below a megabyte."""

PLANE_SAMPLES, PLANE_DOTS = 2000, 600
"""Codes that fit the two boundaries of the plane, and codes that are shown as dots."""


def picture_alone(edited: Edited, how: PictureRecipe) -> Image.Image:
    """The pictures after the edit, edge to edge and without a word: of one code every pixel as it was rendered."""
    return alone(edited.images, how)


def picture_strip(edited: Edited, how: PictureRecipe) -> Image.Image:
    """One row per code: its walk, step by step, with the probability under every frame."""
    rows, texts, most = [], [], how.columns or STRIP_FRAMES
    for i in range(len(edited)):
        path = edited.path(i)
        codes = frames_of(edited, path, most, how)
        start = edited.start[[i] * len(codes)]
        rows.append(edited.generator.render(codes))
        texts.append(under(edited, codes, start, score(edited.generator, edited.scorer, codes), how))
    titles = [] if edited.start.seeds is None else [f"seed {seed_name(seed)}" for seed in edited.start.seeds.tolist()]
    marks = marks_of(edited)
    return strips(rows, texts, titles, how.scale, marks if how.edition > 1 and any(marks) else None)


def frames_of(edited: Edited, path: Latents, most: int, how: PictureRecipe) -> Latents:
    """The codes of a path that a strip shows: those of a fixed walk at even strengths, of others as they were."""
    if how.edition == 1:
        return path[thin(len(path), most)]
    if isinstance(edited.receipt.recipe, EditRecipe) and edited.receipt.recipe.walk.kind == "fixed":
        return path[[0] * most].with_values(resample(path.values, most))
    return path[spread(path.values, most)]


def picture_heat(edited: Edited, how: PictureRecipe) -> Image.Image:
    """Where the pictures changed."""
    return heat(edited.images_before, edited.images, columns=how.columns or 2, scale=how.scale)


def picture_chart(edited: Edited, how: PictureRecipe) -> Image.Image:
    """Mean probability of every attribute before and after: what the edit did and what it dragged along.

    Raises ValueError when the scorer has no attributes.
    """
    if not edited.scorer.attributes:
        raise ValueError("a chart shows what a scorer tells, this edit has none: name a scorer, or leave the chart out")
    before, after = (logits.sigmoid().mean(0).cpu().numpy() for logits in (edited.before, edited.after))
    return dumbbell(edited.scorer.attributes, before, after, subjects(edited)[0])


def picture_plane(edited: Edited, how: PictureRecipe) -> Image.Image:
    """The boundary of the first goal seen from above, real codes, and the walks that cross it.

    Across: the direction of the first goal. Up: that of the attribute which the edit changed most besides. The boundary
    is a linear fit and the walk follows a network: where codes arrive without crossing it, the picture says so.
    Raises ValueError when the scorer has less than two attributes.
    """
    if len(edited.scorer.attributes) < 2:
        raise ValueError(
            f"a plane needs a scorer of at least two attributes, this one has {len(edited.scorer.attributes)}: "
            "name another scorer, or leave the plane out"
        )
    first = subjects(edited)[0]
    second = how.second or most_changed(edited, first)
    generator, scorer = edited.generator, edited.scorer
    labels = edited.start.labels
    if labels is None and generator.classes:
        labels = torch.arange(generator.classes)  # codes that have theirs inside
    base = edited.start.space.removesuffix(PER_LAYER)  # a direction of w has a distance for codes of w+ too
    space = base if base in generator.spaces else generator.input_space.name
    found = discover(generator, ["logistic"], scorer, [first, second], PLANE_SAMPLES, 0, space, labels)["logistic"]
    dots = generator.sample(range(10**9, 10**9 + PLANE_DOTS), in_turn(labels, PLANE_DOTS))
    dots = dots if dots.space == space else map_codes(generator, dots, space)
    chances = score(generator, scorer, dots)[:, scorer.attributes.index(first)].sigmoid()

    def place(latents) -> np.ndarray:
        return torch.stack([found[name].distance(latents) for name in (first, second)], 1).cpu().numpy()

    walks = [place(edited.path(i)) for i in range(len(edited))]
    cosine = float(found[first].vector @ found[second].vector)
    reached = edited.reached.tolist()
    picture = plane(place(dots), chances.cpu().numpy(), walks, (first, second), 0.0, reached, cosine)
    return picture if how.edition == 1 else noted(picture, before_the_line(edited, first, walks))


def before_the_line(edited: Edited, name: str, walks: list[np.ndarray]) -> str:
    """How many codes reached the goal without crossing its boundary in a plane, in words; "" when none did."""
    signs = [goal.sign for goal in goals_of(edited) if goal.attribute == name]
    if not signs:
        return ""
    ends = zip(walks, edited.reached.tolist(), strict=True)
    count = sum(reached and signs[0] * path[-1][0] < 0 for path, reached in ends)
    if count == 0:
        return ""
    return (
        f"{count} of {len(walks)} walks reach {name} without crossing the dashed line: the line is only a linear fit "
        "to the scores, the walks follow the scorer itself"
    )


MakePicture = Callable[[Edited, PictureRecipe], Image.Image]

PICTURES: dict[str, MakePicture] = {
    ALONE: picture_alone,
    KIND: before_after_sheet,
    "strip": picture_strip,
    "heat": picture_heat,
    "chart": picture_chart,
    "plane": picture_plane,
}
"""Pictures of an edit by name; each becomes a file with its receipt inside."""

ANIMATIONS = {"gif": gif, "mp4": mp4}
"""Films of an edit by name."""

NEED_PATHS = {"strip", "plane", *ANIMATIONS}
"""Kinds for which an edit must keep its frames."""

NEED_SCORES = {"chart", "plane"}
"""Kinds for which a scorer must have attributes."""


def save_picture(edited: Edited, path: str | Path, how: PictureRecipe) -> Image.Image:
    """Show the first `how.show` codes, and write the picture with the receipt of what it shows inside.

    path: it ends in .png, .jpg, .jpeg or .webp. Returns the picture before any loss of the format.
    """
    shown = edited[: how.show]
    receipt = shown.receipt.model_copy(update={"picture": how})
    picture = picture_of(shown, how)
    save_image(path, picture, receipt.to_json())
    return picture


def picture_of(edited: Edited, how: PictureRecipe) -> Image.Image:
    """One picture of all codes of an edit. Raises ValueError for an unknown kind."""
    if how.kind not in PICTURES:
        raise ValueError(f"no picture {how.kind!r}: there are {', '.join(PICTURES)}")
    picture = PICTURES[how.kind](edited, how)
    return picture if how.edition == 1 else noted(picture, share_shown(edited))


def save_film(edited: Edited, path: str | Path, kind: str, show: int, scale: int | None = None) -> None:
    """The walks of the first `show` codes as GIF or MP4, at even speed and played forwards and back."""
    check_writable(path)
    shown, how = edited[:show], PictureRecipe(kind=kind, show=show)
    rows, texts = [], []
    for i in range(len(shown)):
        start = shown.start[[i] * FILM_FRAMES]
        codes = start.with_values(resample(shown.path(i).values, FILM_FRAMES))
        rows.append(edited.generator.render(codes))
        texts.append(under(edited, codes, start, score(edited.generator, edited.scorer, codes), how))
    if kind == "gif":
        scale = scale or max(1, GIF_WIDTH // rows[0].shape[3])
    marks = marks_of(shown)
    films = frames(rows, texts, scale=scale, marks=marks if any(marks) else None)
    ANIMATIONS[kind](path, [noted(frame, share_shown(shown)) for frame in films])


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
