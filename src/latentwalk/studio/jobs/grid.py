"""Pictures of many states in rows and columns: shown while they are drawn, and saved as one sheet."""

from typing import Annotated

import torch
from jaxtyping import Float
from pydantic import Field, model_validator
from torch import Tensor
from torch.nn import functional as F

from latentwalk.images import png
from latentwalk.pictures.strip import strips
from latentwalk.studio.jobs.job import Job, Teller
from latentwalk.studio.recipe import taken
from latentwalk.studio.session import Session
from latentwalk.studio.state import Name, State
from latentwalk.studio.wire import jpeg
from latentwalk.studio.written import file_name

SIDE = 16
"""Rows and columns at most."""

CELL = 192
"""Pixels of the longer side of a cell on the page."""

SHEET = 2**24
"""Pixels of a sheet that is saved, about: cells of large pictures are drawn smaller."""

Titles = Annotated[tuple[Name, ...], Field(min_length=1, max_length=SIDE)]
Row = Annotated[tuple[State, ...], Field(min_length=1, max_length=SIDE)]


class Grid(Job):
    """states: row by row. rows, columns: what stands beside and below them. shown: the state of the page, which the
    receipt of the sheet tells. file: whether a sheet is wanted. scale: as in `pictures.strip.strips`."""

    states: Annotated[tuple[Row, ...], Field(min_length=1, max_length=SIDE)]
    rows: Titles
    columns: Titles
    shown: State
    file: bool = False
    scale: Annotated[int, Field(ge=1, le=16)] | None = None

    @model_validator(mode="after")
    def _fits(self) -> "Grid":
        if len(self.rows) != len(self.states) or any(len(row) != len(self.columns) for row in self.states):
            raise ValueError("a grid has a state for every row and column")
        return self

    def run(self, session: Session, tell: Teller) -> None:
        beside = session.beside()
        sheet = []
        for i, row in enumerate(self.states):
            images = []
            for j, state in enumerate(row):
                image = beside.picture(state)
                tell("cell", jpeg(image, CELL), row=i, column=j)
                if self.file:
                    images.append(self._shrunk(image).cpu())
            sheet.append(images)
        if self.file:
            self._send(session, sheet, tell)

    def _shrunk(self, image: Float[Tensor, "c h w"]) -> Float[Tensor, "c y x"]:
        """As large as the sheet allows."""
        _, height, width = image.shape
        share = (SHEET / (len(self.rows) * len(self.columns) * height * width)) ** 0.5
        if share >= 1:
            return image
        size = max(1, int(share * height)), max(1, int(share * width))
        return F.interpolate(image[None].float(), size, mode="area")[0]

    def _send(self, session: Session, sheet: list[list[Tensor]], tell: Teller) -> None:
        _, receipt = taken(session, self.shown)
        told = receipt.model_copy(update={"picture": None})  # it tells of the code, not of the sheet
        with tell.aside():
            captions = [[""] * len(self.columns) for _ in self.rows]
            captions[-1] = list(self.columns)
            titles = self.rows if any(self.rows) else ()
            picture = strips([torch.stack(images) for images in sheet], captions, titles, self.scale)
            file = png(picture, told.to_json())
        kind = "grid" if len(self.rows) > 1 else "strip"
        tell("file", file, name=file_name(session, self.shown, f"-{kind}.png"))
