"""What the classes of a generator are called, and how people write which of them they want."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from latentwalk.seeds import format_seeds, parse_seeds

TURN, TOGETHER = "/", ","
"""Between what codes get in turn, and between what holds at once."""

SHOWN = 40
"""Names that an error lists."""


@dataclass(frozen=True)
class Conditions:
    """names: of all classes in their order, or none where nobody knows. exclusive: whether a picture is of one class;
    otherwise any of them hold at once, each more or less.

    Raises ValueError for names that are empty or there twice.
    """

    names: tuple[str, ...] = ()
    exclusive: bool = True

    def __post_init__(self) -> None:
        if len(set(self.names)) < len(self.names) or not all(name.strip() for name in self.names):
            raise ValueError(f"expected names of classes, every one once, got {', '.join(map(repr, self.names))}")

    def read(self, text: str, classes: int) -> Tensor:
        """Labels that codes get in turn: class numbers [k], or class vectors [k, classes].

        "3", "0-7" and "cat,dog" are classes in turn. Where several may hold at once, "glasses,hat" is one vector, and
        "glasses/glasses,hat" are two in turn. "glasses=0.5,hat" is a vector for any generator. A class is its name or
        its number. classes: how many there are.
        Raises ValueError for others, which lists those that there are.
        """
        parts = [part.split(TOGETHER) for part in text.split(TURN)]
        if self.exclusive and "=" not in text:
            return torch.tensor([place for part in parts for each in part for place in self._places(each, classes)])
        vectors = torch.zeros(len(parts), classes)
        for vector, part in zip(vectors, parts, strict=True):
            for each in part:
                name, degree = self._degree(each)
                vector[self._places(name, classes)] = degree
        return vectors

    def _degree(self, text: str) -> tuple[str, float]:
        """A name and how much of it: "hat=0.5", or "hat" for 1. A name may have an equals sign itself."""
        name, given, value = text.rpartition("=")
        if not given or text.strip() in self.names:
            return text, 1.0
        try:
            degree = float(value)
        except ValueError:
            degree = math.nan
        if not math.isfinite(degree):
            raise ValueError(f"expected a number such as {name.strip()}=0.5, got --class {text.strip()}")
        return name, degree

    def _places(self, text: str, classes: int) -> list[int]:
        text = text.strip()
        if text in self.names:
            return [self.names.index(text)]
        if not text.replace("-", "").isdecimal():
            raise ValueError(f"no class {text!r}: there are {self.describe(classes)}")
        places = parse_seeds(text)
        if max(places) >= classes:
            raise ValueError(f"class numbers go from 0 to {classes - 1}, got {text}")
        return places

    def describe(self, classes: int) -> str:
        """Those that there are, for people."""
        if not self.names:
            return f"{classes} classes, from 0 to {classes - 1}" if classes else "none"
        more = len(self.names) - SHOWN
        return ", ".join(self.names[:SHOWN]) + (f" and {more} more" if more > 0 else "")

    def advice(self, classes: int) -> str:
        """How to choose some."""
        if not self.names:
            return f"--class 0, or 0-{classes - 1} in turn" if self.exclusive else "--class 0, or 0=1,1=0.5"
        together = "" if self.exclusive or classes < 2 else f", or {TOGETHER.join(self.names[:2])} for both"
        return f"--class {self.names[0]}{together}; there are {self.describe(classes)}"


UNNAMED = Conditions()
"""Of classes of which nothing but their number is known."""


def written(labels: Sequence[int] | Sequence[Sequence[float]]) -> str:
    """Labels as `read` takes them, by number: "0-3", or "0=1,2=0.5/1=1"."""
    numbers = [label for label in labels if isinstance(label, int)]
    vectors = [label for label in labels if not isinstance(label, int)]
    rows = [TOGETHER.join(f"{i}={value:g}" for i, value in enumerate(row) if value) or "0=0" for row in vectors]
    return format_seeds(numbers) or TURN.join(rows)
