"""Find directions: by any methods, named by what they move, each a slider of this page."""

from typing import Annotated, Any

from pydantic import Field

from latentwalk.direction import Directions
from latentwalk.generator import Generator
from latentwalk.jobs.discover import NAMING_SEED, SCORED, discover, entry_of, space_for
from latentwalk.jobs.naming import Yardstick, name_directions
from latentwalk.latents import concatenate
from latentwalk.methods import METHODS
from latentwalk.samples import class_numbers, sample_codes
from latentwalk.scores import Scorer
from latentwalk.studio.jobs.apart import apart, telling
from latentwalk.studio.jobs.job import Job, Teller
from latentwalk.studio.model import Model
from latentwalk.studio.session import Session
from latentwalk.studio.slider_words import describe_own
from latentwalk.studio.state import Name

KEPT: dict[str, dict[str, Any]] = {
    "gradient": {"codes": 300},
    "jacobian": {"codes": 300},
    "learned": {"components": 8, "steps": 1000},
}
"""Hyperparameters of methods of which a page would show too many, or wait for too long."""


NAMED = 48
"""Codes on which directions are named: enough for what is large, soon enough for somebody who waits."""


class Discover(Job):
    """methods: names of those that are offered. samples: codes that they learn from."""

    methods: Annotated[tuple[Name, ...], Field(min_length=1, max_length=len(METHODS))]
    samples: Annotated[int, Field(ge=200, le=50_000)] = 2000
    seed: Annotated[int, Field(ge=0, lt=1000)] = 0

    def run(self, session: Session, tell: Teller) -> None:
        """Tells `progress`, then the sliders of every method (`sliders`), and which found nothing (`discovered`)."""
        needs = {name: entry_of(name).needs for name in self.methods}
        scored = [name for name in self.methods if needs[name] in SCORED]
        alone = [name for name in self.methods if needs[name] not in SCORED]
        count, failed = 0, {}
        with tell.aside():
            generator, scorer = apart(session.model.generator, session.model.scorer, tell)
            for names in ([name] for name in alone):
                for name, directions in self._find(generator, names, None, failed, tell).items():
                    named = _named(generator, directions, scorer, tell)
                    tell("sliders", sliders=describe_own(session, session.own.keep(named, name)))
                    count += len(named)
            found = self._find(generator, scored, scorer, failed, tell) if scored else {}
            for name, directions in found.items():
                tell("sliders", sliders=describe_own(session, session.own.keep(directions, name)))
                count += len(directions)
        tell("discovered", count=count, failed=failed)

    def _find(
        self, generator: Generator, names: list[str], scorer: Scorer | None, failed: dict[str, str], tell: Teller
    ) -> dict[str, Directions]:
        return discover(
            generator,
            names,
            scorer,
            samples=self.samples,
            seed=self.seed,
            labels=class_numbers(generator),
            options={name: KEPT[name] for name in names if name in KEPT},
            progress=telling(tell),
            left_out=failed.__setitem__,
        )


def _named(generator: Generator, directions: Directions, scorer: Scorer, tell: Teller) -> Directions:
    """By what they move, as far as the scorer sees anything."""
    if not scorer.attributes:
        return directions
    codes = concatenate(list(sample_codes(generator, NAMED, NAMING_SEED, None, class_numbers(generator))))
    yardstick = Yardstick.of(generator, scorer, codes)
    return name_directions(generator, directions, scorer, yardstick, telling(tell))


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
