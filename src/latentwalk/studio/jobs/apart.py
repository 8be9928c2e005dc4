"""The model apart from the live view: a copy that a long job uses while others draw."""

import copy
import time
from typing import Any

from jaxtyping import Float
from torch import Tensor

from latentwalk.generator import Generator
from latentwalk.progress import Progress
from latentwalk.scores import Scorer
from latentwalk.studio.jobs.job import Teller

PAUSE = 0.2
"""Seconds between two words about progress."""


class Watched:
    """The same scorer; before each batch it is asked whether anybody still wants it."""

    def __init__(self, scorer: Scorer, tell: Teller) -> None:
        self.scorer, self.tell = scorer, tell
        self.attributes = scorer.attributes
        self.source, self.fingerprint = getattr(scorer, "source", ""), getattr(scorer, "fingerprint", "")

    def __call__(self, images: Float[Tensor, "n c h w"], /) -> Float[Tensor, "n a"]:
        with self.tell.aside():
            return self.scorer(images)


def apart(generator: Generator, scorer: Scorer, tell: Teller) -> tuple[Generator, Watched]:
    """Copies, as layers of one network cannot be read by two at once."""
    return copy.deepcopy(generator), Watched(copy.deepcopy(scorer), tell)


def telling(tell: Teller, kind: str = "progress", **details: Any) -> Progress:
    """Progress as messages, not more than a page can show; a job that nobody wants ends in between too."""
    last = 0.0

    def progress(what: str, done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last < PAUSE and done < total:
            with tell.aside():
                return
        last = time.monotonic()
        tell(kind, what=what, done=done, total=total, **details)

    return progress
