"""Directions as a file, for `latentwalk edit` and whatever else reads them."""

from latentwalk.studio.jobs.job import Job, Teller
from latentwalk.studio.lines import MOVED, directions_of, saved
from latentwalk.studio.session import Session
from latentwalk.studio.state import State
from latentwalk.studio.written import written


class SaveDirections(Job):
    """every: all sliders as they are, instead of those that moved the picture, as they moved it."""

    state: State
    every: bool = False

    brief = True

    def run(self, session: Session, tell: Teller) -> None:
        sliders = list(session.sliders.values())
        directions = saved(session, sliders) if self.every else directions_of(session, self.state)
        tell("file", written(MOVED, directions.save), name="sliders.safetensors" if self.every else MOVED)
