"""Walk from a state until an attribute is there."""

from typing import Annotated

from pydantic import Field

from latentwalk.studio.jobs.job import Job, Teller
from latentwalk.studio.session import Session
from latentwalk.studio.state import MOST_EDITS, Name, State
from latentwalk.studio.wire import DRAGGED, jpeg, told


class Walk(Job):
    """target: the probability that is walked to. hold: attributes that stay."""

    attribute: Name
    target: Annotated[float, Field(gt=0, lt=1)]
    state: State
    hold: Annotated[tuple[Name, ...], Field(max_length=MOST_EDITS)] = ()

    def run(self, session: Session, tell: Teller) -> None:
        last = None
        for frame, last in session.climb(self.state, self.attribute, self.target, self.hold):
            step = int(last.steps[0])
            tell("step", jpeg(frame.image, DRAGGED), attribute=self.attribute, step=step, **told(frame))
        assert last is not None
        found = session.keep(self.state, last.latents)
        reached = {"reached": bool(last.reached[0]), "steps": int(last.steps[0])}
        tell("walked", attribute=self.attribute, id=found.id, found=found.model_dump(), **reached)
