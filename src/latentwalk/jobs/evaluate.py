"""Evaluate: directions + held-out codes + a judge that nothing was fitted on -> what each does, and what it spoils."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from latentwalk.direction import Direction, Directions
from latentwalk.edits import codes_for
from latentwalk.evaluation import Comparison, Evaluation, MetricCard
from latentwalk.features.imagenet import imagenet_features
from latentwalk.features.inception import inception_features
from latentwalk.features.network import Features, NetworkFeatures, PixelFeatures
from latentwalk.generator import Generator
from latentwalk.jobs.edit import describe_scorer
from latentwalk.jobs.verdict import describe
from latentwalk.latents import in_turn
from latentwalk.metrics import METRICS
from latentwalk.metrics.between import cosines
from latentwalk.metrics.compare import compare
from latentwalk.metrics.effect import rescoring_values
from latentwalk.metrics.quality import frechet, kernel_distance
from latentwalk.metrics.record import record
from latentwalk.metrics.sweep import Sweep, even_strengths
from latentwalk.numerics.bootstrap import resamples, weighted
from latentwalk.origin import Source, Verdict
from latentwalk.progress import Progress, silent
from latentwalk.samples import fresh_seeds
from latentwalk.scorers.classifier import Classifier
from latentwalk.scores import Scorer
from latentwalk.version import VERSION

MOVES = 0.1
"""Standard deviations per unit of an attribute below which a direction is not named after it."""


def evaluate(
    generator: Generator,
    found: Sequence[Directions],
    judge: Scorer,
    codes: int = 1000,
    strengths: int = 9,
    seed: int | None = None,
    *,
    labels: Tensor | None = None,
    files: Sequence[str] = (),
    close: int = 96,
    features: str = "judge",
    force: bool = False,
    progress: Progress = silent,
) -> Evaluation:
    """Judge directions on codes that none of them was fitted to: one sweep each, then every metric on the record.

    found: directions of one or more methods or files. files: where each of `found` comes from, for the keys.
    judge: a scorer that nobody fitted these directions on.
    codes: held-out codes, 2 or more; each takes 8 kB of memory, and about 3 kB per direction.
    strengths: how many, odd, from -3 to 3 units.
    seed: of the codes, see `samples.fresh_seeds`; by itself one that no direction was fitted with.
    labels: class numbers or vectors that the codes get in turn, for conditional generators.
    close: how many codes are looked at closely. features: what is looked at then, a name of `FEATURES`.
    force: directions of another generator too, as long as they move codes of this one.
    Raises ValueError, before anything is drawn, for directions of another generator, those that were fitted on the
    judge or with the seed, and for those that do not move codes of this generator.
    """
    start = time.perf_counter()
    keyed = name_all(found, files)
    if not keyed:
        raise ValueError("expected at least one direction to evaluate, got none")
    check_origin(generator, found, judge, force)
    seed = held_out_seed(found, seed)
    if features not in FEATURES:
        raise ValueError(f"no features {features!r}: there are {', '.join(FEATURES)}")
    looking = FEATURES[features](judge, generator.device)
    seeds, labels = fresh_seeds(2 * codes, seed), in_turn(labels, 2 * codes)
    every = generator.check(generator.sample(seeds, labels))
    directions = [direction for direction, _ in keyed.values()]
    for direction in directions:
        direction.shift(codes_for(generator, every[:1], direction), 1.0)
    steps = even_strengths(strengths)
    held, others = every[:codes], every[codes:]
    sweeps = record(generator, directions, held, judge, looking, steps, others, close, seed, progress)

    weights = resamples(codes)
    read = {key: aimed(sweep, weights) for key, sweep in zip(keyed, sweeps, strict=True)}
    first = sweeps[0]
    drawn = codes * (2 + len(directions) * (strengths - 1)) + 2 * min(close, codes) * len(directions)
    return Evaluation(
        latentwalk=VERSION,
        generator=Source(source=generator.source, fingerprint=generator.fingerprint),
        drawing=generator.options,
        judge=describe_scorer(judge),
        attributes=list(judge.attributes),
        spread={
            name: float(size) for name, size in zip(judge.attributes, first.logits[first.zero].std(0), strict=True)
        },
        codes=codes,
        close=min(close, codes),
        seed=seed,
        classes=numbers(labels, codes),
        strengths=steps.tolist(),
        features=looking.name,
        floor={
            "frechet": frechet(first.unedited, first.reference),
            "kernel": kernel_distance(first.unedited, first.reference),
        },
        cards={name: MetricCard(better=m.better, unit=m.unit, about=m.about) for name, m in METRICS.items()},
        missing=missing(judge, looking),
        directions=[describe(key, *keyed[key], *read[key], weights) for key in keyed],
        comparisons=compare_all({key: sweep for key, (sweep, _) in read.items()}, weights),
        cosines=[
            [None if value != value else value for value in row] for row in cosines(directions, directions).tolist()
        ],
        images=drawn,
        seconds=time.perf_counter() - start,
    )


def name_all(found: Sequence[Directions], files: Sequence[str]) -> dict[str, tuple[Direction, "Found"]]:
    """Every direction under a key of its own, "file:name", with the set and the file that it comes from."""
    keyed: dict[str, tuple[Direction, Found]] = {}
    for i, directions in enumerate(found):
        file = files[i] if i < len(files) else ""
        home = Path(file).stem or (directions.origin.method or "given")
        for direction in directions:
            key, again = f"{home}:{direction.name}", 1
            while key in keyed:
                again += 1
                key = f"{home}:{direction.name} ({again})"
            keyed[key] = direction, (directions, file)
    return keyed


def with_evaluation(found: Sequence[Directions], files: Sequence[str], evaluation: Evaluation) -> list[Directions]:
    """The directions with the range in which each was seen to work, and with their figures in `origin.evaluation`.

    found, files: as they were given to `evaluate`.
    """
    results = iter(evaluation.directions)  # in the order of `name_all`
    kept = []
    for directions in found:
        pairs = [(direction, next(results)) for direction in directions]
        figures = {
            direction.name: {name: None if m is None else m.value for name, m in result.metrics.items()}
            for direction, result in pairs
        }
        said = Verdict(judge=evaluation.judge.source, codes=evaluation.codes, seed=evaluation.seed, figures=figures)
        items = tuple(replace(direction, range=result.range) for direction, result in pairs)
        kept.append(Directions(items, directions.origin.but(evaluation=said)))
    return kept


Found = tuple[Directions, str]
"""Directions found together and the file that they come from."""


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


def features_of(judge: Scorer) -> Features:
    """What to look at closely: the stages of a judge that is a network of ours, pixels where it is any function."""
    if not isinstance(judge, Classifier):
        return PixelFeatures()
    return NetworkFeatures(f"{judge.source or 'judge'}, before its last layer", judge, judge.layer_names)


FEATURES: dict[str, Callable[[Scorer, torch.device], Features]] = {
    "judge": lambda judge, device: features_of(judge),
    "imagenet": lambda judge, device: imagenet_features(device),
    "inception": lambda judge, device: inception_features(device),
    "pixels": lambda judge, device: PixelFeatures(),
}
"""What can be looked at closely, by name: the judge (`features_of`), networks that know no judge, or pixels."""


def aimed(sweep: Sweep, weights: np.ndarray) -> tuple[Sweep, str]:
    """The sweep with the attribute that its direction changes, and how that is known: "name", "measured" or "none"."""
    name = sweep.direction.name
    if name in sweep.attributes:
        return sweep.toward(sweep.attributes.index(name)), "name"
    values = rescoring_values(sweep).double().numpy()
    mean = values.mean(0)
    most = int(np.abs(mean).argmax())
    low, high = np.percentile(weighted(values[:, most], weights), (2.5, 97.5))
    if abs(mean[most]) < MOVES or low * high <= 0:
        return sweep.toward(None), "none"
    return sweep.toward(most, 1 if mean[most] > 0 else -1), "measured"


def compare_all(sweeps: dict[str, Sweep], weights: np.ndarray) -> list[Comparison]:
    """One comparison per attribute that some direction changes, in the judge's order."""
    attributes = next(iter(sweeps.values())).attributes
    groups = [{key: sweep for key, sweep in sweeps.items() if sweep.target == i} for i in range(len(attributes))]
    made = [compare(group, weights) for group in groups if group]
    return [comparison for comparison in made if comparison is not None]


def missing(judge: Scorer, features: Features) -> dict[str, str]:
    """What was not measured, and why."""
    why = {
        "FID": f"it has weights of its own; the Frechet distance here is on {features.name}",
        "MIG, DCI, SAP, modularity": "the true factors of these pictures are not known",
        "seed stability": "needs directions of two seeds: metrics.between.stability",
    }
    if len(judge.attributes) < 2:
        why["leakage"] = "the judge knows one attribute only, so there is no other that could change"
    return why


def numbers(labels: Tensor | None, codes: int) -> list[int]:
    """The different class numbers of the codes, in order; none for class vectors."""
    if labels is None or labels.ndim != 1:
        return []
    return torch.unique(labels[:codes]).tolist()
