"""An evaluation as one HTML file: it needs no network, works from disk, and follows the light or dark of the system."""

from collections.abc import Mapping, Sequence

from jaxtyping import Float
from PIL import Image
from torch import Tensor

from latentwalk.evaluation import Evaluation
from latentwalk.images import to_pictures
from latentwalk.pages.curves import BOTTOM, HEIGHT, LEFT, WIDTH, plot
from latentwalk.pages.markdown import GLOSSARY, count, moves, number, shown, warning
from latentwalk.pages.template import rendered

SIDE = 112
"""Pixels of one picture in a strip: small ones are enlarged, large ones reduced."""


def html(evaluation: Evaluation, strips: Mapping[str, str], commands: Sequence[str]) -> str:
    """The page. strips: a picture per direction by its key, see `images.data_uri`; directions may lack one."""
    filters = {"shown": shown, "number": number, "count": count, "moves": moves, "warning": warning}
    plots = {c.attribute: plot(evaluation, [r.key for r in c.ranking]) for c in evaluation.comparisons}
    return rendered(
        "report.html",
        filters,
        e=evaluation,
        strips=strips,
        plots=plots,
        commands=commands,
        costs=costs(evaluation),
        heat=heat,
        glossary=GLOSSARY,
        size={"width": WIDTH, "height": HEIGHT, "left": LEFT, "bottom": BOTTOM},
    )


def costs(evaluation: Evaluation) -> list[dict[str, object]]:
    """One row per method and file."""
    rows: dict[tuple[str, str], dict[str, object]] = {}
    for direction in evaluation.directions:
        origin = direction.origin
        row = rows.setdefault((origin.method, origin.file), {"origin": origin, "directions": 0})
        row["directions"] = int(str(row["directions"])) + 1
    return list(rows.values())


def heat(value: float | None, most: float = 1.0) -> str:
    """How a cell of a heat map is coloured: the share of the colour for more or for less, as a style."""
    if value is None:
        return ""
    share = min(abs(value) / most, 1.0) if most else 0.0
    return f"--share: {share:.0%}; --tone: var(--{'more' if value >= 0 else 'less'})"


def strip_picture(images: Float[Tensor, "n c h w"], columns: int) -> Image.Image:
    """Pictures in rows of `columns`, edge to edge with a thin gap, each `SIDE` pixels wide."""
    rows = len(images) // columns
    gap, (height, width) = 3, images.shape[2:]
    tall = round(SIDE * height / width)
    sheet = Image.new("RGB", (columns * (SIDE + gap) - gap, rows * (tall + gap) - gap), (127, 127, 127))
    how = Image.Resampling.LANCZOS if width > SIDE else Image.Resampling.BICUBIC
    for i, picture in enumerate(to_pictures(images)):
        cell = picture.convert("RGB").resize((SIDE, tall), how)
        sheet.paste(cell, (i % columns * (SIDE + gap), i // columns * (tall + gap)))
    return sheet
