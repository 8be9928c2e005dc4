"""Names for what was found: what a direction does to the attributes of a scorer, and how sure that is."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from scipy.stats import norm
from torch import Tensor

from latentwalk.direction import Direction, Directions
from latentwalk.edits import codes_for
from latentwalk.effects import Effect
from latentwalk.generator import Generator
from latentwalk.latents import Latents
from latentwalk.numerics.work import Work
from latentwalk.origin import Naming, Source
from latentwalk.progress import Progress, silent
from latentwalk.scores import Scorer, score

NOTHING = "nothing measurable"
"""The name of a direction that moves no attribute of the scorer."""

STRENGTH = 2.0
"""Units to both sides at which effects are measured."""

SMALLEST = 0.1
"""Effect from which a name is given: a tenth of an attribute's spread per unit of the direction."""

TRACE = 0.01
"""Effect below which an attribute is not listed at all."""

SHARE = 0.6
"""Share of the largest effect from which an attribute is named beside the first."""


CODES, FEWEST_CODES = 128, 32
"""Codes on which directions are named, and the fewest: below, the intervals of means are no longer those of normal
numbers."""

PATIENCE = 20.0
"""Seconds of one core that naming the directions of a method may take; a slower network is looked at on fewer codes."""


@dataclass(frozen=True, eq=False)
class Yardstick:
    """Codes on which effects are measured.

    spread: [a], standard deviation of every logit over them. seconds: what it took to render and score them once.
    """

    codes: Latents
    spread: Float[Tensor, "a"]
    seconds: float

    @staticmethod
    def of(generator: Generator, scorer: Scorer, codes: Latents) -> "Yardstick":
        """Raises ValueError for fewer than 16 codes."""
        if len(codes) < 16:
            raise ValueError(f"effects are measured on at least 16 codes, got {len(codes)}")
        started = time.perf_counter()
        spread = score(generator, scorer, codes).std(0)
        return Yardstick(codes, spread, time.perf_counter() - started)


def codes_to_name(generator: Generator, labels: Tensor | None, directions: int) -> int:
    """On how many codes so many directions are named: 128, and down to 32 where pictures are dear.

    The work of one picture is counted, not timed, so that names do not depend on the machine.
    """
    code = generator.sample([0], None if labels is None else labels[:1])
    with torch.no_grad(), Work() as work:
        generator.synthesize(code)
    pictures = PATIENCE / max(work.seconds, 1e-9)
    return min(CODES, max(FEWEST_CODES, int(pictures / (2 * directions))))


def name_directions(
    generator: Generator, directions: Directions, scorer: Scorer, yardstick: Yardstick, progress: Progress = silent
) -> Directions:
    """The directions with their effects on the scorer's attributes, and named by what they move.

    Every code is rendered two units to both sides. An effect is the mean difference of an attribute's logit per unit,
    in standard deviations of that logit; its interval holds for all attributes and directions together with 95%
    (Bonferroni). A name lists what is moved for sure and by at least a tenth, the strongest first and at most two, with
    a minus for what becomes less: "smiling - hat". The direction is turned so that + is more of the first. Whatever
    moves nothing is "nothing measurable". Names that come twice are numbered.

    yardstick: of codes of the generator, not those that the directions were found with.
    """
    surely = float(norm.ppf(1 - 0.025 / (len(directions) * len(scorer.attributes))))
    what = f"naming {len(directions)} directions, about {2 * len(directions) * yardstick.seconds:.0f} s"
    progress(what, 0, len(directions))
    starts: dict[str, Latents] = {}  # by space, so that codes are mapped once
    measured = []
    for index, direction in enumerate(directions):
        if direction.acts_in not in starts:
            starts[direction.acts_in] = codes_for(generator, yardstick.codes, direction)
        found = effects(generator, direction, scorer, starts[direction.acts_in], yardstick.spread, surely)
        measured.append(named(direction, found))
        progress(what, index + 1, len(directions))
    names = numbered([direction.name for direction in measured])
    items = tuple(replace(direction, name=name) for direction, name in zip(measured, names, strict=True))
    old = [direction.name for direction in directions]
    figures = directions.origin.figures
    before = dict(zip(names, old, strict=True))
    origin = directions.origin.but(
        names=Naming(scorer=Source.of(scorer), codes=len(yardstick.codes), before=before),
        figures={name: figures[was] for name, was in before.items() if was in figures},
    )
    return Directions(items, origin)


def effects(
    generator: Generator,
    direction: Direction,
    scorer: Scorer,
    start: Latents,
    spread: Float[Tensor, "a"],
    surely: float,
) -> tuple[Effect, ...]:
    """What a direction surely moves, strongest first; `surely` is how many standard errors an interval is wide."""
    more, less = (score(generator, scorer, direction.shift(start, side * STRENGTH)) for side in (1, -1))
    changes = ((more - less) / (2 * STRENGTH) / spread.clamp(min=1e-6)).double()
    mean, error = changes.mean(0), changes.std(0) / len(changes) ** 0.5
    found = [
        Effect(name, value, value - surely * wide, value + surely * wide)
        for name, value, wide in zip(scorer.attributes, mean.tolist(), error.tolist(), strict=True)
        if abs(value) > max(surely * wide, TRACE)
    ]
    return tuple(sorted(found, key=lambda effect: -abs(effect.effect)))


def named(direction: Direction, found: tuple[Effect, ...]) -> Direction:
    """The direction with its effects, turned and named by the largest of them."""
    large = [effect for effect in found if abs(effect.effect) >= SMALLEST]
    if not large:
        return replace(direction, name=NOTHING, effects=found)
    first = large[0]
    turned = replace(direction, effects=found)
    if first.effect < 0:
        turned = turned.turned()
    others = [effect for effect in large[1:2] if abs(effect.effect) >= SHARE * abs(first.effect)]
    signs = [" + " if (effect.effect > 0) == (first.effect > 0) else " - " for effect in others]
    return replace(turned, name=first.attribute + "".join(s + e.attribute for s, e in zip(signs, others, strict=True)))


def numbered(names: Sequence[str]) -> list[str]:
    """The names, with a number behind those that have come before: "hat", "hat 2"."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    return found
