"""A training as one HTML page that grows: what is trained, how far it is, its losses, and what it draws."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from latentwalk.pages.lines import BOTTOM, HEIGHT, LEFT, RIGHT, WIDTH, line
from latentwalk.pages.template import rendered

REFRESH = 30
"""Seconds after which a browser reads the page of a running training again."""

State = Literal["training", "finished", "stopped"]


@dataclass(frozen=True)
class Sheet:
    """Samples. kimg: thousands of pictures seen by then. picture: as `images.data_uri` makes it."""

    kimg: float
    picture: str


@dataclass(frozen=True)
class Training:
    """What is on the page.

    title: what is trained. facts: how far it is, by name. recipe: how it learns, in sentences. curves: (kimg, value) by
    name. kimg: thousands of pictures in all. sheets: from the first to the newest, which is drawn large.
    written: when, as a person reads it. command: what goes on with it, or takes what it made; "" where nobody knows.
    """

    title: str
    state: State
    facts: Mapping[str, str]
    recipe: Sequence[str]
    curves: Mapping[str, Sequence[tuple[float, float]]]
    kimg: float
    sheets: Sequence[Sheet]
    written: str
    command: str = ""


def training_page(training: Training) -> str:
    """The page. It needs no network and runs no script; while training lasts, it asks to be read again."""
    seen = max((x for points in training.curves.values() for x, _ in points), default=0.0)
    drawn = [line(name, points, seen) for name, points in training.curves.items()]
    return rendered(
        "training.html",
        {},
        t=training,
        lines=[each for each in drawn if each is not None],
        refresh=REFRESH if training.state == "training" else None,
        size={"width": WIDTH, "height": HEIGHT, "left": LEFT, "bottom": BOTTOM, "right": RIGHT},
    )
