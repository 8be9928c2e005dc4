"""What is written down while something learns: losses as JSON lines, and now and then whatever is to be seen."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from torch import Tensor

from latentwalk.files import space_for, write_text
from latentwalk.progress import Speed

LINES = 50
"""Steps between two lines."""


class Diary:
    """A `Watch`: a line of losses every 50 steps, and `show` every so many thousand pictures.

    file: JSON lines; a run that goes on cuts off what it will do again. batch: pictures of a step. show: called with
    the thousands of pictures that were seen, whenever another `every` of them were, and never when `every` is 0.
    """

    def __init__(
        self, file: Path, batch: int, show: Callable[[float], object] = lambda _kimg: None, every: float = 0
    ) -> None:
        self.file, self.batch, self.show, self.every = file, batch, show, every
        self.speed: Speed | None = None

    def __call__(self, done: int, losses: Mapping[str, Tensor]) -> None:
        kimg = done * self.batch / 1000
        if self.speed is None:
            self.speed = Speed()
            self._begin(done)
        self.speed(done * self.batch)
        if done % LINES == 0:
            line = {"step": done, "kimg": kimg, "images_per_second": round(self.speed.per_second or 0, 1)}
            line |= {name: float(loss) for name, loss in losses.items()}
            with space_for(self.file), self.file.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(line) + "\n")
        if self.every and int(kimg / self.every) > int((kimg - self.batch / 1000) / self.every):
            self.show(kimg)

    def _begin(self, done: int) -> None:
        """Only the lines of steps before this one."""
        kept = self.file.read_text(encoding="utf-8").splitlines() if self.file.exists() else []
        write_text(self.file, "".join(f"{line}\n" for line in kept if _step(line) < done))


def _step(line: str) -> float:
    """Of a line; one that was cut off when the power failed belongs to no step that counts."""
    try:
        return float(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return float("inf")
