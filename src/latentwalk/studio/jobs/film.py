"""A film of a drag: from the picture without edits to the one that is shown, or along one slider."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Literal

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor

from latentwalk.latents import Latents
from latentwalk.pictures.animation import gif, mp4
from latentwalk.pictures.layout import enlarge
from latentwalk.samples import map_codes
from latentwalk.studio.jobs.job import Job, Teller
from latentwalk.studio.session import Session
from latentwalk.studio.state import FARTHEST, Name, Slide, State
from latentwalk.studio.written import file_name, written
from latentwalk.walk import straight

Strength = Annotated[float, Field(ge=-FARTHEST, le=FARTHEST, allow_inf_nan=False)]

KINDS = {"gif": gif, "mp4": mp4}

SPEED = {"gif": 20, "mp4": 24}
"""Frames per second."""

LARGEST = 1024
"""Pixels of the longer side of a film."""


class Film(Job):
    """slider: which one moves, from low to high; None for the way from the picture without edits. back: and back."""

    state: State
    kind: Literal["gif", "mp4"]
    slider: Name | None = None
    low: Strength = -3.0
    high: Strength = 3.0
    frames: Annotated[int, Field(ge=2, le=240)] = 32
    back: bool = True
    scale: Annotated[int, Field(ge=1, le=16)] | None = None

    def run(self, session: Session, tell: Teller) -> None:
        beside = session.beside()
        draw = self._along(beside) if self.slider is not None else self._from_before(beside)
        _, height, width = session.model.generator.image_shape
        scale = None if self.scale is None else max(1, min(self.scale, LARGEST // max(height, width)))
        pictures = []
        for i in range(self.frames):
            pictures += enlarge(draw(i)[None], scale)
            tell("progress", done=i + 1, of=self.frames, note=f"frame {i + 1} of {self.frames}")
        tell("progress", done=self.frames, of=self.frames, note=f"writing the {self.kind.upper()}")
        with tell.aside():
            save = partial(KINDS[self.kind], frames=pictures, fps=SPEED[self.kind], bounce=self.back)
            file = written(f"film.{self.kind}", save)
        tell("file", file, name=file_name(session, self.state, f".{self.kind}"))

    def _from_before(self, session: Session) -> Callable[[int], Float[Tensor, "c h w"]]:
        """Frame by frame on the straight line to where the code is now."""
        end, start = session.code(self.state), session.before(self.state)
        if start.space != end.space:
            start = map_codes(session.model.generator, start, end.space)
        (path,) = straight(start, end, self.frames)
        return lambda i: session.picture(self.state, Latents(path[i : i + 1], end.space, end.labels))

    def _along(self, session: Session) -> Callable[[int], Float[Tensor, "c h w"]]:
        """Frame by frame along a slider, the others as they are."""
        amounts = torch.linspace(self.low, self.high, self.frames, dtype=torch.float64).tolist()
        return lambda i: session.picture(slid(self.state, str(self.slider), amounts[i]))


def slid(state: State, slider: str, amount: float) -> State:
    """The state with one slider elsewhere, at its place among the others."""
    edits = {edit.direction: edit for edit in state.edits}
    there = edits.get(slider, Slide(direction=slider, amount=0.0))
    edits[slider] = there.model_copy(update={"amount": amount})
    return state.model_copy(update={"edits": tuple(edits.values())})
