"""A code as a file, for whatever reads latent codes."""

from latentwalk.studio.jobs.job import Job, Teller
from latentwalk.studio.lines import START
from latentwalk.studio.session import Session
from latentwalk.studio.state import State
from latentwalk.studio.written import file_name, written


class Codes(Job):
    """before: the code before the sliders, instead of where they moved it."""

    state: State
    before: bool = False

    brief = True

    def run(self, session: Session, tell: Teller) -> None:
        code = session.start(self.state) if self.before else session.code(self.state)
        name = START if self.before else file_name(session, self.state, ".safetensors")
        tell("file", written(START, code.save), name=name)
