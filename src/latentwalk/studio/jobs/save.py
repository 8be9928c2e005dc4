"""Save the picture of a state: all of its pixels, and the receipt that makes it again."""

from typing import Annotated

from pydantic import Field

from latentwalk.images import png
from latentwalk.studio.jobs.job import Job, Teller
from latentwalk.studio.recipe import taken
from latentwalk.studio.session import Session
from latentwalk.studio.state import State
from latentwalk.studio.written import file_name


class Save(Job):
    """scale: every pixel becomes a square of so many."""

    state: State
    scale: Annotated[int, Field(ge=1, le=16)] = 1

    brief = True

    def run(self, session: Session, tell: Teller) -> None:
        picture, receipt = taken(session, self.state, self.scale)
        with tell.aside():
            file = png(picture, receipt.to_json())
        tell("file", file, name=file_name(session, self.state, ".png"))
