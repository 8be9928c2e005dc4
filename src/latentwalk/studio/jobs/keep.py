"""Keep the code of a state as it is, with all that its sliders do, so that it can be mixed with others."""

from latentwalk.studio.jobs.job import Job, Teller
from latentwalk.studio.session import Session
from latentwalk.studio.state import State


class Keep(Job):
    """Tells the id and what is kept. name: comes back, so that a page knows what it asked for."""

    state: State
    name: str = ""

    def run(self, session: Session, tell: Teller) -> None:
        found = session.keep(self.state, session.code(self.state))
        tell("kept", id=found.id, found=found.model_dump(), name=self.name)
