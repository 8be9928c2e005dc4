"""Teach an attribute by saying of one face after the other whether it has it."""

from collections.abc import Sequence
from typing import Annotated

import torch
from pydantic import Field

from latentwalk.direction import Direction
from latentwalk.latents import concatenate
from latentwalk.methods.fewshot import FEWEST
from latentwalk.methods.lesson import Learned, Lesson
from latentwalk.studio.jobs.job import Job, Teller
from latentwalk.studio.model import CODES
from latentwalk.studio.session import Session
from latentwalk.studio.slider_words import describe_own
from latentwalk.studio.state import Seed
from latentwalk.studio.wire import SMALL, beside, jpeg, small

AHEAD = 6
"""Faces that a page gets at once, so that nobody waits for the next one."""

FACE = 256
"""Pixels of the longer side of a face that is asked about."""

ENOUGH = 20
"""Labels from which there is a slider."""

CHECKED = 3
"""Labels of each kind from which the direction is checked and shown."""

SHOWN, STRENGTHS = 3, (-3.0, -1.5, 0.0, 1.5, 3.0)
"""Faces along the direction."""

MOST = 1000
"""Labels of one attribute."""


class Label(Job):
    """name: of the attribute. labels: what was said so far, in order: a seed and yes, no, or nothing for a face that
    was skipped. first: a face that is to come first."""

    name: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f=:,/]{1,60}$")]
    labels: Annotated[tuple[tuple[Seed, bool | None], ...], Field(max_length=MOST)] = ()
    first: Seed | None = None

    def run(self, session: Session, tell: Teller) -> None:
        """Tells `faces` (the next ones, beside each other), then how good the direction is and what it does (`taught`),
        and from 20 labels on the slider (`sliders`)."""
        generator = session.model.generator
        if generator.classes:
            raise ValueError(f"labels are kept by seed, and this generator has {generator.classes} classes for each")
        lesson = session.model.lesson(lambda _, done, total: tell("readying", done=done, total=total))
        said = {seed: has for seed, has in self.labels if has is not None and seed < len(lesson.latents)}
        yes, no = sum(said.values()), len(said) - sum(said.values())
        learned = lesson.learn(list(said), list(said.values())) if min(yes, no) >= FEWEST else None
        seeds = self._next(lesson, learned)
        tell("faces", self._pictures(session, seeds), seeds=seeds, yes=yes, no=no, enough=ENOUGH)
        if learned is None or min(yes, no) < CHECKED:
            return
        among, chosen = self._unchosen(list(said), list(said.values()))
        auc = learned.auc(among, lambda _what, done, total: tell("checking", done=done, total=total))
        found = learned.direction(self.name)
        details = {"auc": round(auc, 3), "hard": chosen, "name": self.name, "rows": SHOWN}
        tell("taught", self._strip(session, lesson, found[0]), **details)
        if len(said) >= ENOUGH:
            tell("sliders", sliders=describe_own(session, session.own.keep(found, "label")))

    def _next(self, lesson: Lesson, learned: Learned | None) -> list[int]:
        """What to ask. Codes are samples, so seeds in turn are any faces. Once there is something to be unsure of, they
        are every third; the others are those that it is least sure of."""
        queue = [self.first] if self.first is not None and self.first < len(lesson.latents) else []
        seen = [seed for seed, _ in self.labels]
        while len(queue) < AHEAD and len({*seen, *queue}) < len(lesson.latents):
            any_face = learned is None or (len(seen) + len(queue)) % 3 == 2
            known = [*seen, *queue]
            queue += [_lowest(known)] if any_face or learned is None else learned.ask(1, known)
        return queue

    def _unchosen(self, seeds: list[int], has: list[bool]) -> tuple[list[int], bool]:
        """Labels that say how good a direction is: those of any faces, where there are some of both kinds, else all,
        and whether these are the hard ones. A face is any where it was the next one in turn."""
        asked = [seed for seed, _ in self.labels]
        plain = {seed for place, seed in enumerate(asked) if seed == _lowest(asked[:place])}
        among = [i for i, seed in enumerate(seeds) if seed in plain]
        yes = sum(has[i] for i in among)
        enough = min(yes, len(among) - yes) >= CHECKED
        return (among, False) if enough else (list(range(len(seeds))), True)

    def _pictures(self, session: Session, seeds: list[int]) -> bytes:
        """Beside each other, each as large as a page shows it."""
        generator = session.model.generator
        if not seeds:
            raise ValueError(f"all {CODES} faces are labelled")
        side = min(FACE, max(generator.image_shape[1:]))
        return beside(generator.render(generator.sample(seeds)), side)

    def _strip(self, session: Session, lesson: Lesson, direction: Direction) -> bytes:
        """Always the same faces, so that it is seen how they get better: a row each."""
        images = [
            session.model.generator.render(concatenate([direction.shift(code, strength) for strength in STRENGTHS]))
            for code in lesson.latents[-SHOWN:].split(1)
        ]
        rows = [torch.cat(list(small(row, SMALL)), dim=2) for row in images]
        return jpeg(torch.cat(rows, dim=1))


def _lowest(taken: Sequence[int]) -> int:
    """The first seed that is not taken."""
    known = set(taken)
    return next(seed for seed in range(len(known) + 1) if seed not in known)
