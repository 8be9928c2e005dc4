"""Walk from a state until an attribute is there."""

from typing import Annotated, Any

from pydantic import Field

from latentwalk.crowd import BREAKS
from latentwalk.studio.jobs.job import Job, Teller
from latentwalk.studio.session import Session
from latentwalk.studio.state import MOST_EDITS, Name, Slide, State
from latentwalk.studio.wire import DRAGGED, jpeg, told
from latentwalk.walk import Walk as Gone

STEP, STEPS, BEYOND = 0.25, 40, 1.0
"""Of a slider that moves by itself, in its units: a step, how many, and how far past where it was seen to work."""


class Walk(Job):
    """target: the probability that is walked to. hold: attributes that stay.

    The gentle way first: the slider of that name moves, where there is one, as far as pictures stay whole. Where that
    is not enough, the gradient of the picture itself is followed, unless it leaves the samples. along: the slider
    alone; the code of a photograph lies where no sample is, and a gradient finds smears there that please the scorer.
    """

    attribute: Name
    target: Annotated[float, Field(gt=0, lt=1)]
    state: State
    hold: Annotated[tuple[Name, ...], Field(max_length=MOST_EDITS)] = ()
    along: bool = False

    def run(self, session: Session, tell: Teller) -> None:
        """Tells every `step`, then `slid` or `walked`. Raises ValueError where there is no way."""
        has_slider = self.attribute in session.sliders and self.attribute in session.model.scorer.attributes
        slid = self._slide(session, tell) if has_slider else None
        if slid is not None and (slid["reached"] or self.along):
            return tell("slid", **slid)
        walk, outside = self._climb(session, tell)
        if outside and slid is not None:
            return tell("slid", **slid)
        if walk is None:
            raise ValueError(f"no way to {self.attribute} from here: the next step breaks the picture")
        found = session.keep(self.state, walk.latents)
        reached = {"reached": bool(walk.reached[0]), "steps": int(walk.steps[0]), "outside": outside}
        tell("walked", attribute=self.attribute, id=found.id, found=found.model_dump(), **reached)

    def _slide(self, session: Session, tell: Teller) -> dict[str, Any]:
        """Where the slider has come to when it is enough, or as far as it was seen to work and a little more."""
        others = tuple(edit for edit in self.state.edits if edit.direction != self.attribute)
        low, high = session.sliders[self.attribute].range
        up = session.frame(self.state).after[self.attribute] < self.target
        amounts = [STEP * step if up else -STEP * step for step in range(1, STEPS + 1)]
        amount, reached = 0.0, False
        for amount in (each for each in amounts if low - BEYOND <= each <= high + BEYOND):
            slide = Slide(direction=self.attribute, amount=amount)
            state = self.state.model_copy(update={"edits": (*others, slide), "hold": self.hold})
            frame = session.frame(state)
            step = round(abs(amount) / STEP)
            tell("step", jpeg(frame.image, DRAGGED), attribute=self.attribute, step=step, **told(frame))
            reached = (frame.after[self.attribute] >= self.target) == up
            if reached:
                break
        return {"attribute": self.attribute, "amount": amount, "reached": reached}

    def _climb(self, session: Session, tell: Teller) -> tuple[Gone | None, bool]:
        """How far the gradient leads among codes like those of samples, if anywhere, and whether it leaves them."""
        start, last = session.code(self.state), None
        guarded = session.model.crowd(start.space).likeness(start) >= BREAKS
        for frame, walk in session.climb(self.state, self.attribute, self.target, self.hold):
            if guarded and frame.usual < BREAKS:
                return last, True
            last, step = walk, int(walk.steps[0])
            tell("step", jpeg(frame.image, DRAGGED), attribute=self.attribute, step=step, **told(frame))
        return last, False
