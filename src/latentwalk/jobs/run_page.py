"""The page in the folder of a training: what `training` wrote down there, as `pages` shows it."""

import inspect
import json
import math
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from PIL import Image
from torch import Tensor

from latentwalk.files import write_text
from latentwalk.images import data_uri
from latentwalk.pages.training import Sheet, State, Training, training_page
from latentwalk.progress import Speed, clock, rate
from latentwalk.training.losses import LOSSES
from latentwalk.training.recipe import Recipe, Turn

PAGE = "index.html"

EVERY = 30.0
"""Seconds between two pages."""

EARLY, SMALL = 24, 240
"""Sheets that are shown beside the newest one at most, and pixels of their width."""

KNOWN = {"step", "kimg", "images_per_second"}
"""What is in a line of losses beside these."""


class RunPage:
    """A `Watch` that writes index.html in the folder of a run every half minute.

    It reads losses.jsonl and sheets/, so the page of a run that goes on shows all of it. A page that cannot be written
    does not end a training. title: what is trained, on what. pictures: how many there are to learn from. go_on, then:
    the commands that go on with it and that take what it made, "" where nobody knows. now: what time it is.
    """

    def __init__(
        self,
        folder: Path,
        title: str,
        recipe: Recipe,
        pictures: int,
        go_on: str = "",
        then: str = "",
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder, self.title, self.recipe, self.pictures = folder, title, recipe, pictures
        self.commands: dict[State, str] = {"training": go_on, "stopped": go_on, "finished": then}
        self.now, self.speed, self.began, self.done = now, Speed(clock=now), now(), 0
        self.written, self.small = -math.inf, dict[Path, str]()

    def __call__(self, done: int, _losses: Mapping[str, Tensor]) -> None:
        self.done = done
        self.speed(done * self.recipe.batch)
        if self.now() - self.written >= EVERY:
            self.write()

    def write(self, state: State = "training") -> None:
        """As things are now. A picture or a line that cannot be read is left out."""
        with suppress(OSError, ValueError):
            write_text(self.folder / PAGE, training_page(self.describe(state)))
        self.written = self.now()

    def describe(self, state: State) -> Training:
        """What is on the page."""
        curves = read_losses(self.folder / "losses.jsonl")
        return Training(
            title=self.title,
            state=state,
            facts=self.facts(state),
            recipe=in_words(self.recipe, self.pictures),
            curves=curves,
            kimg=self.recipe.kimg,
            sheets=self.sheets(),
            written=f"{datetime.now():%d %B %Y, %H:%M:%S}",
            command=self.commands[state],
        )

    def facts(self, state: State) -> dict[str, str]:
        """How far it is, and how fast."""
        batch, total = self.recipe.batch, self.recipe.steps * self.recipe.batch
        seen = self.done * batch
        facts = {f"of {total:,} pictures": f"{seen:,}", "done": f"{seen / total:.0%}"}
        if self.speed.per_second:
            facts["pictures"] = rate(self.speed.per_second)
        left = self.speed.left(total)
        if state == "training" and left is not None:
            facts["left"] = clock(left)
        return facts | {"passed in this session": clock(self.now() - self.began)}

    def sheets(self) -> list[Sheet]:
        """The newest as it is, and some of those before, small: they stay as they are, so each is read once."""
        files = sorted((self.folder / "sheets").glob("*.png"))
        every = -(-len(files[:-1]) // EARLY) or 1
        found = []
        for file in files[:-1][::-1][::every][::-1]:
            with suppress(OSError, ValueError):
                self.small.setdefault(file, data_uri(_read(file, SMALL)))
                found.append(Sheet(float(file.stem), self.small[file]))
        for file in files[-1:]:
            with suppress(OSError, ValueError):
                found.append(Sheet(float(file.stem), data_uri(_read(file))))
        return found


def read_losses(file: Path) -> dict[str, list[tuple[float, float]]]:
    """(kimg, value) of every loss by its name, and of the pictures per second. A damaged line is left out."""
    curves: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for text in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
        with suppress(ValueError, KeyError, TypeError, AttributeError):
            line = json.loads(text)
            kimg, speed = float(line["kimg"]), float(line["images_per_second"])
            for name, value in line.items():
                if name not in KNOWN:
                    curves[name].append((kimg, float(value)))
            curves["pictures per second"].append((kimg, speed))
    speeds = curves.pop("pictures per second", [])
    return {**curves, "pictures per second": speeds} if speeds else {}


def in_words(recipe: Recipe, pictures: int) -> list[str]:
    """How a recipe trains, in sentences."""
    epochs = recipe.steps * recipe.batch / pictures
    times = f"{epochs:.3g} times each" if epochs >= 1 else f"{epochs:.0%} of them"
    mirrored = ", half of them mirrored" if recipe.flip else ""
    last = f"an average of the generator's weights with a half-life of {recipe.ema:g} thousand pictures"
    return [
        f"{recipe.kimg:,g} thousand pictures are seen, {times}, {recipe.batch} in a step{mirrored}. There are "
        f"{pictures:,} to learn from.",
        *(turn_in_words(turn) for turn in recipe.turns),
        f"What is exported is {last if recipe.ema else 'the generator as it is at the end'}.",
    ]


def turn_in_words(turn: Turn) -> str:
    """Who learns what from which losses."""
    when = "" if turn.every == 1 else f" every {turn.every} steps"
    clipped = "" if turn.clip is None else f", weights cut to {turn.clip:g} and -{turn.clip:g}"
    losses = []
    for term in turn.terms:
        weight = "" if term.weight == 1 else f", times {term.weight:g}"
        seldom = "" if term.every == 1 else f", every {term.every} steps"
        losses.append(f"{term.loss.replace('_', ' ')}{weight}{seldom} ({_about(term.loss)})")
    return (
        f"The {' and the '.join(turn.learns)} learn{'s' if len(turn.learns) == 1 else ''}{when} by Adam (rate "
        f"{turn.rate:g}, betas {turn.betas[0]:g} and {turn.betas[1]:g}{clipped}) from {'; '.join(losses)}."
    )


def _about(loss: str) -> str:
    """The first paragraph of what the function says of itself."""
    text = inspect.getdoc(LOSSES[loss]) if loss in LOSSES else None
    return " ".join((text or loss).split("\n\n")[0].split()).rstrip(".")


def _read(file: Path, width: int | None = None) -> Image.Image:
    with Image.open(file) as picture:
        read = picture.convert("RGB")
    if width is not None and read.width > width:
        read = read.resize((width, max(1, round(read.height * width / read.width))), Image.Resampling.LANCZOS)
    return read
