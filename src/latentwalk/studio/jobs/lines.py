"""Say how the same picture is made without the studio."""

from latentwalk.studio.jobs.job import Job, Teller
from latentwalk.studio.lines import lines
from latentwalk.studio.session import Session
from latentwalk.studio.state import State


class SayLines(Job):
    """In Python, and on the command line."""

    state: State

    brief = True

    def run(self, session: Session, tell: Teller) -> None:
        tell("lines", **lines(session, self.state)._asdict())
