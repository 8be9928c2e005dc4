"""Find directions: by any methods, named by what they move, each a slider of this page."""

from typing import Annotated, Any

from pydantic import Field

from latentwalk.inversion.spaces import class_numbers
from latentwalk.jobs.discover import discover, entry_of, space_for
from latentwalk.methods import METHODS
from latentwalk.studio.jobs.apart import apart, telling
from latentwalk.studio.jobs.job import Job, Teller
from latentwalk.studio.session import Model, Session
from latentwalk.studio.slider_words import describe_own
from latentwalk.studio.state import Name

KEPT: dict[str, dict[str, Any]] = {
    "gradient": {"codes": 300},
    "jacobian": {"codes": 300},
    "learned": {"components": 8, "steps": 1000},
}
"""Hyperparameters of methods of which a page would show too many, or wait for too long."""


class Discover(Job):
    """methods: names of those that are offered. samples: codes that they learn from."""

    methods: Annotated[tuple[Name, ...], Field(min_length=1, max_length=len(METHODS))]
    samples: Annotated[int, Field(ge=200, le=50_000)] = 2000
    seed: Annotated[int, Field(ge=0, lt=1000)] = 0

    def run(self, session: Session, tell: Teller) -> None:
        """Tells `progress`, then the sliders of every method (`sliders`), and which found nothing (`discovered`)."""
        model, failed = session.model, {}
        options = {name: KEPT[name] for name in self.methods if name in KEPT}
        for name in self.methods:
            entry_of(name)
        with tell.aside():
            generator, scorer = apart(model.generator, model.scorer, tell)
            found = discover(
                generator,
                self.methods,
                scorer if scorer.attributes else None,
                samples=self.samples,
                seed=self.seed,
                labels=class_numbers(generator),
                options=options,
                progress=telling(tell),
                left_out=failed.__setitem__,
            )
        count = 0
        for name, directions in found.items():
            count += len(directions)
            tell("sliders", sliders=describe_own(session, session.own.keep(directions, name)))
        tell("discovered", count=count, failed=failed)


def offered(model: Model) -> list[dict[str, Any]]:
    """Methods that have a meaning for a model, in words for the page. Those that learn from hand labels are taught."""
    listed = []
    for name, entry in METHODS.items():
        scores = entry.needs in ("scores", "scorer")
        if entry.needs == "labels" or (scores and not model.scorer.attributes):
            continue
        try:
            space_for(name, entry, model.generator, None)
        except ValueError:
            continue
        listed.append({"name": name, "about": entry.about, "scores": scores})
    return listed
