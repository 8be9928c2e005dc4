"""Sliders that a person found or taught: of this page alone, each a file of one direction that the page keeps."""

import base64
import binascii
import math
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field

from latentwalk.direction import Direction, Directions
from latentwalk.generator import Generator
from latentwalk.jobs.directions import is_ours, read_directions
from latentwalk.studio.cards import renamed
from latentwalk.studio.state import Part

OWN = "own:"
"""How their ids begin; then what they were found by, and what they were called at first."""

MOST, BYTES = 300, 2**20
"""Sliders that are kept of a session, the oldest go first; size of the file of one."""

OwnId = Annotated[str, Field(max_length=200, pattern=r"^own:[^\x00-\x1f\x7f]+$")]


class WrittenSlider(Part):
    """A slider as a page keeps it. file: what `Directions.save` writes, in base64."""

    slider: OwnId
    file: Annotated[str, Field(max_length=BYTES * 4 // 3 + 4)]

    @staticmethod
    def of(id: str, directions: Directions) -> "WrittenSlider":
        return WrittenSlider(slider=id, file=base64.b64encode(to_bytes(directions)).decode())

    def read(self, generator: Generator) -> Directions:
        """The one direction. Raises ValueError for a file that holds another number, or none of this generator."""
        found = from_bytes(from_text(self.file), generator)
        if len(found) != 1:
            raise ValueError(f"the file of a slider holds one direction, got {len(found)}")
        return found


class OwnSliders:
    """By their id."""

    def __init__(self) -> None:
        self._found: dict[str, Directions] = {}

    @property
    def directions(self) -> Mapping[str, Direction]:
        return {id: found[0] for id, found in self._found.items()}

    def take(self, id: str) -> Directions:
        """Raises ValueError for one that is not here."""
        if id not in self._found:
            raise ValueError(f"no slider {id.removeprefix(OWN)!r} is kept here: there are {', '.join(self._found)}")
        return self._found[id]

    def keep(self, directions: Directions, how: str) -> list[WrittenSlider]:
        """Each as a slider of its own. how: what found them. One that was there keeps the name that it was given.

        Returns what the page keeps.
        """
        kept = []
        for direction in directions:
            figures = {name: each for name, each in directions.origin.figures.items() if name == direction.name}
            one = Directions((direction,), directions.origin.but(figures=figures))
            id = f"{OWN}{how}:{direction.name}"
            self._put(id, renamed(one, 0, self._found[id][0].name) if id in self._found else one)
            kept.append(WrittenSlider.of(id, self._found[id]))
        return kept

    def bring(self, written: WrittenSlider, generator: Generator) -> None:
        """Raises ValueError for what is no direction of this generator."""
        self._put(written.slider, written.read(generator))

    def rename(self, id: str, name: str) -> WrittenSlider:
        self._put(id, renamed(self.take(id), 0, name))
        return WrittenSlider.of(id, self._found[id])

    def _put(self, id: str, one: Directions) -> None:
        self._found[id] = one
        while len(self._found) > MOST:
            del self._found[next(iter(self._found))]


def together(found: Sequence[Directions]) -> Directions:
    """Directions as one file. Where they come from is kept where that is the same, else only the generator.

    Raises ValueError when there are none.
    """
    if not found:
        raise ValueError("expected some directions to save, got none")
    figures = {name: each for one in found for name, each in one.origin.figures.items()}
    first = found[0].origin
    alike = all(_source(one) == _source(found[0]) for one in found)
    origin = first.but(figures=figures) if alike else Directions(()).origin.but(generator=first.generator)
    return Directions(tuple(direction for one in found for direction in one), origin)


def _source(found: Directions) -> tuple[object, ...]:
    origin = found.origin
    return origin.method, origin.generator, origin.samples, origin.seed, origin.space, origin.labels


def from_text(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("a file in a message is base64") from error


def to_bytes(directions: Directions) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "directions.safetensors"
        directions.save(path)
        return path.read_bytes()


def from_bytes(raw: bytes, generator: Generator) -> Directions:
    """The directions in a file that a stranger may have made: nothing is executed, all numbers are finite, and they
    move codes of this generator. Raises ValueError for others."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "directions.safetensors"
        path.write_bytes(raw)
        if not is_ours(path):
            raise ValueError("expected a file of directions that latentwalk wrote")
        try:
            found = read_directions(path, generator)
        except ValueError as error:
            raise ValueError(str(error).replace(str(path), "the file")) from None
    for direction in found:
        numbers = (direction.unit, direction.offset, *direction.range)
        if not all(math.isfinite(number) for number in numbers) or not direction.range[0] < direction.range[1]:
            raise ValueError(f"the numbers of a direction are finite, those of {direction.name!r} are not")
    return found
