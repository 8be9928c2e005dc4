"""How long a discovery will take, from a small trial on this generator and this machine."""

import math
import time
from typing import Annotated, Any

import torch
from pydantic import Field

from latentwalk.generator import Generator
from latentwalk.jobs.discover import SCORED as SCORED_NEEDS
from latentwalk.jobs.discover import entry_of, fit_what_can_be, make_method, space_for, suited
from latentwalk.latents import concatenate
from latentwalk.methods import METHODS
from latentwalk.samples import Samples, class_numbers, sample_codes, score_samples
from latentwalk.scores import Scorer
from latentwalk.studio.jobs.apart import apart, telling
from latentwalk.studio.jobs.discover import KEPT, NAMED
from latentwalk.studio.jobs.job import Job, Teller
from latentwalk.studio.session import Session
from latentwalk.studio.state import Name

SCORED, LEAST = 24, 300
"""Pictures that are drawn and scored to see how long that takes; codes that a method is tried on, or more where they
are long."""

FEW = 8
STEPS = {"learned": "steps", "gradient": "codes", "jacobian": "codes"}
"""Settings that the work of methods grows with, and not with the samples; what they are at in a trial."""


class Estimate(Job):
    """methods: names of those that are thought of."""

    methods: Annotated[tuple[Name, ...], Field(max_length=len(METHODS))] = ()

    def run(self, session: Session, tell: Teller) -> None:
        """Tells `estimate`: seconds of scoring a sample, then per method `fixed` seconds, and `each` per sample."""
        for name in self.methods:
            entry_of(name)
        with tell.aside():
            generator, scorer = apart(session.model.generator, session.model.scorer, tell)
            started = time.perf_counter()
            score_samples(generator, scorer, SCORED, labels=class_numbers(generator))
            scoring = (time.perf_counter() - started) / SCORED
            tell("estimate", scoring=scoring)
            for name in self.methods:
                try:
                    cost = _cost(name, generator, scorer, scoring, tell)
                except ValueError:  # nobody knows; the discovery will say what is wrong
                    cost = {"fixed": None, "each": None}
                tell("estimate", method=name, **cost)


def _cost(name: str, generator: Generator, scorer: Scorer, scoring: float, tell: Teller) -> dict[str, float]:
    """A fit to few samples of made-up scores, and what naming takes."""
    entry = METHODS[name]
    options: dict[str, Any] = dict(KEPT.get(name, {}))
    setting, few, factor = STEPS.get(name, ""), 0, 1.0
    if setting:
        few = FEW
        factor = options[setting] / few
        options[setting] = few
    samples = _made_up(name, generator, scorer)
    space = samples.latents.space
    method = make_method(name, entry, scorer, None, suited(name, generator, space, options))
    started = time.perf_counter()
    fitted = fit_what_can_be(method, generator, samples, telling(tell, "trying"))
    seconds = factor * (time.perf_counter() - started)
    named = entry.needs in ("codes", "nothing") and scorer.attributes
    naming = (2 * len(fitted) + 1) * NAMED * scoring if named else 0.0
    if setting or entry.needs == "nothing":
        return {"fixed": naming + seconds, "each": 0.0}
    return {"fixed": naming, "each": seconds / len(samples.latents)}


def _made_up(name: str, generator: Generator, scorer: Scorer) -> Samples:
    """Codes where a method looks for directions, with scores that are a line and noise."""
    space = space_for(name, METHODS[name], generator, None)
    count = max(LEAST, 2 * math.prod(generator.spaces[space].shape))
    codes = concatenate(list(sample_codes(generator, count, 0, space, class_numbers(generator))))
    if METHODS[name].needs not in SCORED_NEEDS:
        return Samples.unscored(codes)
    flat = codes.values.flatten(1)
    random = torch.Generator().manual_seed(0)
    lines = torch.randn(flat.shape[1], len(scorer.attributes), generator=random).to(flat)
    scores = flat @ lines / flat.std() + torch.randn(len(flat), lines.shape[1], generator=random).to(flat)
    return Samples(codes, scores, tuple(scorer.attributes))
