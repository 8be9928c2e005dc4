"""Evaluate: directions + held-out codes + a judge that nothing was fitted on -> what each does, and what it spoils.

directions -> Recorder -> sweeps -> match -> result        and `jobs.report` shows the results on a page
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from latentwalk.direction import Direction, Directions
from latentwalk.edits import codes_for
from latentwalk.evaluation import Comparison, Evaluation, MadeBy, MetricCard, Stability
from latentwalk.features.network import Features
from latentwalk.generator import Generator
from latentwalk.jobs.edit import describe_scorer
from latentwalk.jobs.evaluate_sweeps import recorded
from latentwalk.jobs.features import FEATURES
from latentwalk.jobs.shard_sweeps import held_out
from latentwalk.latents import in_turn
from latentwalk.metrics import METRICS
from latentwalk.metrics.between import cosines, stability
from latentwalk.metrics.compare import compare
from latentwalk.metrics.quality import frechet, kernel_distance
from latentwalk.metrics.record import Recorder
from latentwalk.metrics.result import match, result
from latentwalk.numerics.bootstrap import resamples
from latentwalk.origin import Source, Verdict
from latentwalk.pool import Engine
from latentwalk.progress import Progress, silent
from latentwalk.scores import Scorer
from latentwalk.sweep import Sweep, even_strengths
from latentwalk.version import VERSION

Given = Directions | tuple[Directions, str]
"""Directions that were found together, alone or with the file that they come from."""


def evaluate(
    generator: Generator,
    found: Sequence[Given],
    judge: Scorer,
    codes: int = 1000,
    strengths: int = 9,
    seed: int | None = None,
    *,
    labels: Tensor | None = None,
    close: int = 96,
    features: str = "judge",
    force: bool = False,
    engine: Engine | None = None,
    progress: Progress = silent,
    tell: Callable[[str], None] = lambda text: None,
) -> Evaluation:
    """Measure directions on codes that none of them was fitted to: one sweep each, then every metric on the sweep.

    found: directions of one or more methods, each alone or with its file, which then names them: (directions, file).
    judge: a scorer that nobody fitted these directions on.
    codes: held-out codes, 2 or more; each takes 8 kB of memory, and about 3 kB per direction. More than 20,000 are
    looked at by a job of shards in the cache: killed at any moment, the same call goes on.
    strengths: how many, odd, from -3 to 3 units.
    seed: of the codes, see `samples.fresh_seeds`; by itself one that no direction was fitted with.
    labels: class numbers or vectors that the codes get in turn, for conditional generators.
    close: how many codes are looked at closely. features: what is looked at then, a name of `FEATURES`.
    force: directions of another generator too, as long as they move codes of this one.
    engine: who looks at the codes, of any number of them; see `jobs.engines`. tell: told where what is done is kept.
    Raises ValueError, before anything is rendered, for directions of another generator, those that were fitted on the
    judge or with the seed, and for those that do not move codes of this generator.
    """
    start = time.perf_counter()
    named = name_all(found)
    if not named:
        raise ValueError("expected at least one direction to evaluate, got none")
    sets = [directions for directions, _ in map(with_file, found)]
    check_origin(generator, sets, judge, force)
    seed = held_out_seed(sets, seed)
    if features not in FEATURES:
        raise ValueError(f"no features {features!r}: there are {', '.join(FEATURES)}")
    looking = FEATURES[features](judge, generator.device)
    one = held_out(generator, seed, codes, 0, 1, labels)
    directions = [each.direction for each in named]
    for direction in directions:
        direction.shift(codes_for(generator, one, direction), 1.0)
    recorder = Recorder(generator, judge, looking, even_strengths(strengths), progress)
    keyed = {each.key: each.direction for each in named}
    sweeps = recorded(recorder, keyed, codes, seed, labels, close, features, engine, tell)

    weights = resamples(codes)
    matched = {each.key: match(sweep, weights) for each, sweep in zip(named, sweeps, strict=True)}
    first = sweeps[0]
    images = codes * (2 + len(directions) * (strengths - 1)) + 2 * min(close, codes) * len(directions)
    return Evaluation(
        latentwalk=VERSION,
        generator=Source.of(generator),
        drawing=generator.options,
        judge=describe_scorer(judge),
        attributes=list(judge.attributes),
        spread={
            name: float(size) for name, size in zip(judge.attributes, first.logits[first.zero].std(0), strict=True)
        },
        codes=codes,
        close=min(close, codes),
        seed=seed,
        classes=class_numbers(in_turn(labels, codes)),
        strengths=first.strengths.tolist(),
        features=looking.name,
        floor={
            "frechet": frechet(first.unedited, first.reference),
            "kernel": kernel_distance(first.unedited, first.reference),
        },
        cards={name: MetricCard(better=m.better, unit=m.unit, about=m.about) for name, m in METRICS.items()},
        missing=missing(judge, looking),
        directions=[result(each.key, each.origin, *matched[each.key], weights) for each in named],
        comparisons=compare_all({key: sweep for key, (sweep, _) in matched.items()}, weights),
        cosines=[
            [None if value != value else value for value in row] for row in cosines(directions, directions).tolist()
        ],
        stabilities=stabilities(found),
        images=images,
        seconds=time.perf_counter() - start,
    )


class Named(NamedTuple):
    """One of the directions to evaluate: its key "file:name", which no other has, and where it comes from."""

    key: str
    direction: Direction
    origin: MadeBy


def name_all(found: Sequence[Given]) -> list[Named]:
    """Every direction under a key of its own."""
    named: dict[str, Named] = {}
    for directions, file in map(with_file, found):
        origin = made_by(directions, file)
        home = Path(file).stem or origin.method or "given"
        for direction in directions:
            key, again = f"{home}:{direction.name}", 1
            while key in named:
                again += 1
                key = f"{home}:{direction.name} ({again})"
            named[key] = Named(key, direction, origin)
    return list(named.values())


def with_file(given: Given) -> tuple[Directions, str]:
    """Directions and their file, "" for none."""
    return (given, "") if isinstance(given, Directions) else given


def made_by(found: Directions, file: str) -> MadeBy:
    """What made directions and what they cost, as far as they say."""
    origin = found.origin
    return MadeBy(file=file, method=origin.method, parameters=dict(origin.parameters), **dict(origin.cost))


def with_evaluation(found: Sequence[Given], evaluation: Evaluation) -> list[Directions]:
    """The directions with the range in which each was seen to work, and with their figures in `origin.evaluation`.

    found: as it was given to `evaluate`.
    """
    results = iter(evaluation.directions)  # in the order of `name_all`
    kept = []
    for directions, _ in map(with_file, found):
        pairs = [(direction, next(results)) for direction in directions]
        figures = {
            direction.name: {name: None if m is None else m.value for name, m in result.metrics.items()}
            for direction, result in pairs
        }
        said = Verdict(judge=evaluation.judge.source, codes=evaluation.codes, seed=evaluation.seed, figures=figures)
        items = tuple(replace(direction, range=result.range) for direction, result in pairs)
        kept.append(Directions(items, directions.origin.but(evaluation=said)))
    return kept


def check_origin(generator: Generator, found: Sequence[Directions], judge: Scorer, force: bool) -> None:
    """Raises ValueError for directions of another generator, unless forced, and the judge they were fitted on."""
    mine = Source.of(judge)
    for directions in found:
        origin = directions.origin
        made_for, method = origin.made_for, origin.method or "?"
        if made_for and generator.fingerprint and made_for != generator.fingerprint and not force:
            raise ValueError(
                f"directions of the method {method!r} were made for the generator {made_for}, this "
                f"one is {generator.fingerprint}: evaluate them on their own, or force it (--force-generator)"
            )
        taught = origin.scorer or Source(source="")
        if (mine.source and taught.source == mine.source) or (
            mine.fingerprint and taught.fingerprint == mine.fingerprint
        ):
            raise ValueError(
                f"directions of the method {method!r} were fitted on the scorer {mine.source or mine.fingerprint}: "
                "judge them with another one (--judge), trained on its own"
            )


def held_out_seed(found: Sequence[Directions], seed: int | None) -> int:
    """The seed, or without one the first from 1 on that no direction was fitted with.

    Raises ValueError for one of those.
    """
    taken = {directions.origin.seed for directions in found}
    if seed is None:
        return next(number for number in range(1, len(taken) + 2) if number not in taken)
    if seed in taken:
        raise ValueError(f"the seed {seed} drew the codes that directions were fitted to: choose another (--seed)")
    return seed


def compare_all(sweeps: dict[str, Sweep], weights: np.ndarray) -> list[Comparison]:
    """One comparison per attribute that some direction changes, in the judge's order."""
    attributes = next(iter(sweeps.values())).attributes
    groups = [{key: sweep for key, sweep in sweeps.items() if sweep.target == i} for i in range(len(attributes))]
    made = [compare(group, weights) for group in groups if group]
    return [comparison for comparison in made if comparison is not None]


def stabilities(found: Sequence[Given]) -> list[Stability]:
    """One for every two files of the same method and space that were found with different seeds."""
    made = []
    for (one, file), (other, second) in combinations(map(with_file, found), 2):
        method, seeds = one.origin.method, {one.origin.seed, other.origin.seed}
        spaces = {(direction.space, len(direction.vector)) for direction in (*one, *other)}
        if method and method == other.origin.method and len(seeds) == 2 and len(spaces) == 1:
            made.append(Stability(method=method, files=(file, second), value=stability(list(one), list(other))))
    return made


def missing(judge: Scorer, features: Features) -> dict[str, str]:
    """What was not measured, and why."""
    why = {
        "FID": f"it has weights of its own; the Frechet distance here is on {features.name}",
        "MIG, DCI, SAP, modularity": "the true factors of these pictures are not known",
    }
    if len(judge.attributes) < 2:
        why["leakage"] = "the judge knows one attribute only, so there is no other that could change"
    return why


def class_numbers(labels: Tensor | None) -> list[int]:
    """The different class numbers of codes, in order; none for class vectors."""
    if labels is None or labels.ndim != 1:
        return []
    return torch.unique(labels).tolist()
