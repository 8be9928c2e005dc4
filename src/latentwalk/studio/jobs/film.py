"""A drag as a film or a strip: from the picture without edits to the one that is shown, or along one slider."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Literal

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor

from latentwalk.images import png
from latentwalk.jobs.captions import signed
from latentwalk.latents import Latents
from latentwalk.pictures.animation import gif, mp4
from latentwalk.pictures.layout import MARGIN, captioned, enlarge, framed
from latentwalk.pictures.layout import beside as beside_each_other
from latentwalk.samples import map_codes
from latentwalk.studio.jobs.job import Job, Teller
from latentwalk.studio.session import Session
from latentwalk.studio.sheet import fitted, receipt_of
from latentwalk.studio.state import FARTHEST, Name, Slide, State
from latentwalk.studio.written import file_name, written
from latentwalk.walk import straight

Strength = Annotated[float, Field(ge=-FARTHEST, le=FARTHEST, allow_inf_nan=False)]

FILMS = {"gif": gif, "mp4": mp4}

SPEED = {"gif": 20, "mp4": 24}
"""Frames per second."""

LARGEST, LONGEST = 1024, 16
"""Pixels of the longer side of a film that is enlarged; pictures of a strip."""


class Film(Job):
    """kind: "strip" is one picture with all frames beside each other. slider: which one moves, from low to high; None
    for the way from the picture without edits. back: and back. scale: every pixel becomes a square of so many."""

    state: State
    kind: Literal["gif", "mp4", "strip"]
    slider: Name | None = None
    low: Strength = -3.0
    high: Strength = 3.0
    frames: Annotated[int, Field(ge=2, le=120)] = 32
    back: bool = True
    scale: Annotated[int, Field(ge=1, le=16)] | None = None

    def run(self, session: Session, tell: Teller) -> None:
        if self.kind == "strip" and self.frames > LONGEST:
            raise ValueError(f"a strip has at most {LONGEST} pictures, got {self.frames}")
        beside = session.beside()  # the live view keeps what it has drawn
        draw = self._along(beside) if self.slider is not None else self._from_before(beside)
        scale = self.scale and max(1, min(self.scale, LARGEST // max(session.model.generator.image_shape[1:])))
        pictures = []
        for i in range(self.frames):
            image = draw(i)
            pictures += enlarge((fitted(image, self.frames) if self.kind == "strip" else image)[None], scale)
            tell("progress", what="drawing frames", done=i + 1, total=self.frames)
        ending = "-strip.png" if self.kind == "strip" else f".{self.kind}"
        receipt = receipt_of(session, self.state) if self.kind == "strip" else None
        captions = self._captions(session)
        with tell.aside():
            if receipt is not None:
                file = png(framed(beside_each_other(captioned(pictures, captions)), MARGIN), receipt.to_json())
            else:
                save = partial(FILMS[self.kind], frames=pictures, fps=SPEED[self.kind], bounce=self.back)
                file = written(f"film.{self.kind}", save)
        tell("file", file, name=file_name(session, self.state, ending))

    def _captions(self, session: Session) -> list[str]:
        """Under each picture of a strip."""
        if self.slider is None:
            return [f"{round(100 * i / (self.frames - 1))}%" for i in range(self.frames)]
        name = session.sliders[self.slider].name.replace("_", " ")
        return [f"{name} {signed(amount)}" for amount in self._amounts()]

    def _amounts(self) -> list[float]:
        return torch.linspace(self.low, self.high, self.frames, dtype=torch.float64).tolist()

    def _from_before(self, session: Session) -> Callable[[int], Float[Tensor, "c h w"]]:
        """Frame by frame on the straight line to where the code is now."""
        end, start = session.code(self.state), session.before(self.state)
        if start.space != end.space:
            start = map_codes(session.model.generator, start, end.space)
        (path,) = straight(start, end, self.frames)
        return lambda i: session.picture(self.state, Latents(path[i : i + 1], end.space, end.labels))

    def _along(self, session: Session) -> Callable[[int], Float[Tensor, "c h w"]]:
        """Frame by frame along a slider, the others as they are."""
        amounts = self._amounts()
        return lambda i: session.picture(slid(self.state, str(self.slider), amounts[i]))


def slid(state: State, slider: str, amount: float) -> State:
    """The state with one slider elsewhere, at its place among the others."""
    edits = {edit.direction: edit for edit in state.edits}
    there = edits.get(slider, Slide(direction=slider, amount=0.0))
    edits[slider] = there.model_copy(update={"amount": amount})
    return state.model_copy(update={"edits": tuple(edits.values())})
