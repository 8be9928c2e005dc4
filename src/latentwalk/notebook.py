"""What things look like in a notebook: small pieces of HTML in which every name is text, with their pictures inside.

Styles stand in the tags and colours are those of the notebook, so that a card is read in the light and in the dark.
"""

import html
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np
from jaxtyping import Float
from PIL import Image, ImageShow
from torch import Tensor

from latentwalk.images import data_uri, to_pictures

MOST_PICTURES = 12
"""In one card."""

MOST_ROWS = 12
"""Of a table in a card."""

WIDTH = 112
"""Pixels that a picture is shown wide; it is kept at most twice as wide, for fine screens."""

LOSSLESS = 96
"""Pixels of width up to which a picture is kept exactly: as small a PNG takes little more than a JPEG."""

LONGEST = 120
"""Letters that are shown of a name."""

MORE, LESS = "#c2571a", "#2767b5"
"""Colours of what grew and what shrank, on light and on dark."""

QUIET = "opacity:.65;font-size:90%"
CELL = "text-align:left;white-space:nowrap;padding:1px 14px 1px 0;vertical-align:top"


class Html(str):
    """Text that is HTML already; any other is escaped where it is put in."""


class Shown:
    """What a notebook shows as a card (`_repr_html_`), and what may have a picture."""

    def picture(self) -> Image.Image | None:
        """The picture that stands for it outside of notebooks; None where it has none."""
        return None

    def show(self) -> None:
        """In a notebook: its card. Elsewhere: its picture in this system's viewer, or its text where it has none.

        Raises ValueError where nothing here shows pictures: save it instead.
        """
        display = notebook_display()
        if display is not None:
            display(self)
        elif (picture := self.picture()) is None:
            print(self)
        elif not ImageShow.show(picture):
            raise ValueError("no program here shows pictures: write it to a file with .save(path) instead")


def notebook_display() -> Callable[[Any], Any] | None:
    """What shows things in the notebook that this code runs in; None outside of one."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return import_module("IPython.display").display if hasattr(shell, "kernel") else None


def text(value: object) -> Html:
    """A value as HTML that shows it as it is; of a long text the beginning."""
    if isinstance(value, Html):
        return value
    written = str(value).encode("utf-8", "replace").decode()  # half a letter, from a damaged file, is none
    return Html(html.escape(written if len(written) <= LONGEST else written[: LONGEST - 3] + "..."))


def lines(value: str) -> Html:
    """Text whose line breaks are kept."""
    return Html("<br>".join(map(text, value.split("\n"))))


def counted(number: int, word: str) -> str:
    """ "1 code", "2,000 codes"."""
    return f"{number:,} {word}" + ("" if number == 1 else "s")


def together(*parts: object) -> Html:
    """Pieces one after the other."""
    return Html("".join(map(text, parts)))


def card(title: object, facts: Mapping[str, object], *parts: Html) -> Html:
    """A title, a line of facts by name, and what stands below. A fact that is "" or None is left out."""
    said = [f'<span style="{QUIET}">{text(k)}</span>&nbsp;{text(v)}' for k, v in facts.items() if v not in ("", None)]
    line = f'<div style="margin-bottom:6px">{" &ensp; ".join(said)}</div>' if said else ""
    head = f"<div><strong>{text(title)}</strong></div>"
    return Html(f'<div style="overflow-x:auto">{head}{line}{"".join(map(text, parts))}</div>')


def table(headers: Sequence[object], rows: Sequence[Sequence[object]], count: int | None = None) -> Html:
    """The first rows under their headers. count: how many there are, where these are not all."""
    head = _row("th", f"{CELL};font-weight:500;{QUIET}", headers)
    body = "".join(_row("td", CELL, row) for row in rows[:MOST_ROWS])
    left = (len(rows) if count is None else count) - min(len(rows), MOST_ROWS)
    return together(Html(f"<table><thead>{head}</thead><tbody>{body}</tbody></table>"), _left(left))


def bars(rows: Sequence[tuple[str, float, float, float]], unit: str) -> Html:
    """A bar per row from a common middle, to the right for more, with its number and its interval (low, high)."""
    largest = max((abs(value) for _, value, _, _ in rows[:MOST_ROWS]), default=0.0)
    cells = [
        [name, bar(value, largest), f"{value:+.2f} ({low:+.2f} to {high:+.2f})"]
        for name, value, low, high in rows[:MOST_ROWS]
    ]
    return table(["", "", unit], cells, len(rows))


def bar(value: float, largest: float) -> Html:
    """A number as a length: left or right of a middle line, as long as half of the room for the largest."""
    share = min(abs(value) / largest, 1.0) * 50 if largest else 0.0
    left, colour = (50.0, MORE) if value >= 0 else (50 - share, LESS)
    return Html(
        '<div style="position:relative;width:120px;height:1em;border-left:1px solid rgba(128,128,128,.4)">'
        '<div style="position:absolute;left:50%;top:0;bottom:0;border-left:1px solid rgba(128,128,128,.8)"></div>'
        f'<div style="position:absolute;left:{left:.1f}%;width:{share:.1f}%;top:20%;bottom:20%;background:{colour}">'
        "</div></div>"
    )


def figures(cells: Sequence[tuple[Sequence[Image.Image], object]], count: int | None = None) -> Html:
    """Pictures with words beneath, side by side as far as there is room.

    cells: one picture or a few that belong together, and their words; as many as `MOST_PICTURES` allows are shown.
    count: how many cells there are, where these are not all.
    """
    shown = cells[: MOST_PICTURES // max((len(pictures) for pictures, _ in cells), default=1)]
    parts = [
        f'<div style="margin:0 14px 8px 0"><div style="display:flex;gap:3px">{"".join(map(image, pictures))}</div>'
        f'<div style="{QUIET}">{text(words)}</div></div>'
        for pictures, words in shown
    ]
    row = Html(f'<div style="display:flex;flex-wrap:wrap">{"".join(parts)}</div>')
    return together(row, _left((len(cells) if count is None else count) - len(shown)))


def image(picture: Image.Image, width: int = WIDTH) -> Html:
    """A picture inside the page: small ones exactly, large ones reduced."""
    if picture.width > 2 * width:
        size = (2 * width, max(1, round(2 * width * picture.height / picture.width)))
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    source = data_uri(picture, "PNG" if picture.width <= LOSSLESS else "JPEG")
    sharp = "image-rendering:pixelated;" if picture.width < width else ""
    return Html(f'<img src="{source}" width="{width}" alt="" style="{sharp}margin:0;max-width:none">')


def pairs(before: Float[Tensor, "n c h w"], after: Float[Tensor, "n c h w"]) -> list[list[Image.Image]]:
    """Pictures of images in [-1, 1], two by two, as `figures` takes them."""
    return [list(pair) for pair in zip(to_pictures(before), to_pictures(after), strict=True)]


def heat(values: Float[np.ndarray, "h w"]) -> Image.Image:
    """Numbers from 0 on as a picture: nothing is white, the largest has the colour of more."""
    share = (values / max(float(values.max()), 1e-12)).clip(0, 1)[..., None]
    colour = np.array([int(MORE[i : i + 2], 16) for i in (1, 3, 5)])
    return Image.fromarray((255 + share * (colour - 255)).round().astype(np.uint8))


def _row(tag: str, style: str, cells: Sequence[object]) -> str:
    return "<tr>" + "".join(f'<{tag} style="{style}">{text(cell)}</{tag}>' for cell in cells) + "</tr>"


def _left(count: int) -> Html:
    return Html(f'<div style="{QUIET}">and {count:,} more</div>' if count > 0 else "")
