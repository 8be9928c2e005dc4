"""What a person says of a checkpoint when it is opened, because no file of its kind says it."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Choices:
    """part: which network of a file with several, by its place in it ("G_ema"). classes: how many it was trained with.

    activation: between the layers, "relu" or "leaky_relu:0.2". bgr: whether blue is the first of its colours.
    side: of its pictures.
    Receipts keep them, so that who replays one opens the same network.
    """

    part: str | None = None
    classes: int | None = None
    activation: str | None = None
    bgr: bool = False
    side: int | None = None

    def __bool__(self) -> bool:
        """Whether anything was said."""
        return self != UNSAID

    @property
    def given(self) -> dict[str, Any]:
        """What was said, as arguments of `load`."""
        return {name: value for name, value in asdict(self).items() if value not in (None, False)}

    @property
    def words(self) -> list[str]:
        """The same as options of the command line."""
        pairs = [[f"--{name}"] if value is True else [f"--{name}", str(value)] for name, value in self.given.items()]
        return [word for pair in pairs for word in pair]


UNSAID = Choices()
"""Nothing was said."""
