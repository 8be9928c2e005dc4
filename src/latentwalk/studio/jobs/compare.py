"""Compare sliders as a judge sees them: the report page, as a file."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field

from latentwalk.direction import Directions
from latentwalk.jobs.evaluate import evaluate
from latentwalk.jobs.load import judge_of, load_scorer
from latentwalk.jobs.report import STRIP_CODES, save_report
from latentwalk.origin import Origin, Source
from latentwalk.samples import class_numbers
from latentwalk.studio.jobs.apart import apart, telling
from latentwalk.studio.jobs.job import Job, Teller
from latentwalk.studio.own_sliders import together
from latentwalk.studio.session import Session
from latentwalk.studio.state import MOST_EDITS, Name

STRENGTHS = 7


class Compare(Job):
    """sliders: their ids, of the model or of this page. codes: on how many they are judged."""

    sliders: Annotated[tuple[Name, ...], Field(min_length=1, max_length=MOST_EDITS)]
    codes: Annotated[int, Field(ge=20, le=2000)] = 100

    def run(self, session: Session, tell: Teller) -> None:
        """Tells `progress`, and gives the page as a file. Raises ValueError where no judge comes with the scorer."""
        model = session.model
        name = judge_of(model.generator, model.scorer)
        if name is None:
            raise ValueError("no judge comes with this scorer: compare with `latentwalk report --judge NAME`")
        found = grouped([self._one(session, id) for id in dict.fromkeys(self.sliders)])
        with tell.aside(), tempfile.TemporaryDirectory() as folder:
            generator, _ = apart(model.generator, model.scorer, tell)
            judge, labels = load_scorer(name, generator.device, generator), class_numbers(generator)
            result = evaluate(
                generator, found, judge, self.codes, STRENGTHS, labels=labels, close=32, progress=telling(tell)
            )
            shown = generator.sample(STRIP_CODES, None if labels is None else labels[[0] * STRIP_CODES])
            page = Path(folder) / "directions.html"
            save_report(result, generator, found, shown, page, progress=telling(tell))
            report = page.read_bytes()
        tell("file", report, name="directions.html")

    def _one(self, session: Session, id: str) -> Directions:
        if id in session.own.directions:
            return session.own.take(id)
        if id not in session.model.sliders:
            raise ValueError(f"no slider {id!r}: there are {', '.join(session.sliders)}")
        origin = Origin(method=session.model.cards[id].group, generator=Source.of(session.model.generator))
        return Directions((session.model.sliders[id],), origin)


def grouped(found: Sequence[Directions]) -> list[Directions]:
    """Those that one method found, together."""
    methods = dict.fromkeys(each.origin.method for each in found)
    return [together([each for each in found if each.origin.method == method]) for method in methods]
