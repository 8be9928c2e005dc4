"""Pictures of many states in rows and columns: shown while they are drawn, and saved as one sheet."""

from typing import Annotated

import torch
from pydantic import Field, model_validator
from torch import Tensor

from latentwalk.images import png
from latentwalk.pictures.strip import strips
from latentwalk.studio.jobs.job import Job, Teller
from latentwalk.studio.session import Session
from latentwalk.studio.sheet import fitted, receipt_of
from latentwalk.studio.state import Name, State
from latentwalk.studio.wire import jpeg
from latentwalk.studio.written import file_name

SIDE = 16
"""Rows and columns at most."""

CELL = 192
"""Pixels of the longer side of a cell on the page."""

Titles = Annotated[tuple[Name, ...], Field(min_length=1, max_length=SIDE)]
Row = Annotated[tuple[State, ...], Field(min_length=1, max_length=SIDE)]


class Grid(Job):
    """states: row by row. rows, columns: what stands beside and below them. shown: the state of the page, which the
    receipt of the sheet tells. file: whether a sheet is wanted."""

    states: Annotated[tuple[Row, ...], Field(min_length=1, max_length=SIDE)]
    rows: Titles
    columns: Titles
    shown: State
    file: bool = False

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
                    images.append(fitted(image, len(self.rows) * len(self.columns)).cpu())
            sheet.append(images)
        if self.file:
            self._send(session, sheet, tell)

    def _send(self, session: Session, sheet: list[list[Tensor]], tell: Teller) -> None:
        receipt = receipt_of(session, self.shown)
        with tell.aside():
            captions = [[""] * len(self.columns) for _ in self.rows]
            captions[-1] = list(self.columns)
            picture = strips([torch.stack(images) for images in sheet], captions, self.rows)
            file = png(picture, receipt.to_json())
        tell("file", file, name=file_name(session, self.shown, "-grid.png"))
