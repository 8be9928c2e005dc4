"""A model for the page, out of names: the generator, its scorer, and the directions that become sliders."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from latentwalk.bundled import DIRECTIONS, SCORERS
from latentwalk.direction import Direction, Directions
from latentwalk.generator import Generator
from latentwalk.inversion.spaces import class_numbers
from latentwalk.jobs.features import features_of
from latentwalk.jobs.load import load, load_scorer
from latentwalk.samples import Samples, sample_codes
from latentwalk.studio.session import Model

NEUTRAL_SCORER = "measurements"
"""What is told of pictures that no scorer knows: brightness, colour, light, sharpness."""

CODES, SHOWN = 500, 10
"""Samples that units are measured on; sliders of a generator that nobody found directions of."""


def open_model(
    generator: str, scorer: str | None = None, directions: Sequence[Path] = (), device: torch.device | str = "cpu"
) -> Model:
    """directions: files; by themselves those that come with the generator, else SeFa's.

    Raises ValueError for a name that is not there, and directions of another generator.
    """
    made = load(generator, device)
    scorer = scorer or (generator if generator in SCORERS else NEUTRAL_SCORER)
    looks = load_scorer(scorer, device, made)
    bundled = [DIRECTIONS[generator]] if generator in DIRECTIONS else []
    found = [each for path in directions or bundled for each in Directions.load(path, made.fingerprint)]
    return Model.of(made, looks, features_of(looks), distinct(found or unsupervised(made)))


def unsupervised(generator: Generator) -> Directions:
    """What needs no scorer and no time (SeFa, Shen and Zhou, 2021), in w where there is one."""
    from latentwalk.methods.sefa import SeFa  # with all methods, which takes a second that the first picture waits for

    space = "w" if "w" in generator.spaces else generator.input_space.name
    codes = next(sample_codes(generator, CODES, space=space, labels=class_numbers(generator), batch=CODES))
    return SeFa(components=min(SHOWN, codes.values[0].numel())).fit(generator, Samples.unscored(codes))


def distinct(directions: Sequence[Direction]) -> Directions:
    """With a name of its own each: a second "smiling" becomes "smiling 2"."""
    named: dict[str, Direction] = {}
    for direction in directions:
        name, count = direction.name, 1
        while name in named:
            count += 1
            name = f"{direction.name} {count}"
        named[name] = replace(direction, name=name)
    return Directions(tuple(named.values()))
