"""Models for the page, out of names: the generator, its scorer, and the directions that become sliders."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from weakref import WeakValueDictionary

import torch

from latentwalk.bundled import BUNDLED, DIRECTIONS, SCORERS
from latentwalk.choices import UNSAID, Choices
from latentwalk.direction import Direction, Directions
from latentwalk.filenames import readable
from latentwalk.generator import Generator
from latentwalk.jobs.features import features_of
from latentwalk.jobs.load import load, load_scorer
from latentwalk.samples import Samples, class_numbers, sample_codes
from latentwalk.studio.cards import FOUND, Card
from latentwalk.studio.model import Model

NEUTRAL_SCORER = "measurements"
"""What is told of pictures that no scorer knows: brightness, colour, light, sharpness."""

CODES, SHOWN = 500, 10
"""Samples that units are measured on; sliders of a generator that nobody found directions of."""

OPEN = 3
"""Models that stay open though nobody looks at them."""

LISTED, SUFFIXES = 200, (".safetensors", ".pkl", ".pt", ".pth", ".ckpt", ".npz")
"""Files of a folder that are offered, and the ends of their names; only the content says what they are."""


class Models:
    """What a studio can show, by name. Each is opened when it is first wanted, one at a time; the last few stay open,
    as do those that somebody looks at.

    generators: as `load` takes them. folder: its files are offered too. scorer, directions, choices (what is said of
    its file): for the first generator alone; the others come with their own.
    Raises ValueError for a folder that is not there.
    """

    def __init__(
        self,
        generators: Sequence[str] = (),
        folder: Path | None = None,
        scorer: str | None = None,
        directions: Sequence[Path] = (),
        device: torch.device | str = "cpu",
        choices: Choices = UNSAID,
    ) -> None:
        sources = [*(generators or BUNDLED), *(_files(folder) if folder else [])]
        self.device, self._first = device, (scorer, directions, choices)
        self._sources: dict[str, str] = {}
        for source in dict.fromkeys(sources):
            self._sources[_new_name(Path(source).name or source, self._sources)] = source
        self._one_at_a_time = threading.Lock()
        self._alive: WeakValueDictionary[str, Model] = WeakValueDictionary()
        self._last: list[Model] = []

    @property
    def names(self) -> list[str]:
        return list(self._sources)

    @property
    def openers(self) -> dict[str, Callable[[], Model]]:
        """How each is opened, as a `Session` takes them."""
        return {name: partial(self.open, name) for name in self._sources}

    def open(self, name: str) -> Model:
        """Raises ValueError in one line for one that is not there or cannot be read."""
        if name not in self._sources:
            raise ValueError(f"no generator {name!r} here: there are {', '.join(self.names)}")
        scorer, directions, choices = self._first if name == self.names[0] else (None, (), UNSAID)
        source = self._sources[name]
        with self._one_at_a_time:
            try:
                model = self._alive.get(name) or open_model(source, scorer, directions, self.device, choices)
            except ValueError as error:  # a page learns names, and nothing of where they lie
                raise ValueError(str(error).replace(source, name)) from error
            self._alive[name] = model
            self._last = [*(other for other in self._last if other is not model), model][-OPEN:]
        return model


def _files(folder: Path) -> list[str]:
    if not folder.is_dir():
        raise ValueError(f"no folder {str(folder)!r}: --models names one with files of generators")
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file())
    return [str(path) for path in files[:LISTED]]


def _new_name(name: str, taken: dict[str, str]) -> str:
    """The name, with a number behind it if there is one already."""
    return next(new for new in (name, *(f"{name} ({i})" for i in range(2, LISTED + 2))) if new not in taken)


def open_model(
    generator: str,
    scorer: str | None = None,
    directions: Sequence[Path] = (),
    device: torch.device | str = "cpu",
    choices: Choices = UNSAID,
) -> Model:
    """directions: files; by themselves those that come with the generator, else SeFa's. choices: of its file.

    Raises ValueError for a name that is not there, and directions of another generator.
    """
    made = load(generator, device, **choices.given)
    scorer = scorer or (generator if generator in SCORERS else NEUTRAL_SCORER)
    looks = load_scorer(scorer, device, made)
    if directions:
        found, cards = read_files(directions, made)
    elif generator in DIRECTIONS:
        found = list(Directions.load(DIRECTIONS[generator], made.fingerprint))
        cards = [Card.of(direction.name) for direction in found]
    else:
        found = list(unsupervised(made))
        cards = [Card(direction.name, FOUND) for direction in found]
    named = distinct(found)
    by_name = {direction.name: card for direction, card in zip(named, cards, strict=True)}
    return Model.of(made, looks, features_of(looks), named, by_name)


def read_files(paths: Sequence[Path], generator: Generator) -> tuple[list[Direction], list[Card]]:
    """The directions of files, and under which heading each stands."""
    found, cards = [], []
    for path in paths:
        for index, direction in enumerate(Directions.load(path, generator.fingerprint)):
            found.append(direction)
            cards.append(Card(direction.name, readable(path.stem), path, index))
    return found, cards


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
