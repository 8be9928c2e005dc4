"""What stands on a slider: its name, the heading that it is under, and the file where a new name is kept."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from pydantic import Field

from latentwalk.direction import Directions
from latentwalk.methods import METHODS

TAUGHT, FOUND = "Taught by examples", "Found without labels"
"""Headings of sliders that come with a generator."""

Nickname = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f]$")]
"""What a person may call a slider."""


@dataclass
class Card:
    """file, index: where the direction lies in a file of the user; None for one that comes with the package."""

    name: str
    group: str = TAUGHT
    file: Path | None = None
    index: int = 0

    @staticmethod
    def of(name: str) -> "Card":
        """Of a bundled direction: "ganspace: light background" says which method found it without labels."""
        method, colon, rest = name.partition(": ")
        return Card(rest, FOUND) if colon and method in METHODS else Card(name)

    def rename(self, name: str) -> None:
        """Into its file too, which is written whole or not at all. Raises ValueError when that cannot be."""
        if self.file is None:
            raise ValueError(f"{self.name} comes with the package, which stays as it is")
        renamed(Directions.load(self.file), self.index, name).save(self.file)
        self.name = name


def renamed(directions: Directions, index: int, name: str) -> Directions:
    """The same with another name for one of them. Raises ValueError for a name that another one has."""
    old = directions[index].name
    if any(each.name == name for i, each in enumerate(directions) if i != index):
        raise ValueError(f"there is a direction {name!r} in this file already: choose another name")
    items = tuple(replace(each, name=name) if i == index else each for i, each in enumerate(directions))
    figures = {name if key == old else key: each for key, each in directions.origin.figures.items()}
    return Directions(items, directions.origin.but(figures=figures))
