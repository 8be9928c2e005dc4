"""From a generator (and scores, labels, or nothing) to directions: codes drawn and scored once, and any methods."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from latentwalk.direction import Direction, Directions
from latentwalk.generator import Generator
from latentwalk.hooks import nearest
from latentwalk.jobs.naming import Yardstick, codes_to_name, name_directions
from latentwalk.labels import read_labels
from latentwalk.latents import Latents, concatenate
from latentwalk.methods import METHODS, Entry, Method
from latentwalk.origin import Cost, Source
from latentwalk.progress import Progress, silent
from latentwalk.samples import Samples, map_codes, sample_codes, score_samples
from latentwalk.scorers.callable import Scoring, as_scorer
from latentwalk.scores import Scorer, check_attributes
from latentwalk.settings import read_settings

SCORED = {"scores", "scorer"}
"""What methods need for which every sample is scored."""

NAMING_SEED = 10**6
"""Added to the seed of the samples, it is that of the codes on which directions are named: no code is in both."""


def fit_boundary(
    generator: Generator,
    scorer: Scorer,
    attribute: str,
    samples: int = 20_000,
    seed: int = 0,
    kind: str = "svm",
    progress: Progress = silent,
) -> Direction:
    """The linear boundary of one attribute of a scorer, in the space where codes are sampled.

    kind: the name of a supervised method in `METHODS`. `discover` finds several boundaries for the price of one.
    Everything else, and the errors: as there.
    """
    space, options = generator.input_space.name, {kind: {"seed": seed}}
    found = discover(generator, [kind], scorer, [attribute], samples, seed, space, options=options, progress=progress)
    return found[kind][attribute]


def discover(
    generator: Generator,
    methods: Sequence[str],
    scorer: Scoring | None = None,
    attributes: str | Sequence[str] | None = None,
    samples: int = 20_000,
    seed: int = 0,
    space: str | None = None,
    labels: Tensor | None = None,
    labelled: Samples | str | Path | None = None,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    namer: Scoring | None = None,
    progress: Progress = silent,
    left_out: Callable[[str, str], None] | None = None,
) -> dict[str, Directions]:
    """Directions by the name of the method that found them.

    methods: names in `METHODS`. scorer: for methods that are taught by scores or gradients.
    namer: names directions that others find by what they move; the scorer if None, and without one these keep their
    numbers. attributes: names that the scorer knows, or columns of the hand labels; without them, all.
    samples: codes to sample, and to score once for all methods. seed: of the codes.
    space: where directions are wanted; without one w where there is a w, else where codes are sampled, and for methods
    that mean something elsewhere alone, there.
    labels: class numbers or vectors that the codes get in turn, for conditional generators.
    labelled: hand labels, for methods that learn from few: their file, see `read_labels`, or samples in the space where
    codes are sampled.
    options: hyperparameters by method. Codes that are sampled are normal and have no axes of their own, so there
    ganspace, ica and sparse-pca look at the first layer's activations, unless a layer is named.
    `origin` of what is found also says what it cost: seconds, images, labels.
    left_out: told the name of a method that finds nothing, and why, so that it does not cost what the others found.
    Raises ValueError for an unknown method, attribute, space or option before anything is sampled; and for a method
    that finds nothing, unless `left_out` is told.
    """
    scorer = as_scorer(scorer, generator) if scorer is not None else None
    namer = as_scorer(namer, generator) if namer is not None else scorer
    attributes = [attributes] if isinstance(attributes, str) else attributes
    chosen = {name: entry_of(name) for name in dict.fromkeys(methods)}
    spaces = {name: space_for(name, entry, generator, space) for name, entry in chosen.items()}
    options = {name: with_layer(name, generator, spaces[name], (options or {}).get(name, {})) for name in chosen}
    hand = (
        labelled if not isinstance(labelled, str | Path) else read_labels(labelled, generator, None, attributes or ())
    )
    made = {name: make_method(name, entry, scorer, hand, options[name]) for name, entry in chosen.items()}
    needs = {entry.needs for entry in chosen.values()}
    # Hand labels have names of their own, which no scorer needs to know.
    names = () if needs == {"labels"} else _attributes(scorer, attributes)
    sampled = _sample(generator, scorer if needs & SCORED else None, names, samples, seed, labels, progress)
    found, yardstick = {}, None
    for name, entry in chosen.items():
        progress(f"fitting {name}", 0, 1)
        there = in_space(generator, sampled, spaces[name])
        given = there if entry.needs in SCORED else Samples.unscored(there.latents)
        if entry.needs == "labels" and hand is not None:
            given = with_labels(generator, there.latents, hand)
        try:
            fitted = _fit(name, made[name], generator, given, scorer, progress)
        except ValueError as error:
            if left_out is None:
                raise
            left_out(name, str(error))
            continue
        origin = fitted.origin.but(
            samples=samples,
            seed=seed,
            space=spaces[name],
            options={key: plain(value) for key, value in options[name].items()},
            attributes=list(attributes or ()) if entry.needs not in ("codes", "nothing") else [],
            classes=[] if labels is None else labels.tolist(),
            labels="" if entry.needs != "labels" or isinstance(labelled, Samples) else str(labelled),
        )
        found[name] = Directions(fitted.items, origin)
        if entry.needs in ("codes", "nothing") and namer is not None:
            if yardstick is None:  # rendered once for all methods
                count = codes_to_name(generator, labels, len(fitted))
                codes = concatenate(list(sample_codes(generator, count, NAMING_SEED + seed, None, labels)))
                yardstick = Yardstick.of(generator, namer, codes)
            found[name] = name_directions(generator, found[name], namer, yardstick, progress)
        progress(f"fitting {name}", 1, 1)
    return found


def _fit(
    name: str, method: Method, generator: Generator, samples: Samples, scorer: Scorer | None, progress: Progress
) -> Directions:
    """What a method finds, with what that cost and who scored in its origin."""
    started = time.perf_counter()
    fitted = fit_what_can_be(method, generator, samples, progress)
    seconds = round(time.perf_counter() - started, 3)
    needs = METHODS[name].needs
    known = int((~samples.scores.isnan()).any(1).sum()) if samples.attributes else 0
    cost = Cost(seconds=seconds, images=known if needs in SCORED else 0, labels=known if needs == "labels" else 0)
    taught = Source.of(scorer) if needs in SCORED else None
    return Directions(fitted.items, fitted.origin.but(method=name, drawing=generator.options, cost=cost, scorer=taught))


def fit_what_can_be(method: Method, generator: Generator, samples: Samples, progress: Progress = silent) -> Directions:
    """The directions of all attributes that the samples say something about; `origin.skipped` says why others not.

    Raises what the method raises when no attribute is left, or there is only one.
    """
    try:
        return method.fit(generator, samples, progress)
    except ValueError:
        if len(samples.attributes) < 2:
            raise
    found, skipped = [], {}
    for attribute in samples.attributes:
        try:
            found.append(method.fit(generator, samples.only([attribute]), progress))
        except ValueError as error:
            skipped[attribute] = str(error)
    if not found:
        raise ValueError(next(iter(skipped.values())))
    figures = {name: seen for each in found for name, seen in each.origin.figures.items()}
    origin = found[0].origin.but(figures=figures, skipped=skipped)
    return Directions(tuple(item for each in found for item in each), origin)


def _sample(
    generator: Generator,
    scorer: Scorer | None,
    names: tuple[str, ...],
    samples: int,
    seed: int,
    labels: Tensor | None,
    progress: Progress,
) -> Samples:
    """Codes, with the scores of the named attributes if there is a scorer."""
    if scorer is not None:
        return score_samples(generator, scorer, samples, seed, progress, labels).only(names)
    if samples < 2:
        raise ValueError(f"expected at least 2 samples, got {samples}")
    return Samples.unscored(concatenate(list(sample_codes(generator, samples, seed, None, labels))))


def space_for(name: str, entry: Entry, generator: Generator, asked: str | None) -> str:
    """Where a method looks for directions. Raises ValueError for a space that is not there or means nothing for it."""
    known = list(generator.spaces)
    if asked is not None and asked not in known:
        raise ValueError(f"this generator has the spaces {', '.join(known)}, got {asked!r}")
    usual = default_space(generator)
    fitting = known if entry.spaces is None else [space for space in entry.spaces if space in known]
    if asked in fitting:
        return asked
    if asked is not None or not fitting:
        wanted = ", ".join(entry.spaces or ())
        raise ValueError(f"{name} finds directions in {wanted}, this generator has {', '.join(known)}: leave it out")
    return usual if usual in fitting else fitting[0]


def in_space(generator: Generator, samples: Samples, space: str) -> Samples:
    """The same samples with their codes in another space."""
    latents = samples.latents
    if latents.space == space:
        return samples
    return Samples(map_codes(generator, latents, space), samples.scores, samples.attributes)


def with_labels(generator: Generator, latents: Latents, labelled: Samples) -> Samples:
    """Labelled codes, mapped to where the others are, in front of others that nobody labelled."""
    first = labelled.latents
    if first.space != latents.space:
        first = map_codes(generator, first, latents.space)
    blank = labelled.scores.new_full((len(latents), len(labelled.attributes)), torch.nan)
    both = concatenate([replace(first, seeds=None), replace(latents, seeds=None)])
    return Samples(both, torch.cat([labelled.scores, blank]), labelled.attributes)


def default_space(generator: Generator) -> str:
    """w, where attributes are told apart best, if there is one (Shen et al., 2020, section 4.3)."""
    return "w" if "w" in generator.spaces else generator.input_space.name


def entry_of(name: str) -> Entry:
    """A method by its name. Raises ValueError that lists those that there are, nearest first."""
    if name not in METHODS:
        raise ValueError(f"no method {name!r}: there are {', '.join(nearest(name, list(METHODS), len(METHODS)))}")
    return METHODS[name]


def make_method(
    name: str, entry: Entry, scorer: Scorer | None, labelled: Samples | None, options: Mapping[str, Any]
) -> Method:
    """A method with these hyperparameters, values or texts of them. Raises ValueError when it lacks something."""
    if entry.needs in SCORED and scorer is None:
        raise ValueError(f"{name} learns from scores: name a scorer, or take a method that needs none")
    if entry.needs == "labels" and labelled is None:
        raise ValueError(f"{name} learns from hand labels: make some with `latentwalk label` and give them")
    given: dict[str, Any] = {"scorer": scorer} if entry.needs == "scorer" else {}
    given |= read_settings(name, entry.make, options)
    return entry.make(**given)


def with_layer(name: str, generator: Generator, space: str, options: Mapping[str, Any]) -> Mapping[str, Any]:
    """The options, with the first layer for methods that decompose codes where these are alike in every direction."""
    alike = METHODS[name].needs == "codes" and space == generator.input_space.name
    return {"layer": generator.layer_names[0], **options} if alike else options


def plain(value: Any) -> str:
    """A hyperparameter as `read_settings` reads it."""
    return ",".join(map(str, value)) if isinstance(value, tuple | list) else "none" if value is None else str(value)


def _attributes(scorer: Scorer | None, attributes: Sequence[str] | None) -> tuple[str, ...]:
    if scorer is None:
        return ()
    names = tuple(scorer.attributes if attributes is None else dict.fromkeys(attributes))
    if not names:
        raise ValueError(f"expected at least one attribute, got none: there are {', '.join(scorer.attributes)}")
    check_attributes(scorer, names)
    return names
