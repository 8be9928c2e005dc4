"""Benchmark: sets of directions by any methods -> how well each tells exact factors apart, over several seeds.

seed -> Lesson (samples, codes, drawings) -> a Trial per method and number of directions -> Benchmark
"""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple, get_type_hints

from pydantic import ValidationError

from latentwalk.bundled import SCORERS
from latentwalk.direction import Directions
from latentwalk.disentanglement import Benchmark, Setup, Trial
from latentwalk.files import write_text
from latentwalk.generator import Generator
from latentwalk.jobs.benchmark_lesson import SIDE, Lesson, coordinates, prepare
from latentwalk.jobs.discover import (
    SCORED,
    default_space,
    entry_of,
    fit_what_can_be,
    make_method,
    space_for,
    suited,
    with_labels,
)
from latentwalk.jobs.discover_samples import in_space
from latentwalk.methods import METHODS
from latentwalk.metrics.exact import disentanglement, knowledge
from latentwalk.origin import Source
from latentwalk.progress import Progress, silent
from latentwalk.samples import Samples
from latentwalk.scorers.classifier import Classifier
from latentwalk.scorers.resized import Resized
from latentwalk.training.avatar_factors import FACTORS
from latentwalk.training.avatars import drawing
from latentwalk.version import VERSION

SCORER, JUDGE = "avatars64", "avatars64-judge"
"""Who teaches, and who judges: two networks that learned from different drawings."""

SLOW = ("learned",)
"""Methods that take minutes each: run when they are named."""

TOGETHER = ("jacobian", "ica", "sparse-pca", "learned")
"""Methods whose directions depend on how many there are. All others find the first ten of twelve when asked for ten."""

LESS: Mapping[str, Mapping[str, Any]] = {
    "gradient": {"codes": 64},
    "jacobian": {"codes": 64},
    "learned": {"steps": 300},
    "channels": {"top": 1},
}
"""Settings other than the usual ones: a set of directions takes no more than a minute, and there is one channel per
attribute."""

LABELS = 60
"""Codes whose labels fewshot gets: yes or no, as the scorer says."""


def benchmark(
    generator: Generator,
    methods: Sequence[str] | None = None,
    directions: Sequence[int] = (10, 12),
    seeds: int = 5,
    samples: int = 6000,
    codes: int = 2000,
    drawings: int = 2000,
    space: str | None = None,
    keep: str | Path | None = None,
    progress: Progress = silent,
) -> Benchmark:
    """How good directions really are: every method of `METHODS`, measured against the twelve exact factors of avatars.

    The coordinates of a code along the directions of a set are compared with the factors of its picture, twice. Factors
    of fresh codes are read by a classifier, `avatars64-judge`, which taught nobody: supervised methods learn from the
    scorer `avatars64`. And, as DisCo has it (Ren et al., 2021, section 4.1), an encoder that learned from the
    generator's own pictures reads the coordinates of drawings, whose factors are known exactly and which no network
    has seen. Figures: see `disentanglement.FIGURES`; they count all twelve factors, however many directions there are.

    generator: one of avatars, of any size and family: "avatars64", or what was trained on them.
    methods: names in `METHODS`; without them all but the `SLOW` ones that this generator has a space for.
    directions: how many, 2 to 12, one or several numbers. Supervised methods get so many of the factors, in the order
    of `avatar_factors.FACTORS`, fewshot with 60 labels for each.
    seeds: how many times with other samples, codes, encoders and seeds of the methods.
    samples: codes that methods and encoder learn from. codes: that judge. drawings: 0 leaves them out, with what needs
    `latentwalk[avatars]`. space: as in `discover`.
    keep: a folder where every trial is kept as soon as it is done; running again goes on from there.
    Raises ValueError for a generator that draws no avatars, and for an unknown method, space or number.
    """
    started = time.perf_counter()
    check_numbers(directions, seeds, samples, codes, drawings)
    if generator.image_shape[0] != 3:
        raise ValueError(f"avatars have 3 channels, pictures of this generator {generator.image_shape[0]}")
    chosen = usual_methods(generator, space) if methods is None else list(dict.fromkeys(methods))
    for name in chosen:
        space_for(name, entry_of(name), generator, space)
    scorer, judge = (Classifier.load(SCORERS[name]).to(generator.device) for name in (SCORER, JUDGE))
    scorer.source, judge.source = SCORER, JUDGE
    setup = Setup(
        generator=Source.of(generator),
        scorer=Source.of(scorer),
        judge=Source.of(judge),
        drawing=drawing() if drawings else "",
        samples=samples,
        codes=codes,
        drawings=drawings,
        space=space,
    )
    taught = Resized(scorer, SIDE)
    trials: list[Trial] = []
    left_out: dict[str, str] = {}
    where = encoded_space(generator, space)
    for seed in range(seeds):
        say = told(progress, f"seed {seed + 1} of {seeds}, ")

        def learn(seed: int = seed, say: Progress = say) -> Lesson:
            return prepare(generator, taught, judge, samples, codes, drawings, seed, where, say)

        shared = Shared(generator, taught, seed, space, learn)
        for count, name in product(sorted(set(directions), reverse=True), chosen):
            file = Path(keep) / "trials" / file_name(setup, name, count, seed) if keep is not None else None
            known = read_trial(file)
            if known is None:
                _ = shared.lesson  # a generator that draws no avatars is refused, whatever is measured
                say(f"{name}, {count} directions", 0, 1)
                try:
                    known = shared.trial(name, count)
                except ValueError as error:
                    left_out[name] = str(error)
                    continue
                if file is not None:
                    write_text(file, known.model_dump_json(indent=1))
            trials.append(known)
    if not trials:
        raise ValueError(next(iter(left_out.values())))
    return Benchmark(
        latentwalk=VERSION,
        setup=setup,
        factors=list(FACTORS),
        trials=trials,
        left_out=left_out,
        seconds=time.perf_counter() - started,
    )


class Found(NamedTuple):
    """Directions, and how many seconds the fit took."""

    directions: Directions
    seconds: float


@dataclass
class Shared:
    """What the trials of one seed have in common. learn: makes the lesson, once a trial needs it."""

    generator: Generator
    scorer: Resized
    seed: int
    space: str | None
    learn: Callable[[], Lesson]
    found: dict[str, Found] = field(default_factory=dict)

    @cached_property
    def lesson(self) -> Lesson:
        return self.learn()

    def trial(self, name: str, count: int) -> Trial:
        """Measure so many directions of a method; those that it finds one after the other are found once.

        Raises ValueError when it finds none here.
        """
        before = self.found.get(name)
        if before is None or name in TOGETHER or len(before.directions) < count:
            self.found[name] = fit(self.generator, self.scorer, self.lesson, name, count, self.seed, self.space)
        return measured(self.generator, self.found[name], self.lesson, name, count, self.seed)


def fit(
    generator: Generator, scorer: Resized, lesson: Lesson, name: str, count: int, seed: int, space: str | None
) -> Found:
    """So many directions of one method. Raises ValueError when it finds none."""
    entry = entry_of(name)
    where = space_for(name, entry, generator, space)
    options = suited(name, generator, where, settings(name, count, seed))
    given = in_space(generator, lesson.samples.only(FACTORS[:count]), where)
    hand = answered(lesson.samples.only(FACTORS[:count])) if entry.needs == "labels" else None
    method = make_method(name, entry, scorer, hand, options)
    if entry.needs not in SCORED:
        given = Samples.unscored(given.latents)
    if hand is not None:
        given = with_labels(generator, given.latents, hand)
    started = time.perf_counter()
    return Found(fit_what_can_be(method, generator, given), time.perf_counter() - started)


def measured(generator: Generator, found: Found, lesson: Lesson, name: str, count: int, seed: int) -> Trial:
    """The first so many of the directions, measured. Raises ValueError for fewer than two."""
    directions = found.directions.items[:count]
    said = coordinates(generator, directions, lesson.codes)
    judged, drawn, knows = disentanglement(said, lesson.factors, seed), None, knowledge(said, lesson.factors)
    if lesson.drawn is not None and lesson.truth is not None:
        seen = coordinates(generator, directions, lesson.drawn)
        drawn, knows = disentanglement(seen, lesson.truth, seed), knowledge(seen, lesson.truth)
    return Trial(
        method=name,
        count=count,
        seed=seed,
        names=[direction.name for direction in directions],
        space=directions[0].space,
        seconds=found.seconds,
        judged=judged,
        drawn=drawn,
        knows=knows.round(4).tolist(),
    )


def settings(name: str, count: int, seed: int) -> dict[str, Any]:
    """Hyperparameters of a method: so many components, this seed, and `LESS`."""
    entry = METHODS[name]
    known = get_type_hints(getattr(entry.make, "func", entry.make))
    components = {"components": count} if entry.needs in ("codes", "nothing") else {}
    return {**components, **({"seed": seed} if "seed" in known else {}), **LESS.get(name, {})}


def answered(samples: Samples) -> Samples:
    """The first codes with yes (1) or no (-1) for each attribute, as somebody who looks would say."""
    scores = samples.scores[:LABELS]
    return Samples(samples.latents[:LABELS], scores.sign(), samples.attributes)


def usual_methods(generator: Generator, space: str | None) -> list[str]:
    """The methods that have a meaning on this generator, and in this space, but for the slow ones.

    Raises ValueError for a space that the generator has not.
    """
    if space is not None:
        generator.check_space(space)
    there = [name for name in generator.spaces if space in (None, name)]
    fits = {name for name, entry in METHODS.items() if entry.spaces is None or set(entry.spaces) & set(there)}
    return [name for name in METHODS if name in fits and name not in SLOW]


def encoded_space(generator: Generator, space: str | None) -> str:
    """Where the encoder reads codes, from which all others follow: w where there is one, unless z is asked for."""
    inputs = generator.input_space.name
    return inputs if space == inputs else default_space(generator)


def check_numbers(directions: Sequence[int], seeds: int, samples: int, codes: int, drawings: int) -> None:
    """Raises ValueError for numbers that nothing can be measured with."""
    most = len(FACTORS)
    if not directions or not all(2 <= count <= most for count in directions):
        raise ValueError(f"expected 2 to {most} directions, one for each factor at most, got {list(directions)}")
    if seeds < 1 or min(samples, codes) < 100 or (drawings and drawings < 100):
        raise ValueError(
            f"expected 1 seed or more, and 100 samples, codes and drawings or more (or no drawings), got {seeds}, "
            f"{samples}, {codes} and {drawings}"
        )


def file_name(setup: Setup, name: str, count: int, seed: int) -> str:
    """Of a trial, by all that it depends on."""
    marks = (setup.generator, setup.scorer, setup.judge)
    numbers = (setup.drawing, setup.samples, setup.codes, setup.drawings, setup.space, setup.version, LESS.get(name))
    depends = "|".join([*(mark.fingerprint for mark in marks), *map(str, numbers)])
    return f"{hashlib.sha256(depends.encode()).hexdigest()[:8]}-{name}-{count}-{seed}.json"


def read_trial(file: Path | None) -> Trial | None:
    """A trial that was kept; None where there is none, or a damaged one."""
    if file is None or not file.is_file():
        return None
    try:
        return Trial.model_validate_json(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError):
        return None


def told(progress: Progress, first: str) -> Progress:
    """Progress that says first whose it is."""

    def say(what: str, done: int, total: int) -> None:
        progress(first + what, done, total)

    return say
