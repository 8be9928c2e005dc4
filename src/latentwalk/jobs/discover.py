"""From a generator (and scores, labels, or nothing) to directions: codes drawn and scored once, and any methods."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from latentwalk.direction import PER_LAYER, Direction, Directions
from latentwalk.generator import Generator
from latentwalk.hooks import nearest
from latentwalk.jobs.discover_samples import Drawn, check_scorer, draw, open_scores, read_drawn
from latentwalk.jobs.discover_sums import with_sums
from latentwalk.jobs.naming import Yardstick, codes_to_name, name_directions
from latentwalk.labels import read_labels
from latentwalk.latents import Latents, concatenate
from latentwalk.methods import METHODS, Entry, Method
from latentwalk.origin import Cost
from latentwalk.pool import Engine
from latentwalk.progress import Progress, silent
from latentwalk.samples import Samples, gather, map_codes, sample_codes
from latentwalk.scale.job import Job
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
    samples: int | str | Path = 20_000,
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
    samples: int | str | Path = 20_000,
    seed: int = 0,
    space: str | None = None,
    labels: Tensor | None = None,
    labelled: Samples | str | Path | None = None,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    namer: Scoring | None = None,
    progress: Progress = silent,
    left_out: Callable[[str, str], None] | None = None,
    engine: Engine | None = None,
    tell: Callable[[str], None] = lambda text: None,
) -> dict[str, Directions]:
    """Directions by the name of the method that found them.

    methods: names in `METHODS`. scorer: for methods that are taught by scores or gradients.
    namer: names directions that others find by what they move; the scorer if None, and without one these keep their
    numbers. attributes: names that the scorer knows, or columns of the hand labels; without them, all.
    samples: codes to sample, and to score once for all methods; or the folder of a job that has scored some
    (`latentwalk score`), which says everything of them: their seed, their classes, how pictures are drawn, and the
    scorer, which need not be given. seed: of the codes.
    space: where directions are wanted; without one w where there is a w, else where codes are sampled, and for methods
    that mean something elsewhere alone, there.
    labels: class numbers or vectors that the codes get in turn, for conditional generators.
    labelled: hand labels, for methods that learn from few: their file, see `read_labels`, or samples in the space where
    codes are sampled.
    options: hyperparameters by method. Codes that are sampled are normal and have no axes of their own, so there
    ganspace, ica and sparse-pca look at the first layer's activations, unless a layer is named.
    `origin` of what is found also says what it cost: seconds, images, labels.
    left_out: told the name of a method that finds nothing, and why, so that it does not cost what the others found.
    engine: who scores more than 20,000 codes, by itself the processes of this machine; that is a job in the folder of
    the cache, which `tell` is told, and goes on where it was stopped.
    Raises ValueError for an unknown method, attribute, space or option before anything is sampled; and for a method
    that finds nothing, unless `left_out` is told. For a folder, as `open_scores` and `check_scorer` say.
    """
    folder = None if isinstance(samples, int) else Path(samples)
    job, generator = (None, generator) if folder is None else open_scores(folder, generator, seed, labels)
    scorer = as_scorer(scorer, generator) if scorer is not None else None
    namer = as_scorer(namer, generator) if namer is not None else scorer
    attributes = [attributes] if isinstance(attributes, str) else attributes
    chosen = {name: entry_of(name) for name in dict.fromkeys(methods)}
    spaces = {name: space_for(name, entry, generator, space) for name, entry in chosen.items()}
    options = {name: suited(name, generator, spaces[name], (options or {}).get(name, {})) for name in chosen}
    hand = (
        labelled if not isinstance(labelled, str | Path) else read_labels(labelled, generator, None, attributes or ())
    )
    needs = {entry.needs for entry in chosen.values()}
    if folder and job and scorer is not None and needs & SCORED:
        check_scorer(folder, scorer)
    made = {
        name: make_method(name, entry, scorer, hand, options[name], job is not None) for name, entry in chosen.items()
    }
    # Hand labels have names of their own, which no scorer needs to know.
    names = () if needs == {"labels"} else _attributes(scorer, attributes, job)
    if folder and job:
        drawn = read_drawn(folder, job, generator, names if needs & SCORED else ())
    else:
        judge, count = (scorer if needs & SCORED else None), int(str(samples))
        drawn = draw(generator, judge, names, count, seed, labels, engine, progress, tell)
    found, yardstick = {}, None
    for name, entry in chosen.items():
        progress(f"fitting {name}", 0, 1)
        try:
            method = with_sums(made[name], generator, drawn, spaces[name], engine, progress, tell)
            fitted = _fit(name, method, generator, _given(entry, drawn, spaces[name], generator, hand), drawn, progress)
        except ValueError as error:
            if left_out is None:
                raise
            left_out(name, str(error))
            continue
        origin = fitted.origin.but(
            samples=drawn.count,
            seed=drawn.seed,
            runs=drawn.runs,
            space=spaces[name],
            options={key: plain(value) for key, value in options[name].items()},
            attributes=list(attributes or ()) if entry.needs not in ("codes", "nothing") else [],
            classes=[] if drawn.labels is None else drawn.labels.tolist(),
            labels="" if entry.needs != "labels" or isinstance(labelled, Samples) else str(labelled),
        )
        found[name] = Directions(fitted.items, origin)
        if entry.needs in ("codes", "nothing") and namer is not None:
            if yardstick is None:  # rendered once for all methods
                count = codes_to_name(generator, drawn.labels, len(fitted))
                codes = gather(sample_codes(generator, count, NAMING_SEED + drawn.seed, None, drawn.labels), count)
                yardstick = Yardstick.of(generator, namer, codes)
            found[name] = name_directions(generator, found[name], namer, yardstick, progress)
        progress(f"fitting {name}", 1, 1)
    return found


def _fit(
    name: str, method: Method, generator: Generator, samples: Samples, drawn: Drawn, progress: Progress
) -> Directions:
    """What a method finds, with what that cost and who scored in its origin."""
    started = time.perf_counter()
    fitted = fit_what_can_be(method, generator, samples, progress)
    seconds = round(time.perf_counter() - started, 3)
    needs = METHODS[name].needs
    known = int((~samples.scores.isnan()).any(1).sum()) if samples.attributes else 0
    cost = Cost(seconds=seconds, images=known if needs in SCORED else 0, labels=known if needs == "labels" else 0)
    taught = drawn.scorer if needs in SCORED else None
    return Directions(fitted.items, fitted.origin.but(method=name, drawing=generator.options, cost=cost, scorer=taught))


def _given(entry: Entry, drawn: Drawn, space: str, generator: Generator, hand: Samples | None) -> Samples:
    """What a method learns from, in the space where it looks. The one caller keeps no name of it: it may be large."""
    there = drawn.samples(space)
    if entry.needs == "labels" and hand is not None:
        return with_labels(generator, there.latents, hand)
    return there if entry.needs in SCORED else Samples.unscored(there.latents)


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
    name: str,
    entry: Entry,
    scorer: Scorer | None,
    labelled: Samples | None,
    options: Mapping[str, Any],
    scored: bool = False,
) -> Method:
    """A method with these hyperparameters, values or texts of them. Raises ValueError when it lacks something.

    scored: whether there are scores without a scorer too.
    """
    if entry.needs in SCORED and scorer is None and not (scored and entry.needs == "scores"):
        raise ValueError(f"{name} learns from scores: name a scorer, or take a method that needs none")
    if entry.needs == "labels" and labelled is None:
        raise ValueError(f"{name} learns from hand labels: make some with `latentwalk label` and give them")
    given: dict[str, Any] = {"scorer": scorer} if entry.needs == "scorer" else {}
    given |= read_settings(name, entry.make, options)
    return entry.make(**given)


def suited(name: str, generator: Generator, space: str, options: Mapping[str, Any]) -> Mapping[str, Any]:
    """The options, with what suits a generator where they do not say it.

    Methods that decompose codes read the first layer where codes are alike in every direction, and no method is asked
    for more components than a code has numbers.
    """
    needs, one = METHODS[name].needs, space.removesuffix(PER_LAYER)
    alike = needs == "codes" and space == generator.input_space.name
    usual: dict[str, Any] = {"layer": generator.layer_names[0]} if alike else {}
    numbers = generator.spaces[one].size if one in generator.spaces else generator.spaces[space].shape[-1]
    wanted = getattr(METHODS[name].make, "components", 0) if needs in ("codes", "nothing") else 0
    return {**usual, **({"components": numbers} if wanted > numbers else {}), **options}


def plain(value: Any) -> str:
    """A hyperparameter as `read_settings` reads it."""
    return ",".join(map(str, value)) if isinstance(value, tuple | list) else "none" if value is None else str(value)


def _attributes(scorer: Scorer | None, attributes: Sequence[str] | None, job: Job | None) -> tuple[str, ...]:
    """The names of what is wanted, all of those of the job or the scorer if nothing is said.

    What a job has not is said where its scores are read.
    """
    if scorer is None and job is None:
        return ()
    known = job.attributes if job else scorer.attributes if scorer else ()
    names = tuple(known if attributes is None else dict.fromkeys(attributes))
    if not names:
        raise ValueError(f"expected at least one attribute, got none: there are {', '.join(known)}")
    if scorer and not job:
        check_attributes(scorer, names)
    return names
