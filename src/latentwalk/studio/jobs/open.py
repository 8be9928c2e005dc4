"""Show another generator."""

from latentwalk.studio.jobs.job import Job, Teller
from latentwalk.studio.model_words import describe
from latentwalk.studio.session import Session
from latentwalk.studio.state import Name


class Open(Job):
    """name: one of those that the studio was started with. A client names no file."""

    name: Name

    def run(self, session: Session, tell: Teller) -> None:
        if self.name not in session.models:
            raise ValueError(f"no generator {self.name!r} here: there are {', '.join(session.models) or 'no others'}")
        tell("opening", name=self.name)
        with tell.aside():  # the one before is drawn meanwhile
            model = session.models[self.name]()
        session.show(model, self.name)
        tell("model", **describe(session))
