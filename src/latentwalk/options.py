"""Options of pictures: how near codes come to the average code, and which noise maps are added."""

import math
import operator
from dataclasses import dataclass

from latentwalk.seeds import check_seed


@dataclass(frozen=True)
class RenderOptions:
    """Options of pictures, the same for every family; by themselves neutral.

    truncation: psi; 1 (neutral) leaves codes as they are, smaller ones bring them closer to the average code.
    cutoff: how many per-layer codes, from the first, truncation touches; None (neutral) is all.
    noise: "const" (neutral) adds the stored noise maps, "none" adds none, a seed gives maps, the same for all codes.
    Raises ValueError for a value that has no meaning.
    """

    truncation: float = 1.0
    cutoff: int | None = None
    noise: str | int = "const"

    def __post_init__(self) -> None:
        if not math.isfinite(self.truncation):
            raise ValueError(f"truncation is a finite number, 1 for none, got {self.truncation}")
        if self.cutoff is not None and (isinstance(self.cutoff, bool) or operator.index(self.cutoff) < 0):
            raise ValueError(f"cutoff is a number of layers from 0, or None for all, got {self.cutoff}")
        if self.noise not in ("const", "none"):
            if isinstance(self.noise, str | bool):
                raise ValueError(f"noise is 'const', 'none' or a seed, got {self.noise!r}")
            check_seed(self.noise)

    @property
    def truncates(self) -> bool:
        """Whether codes are changed on their way to w or w+."""
        return self.truncation != 1 or self.cutoff is not None

    @property
    def chosen(self) -> list[str]:
        """Names of the options that are not neutral."""
        return [name for name, value in vars(self).items() if value != getattr(NEUTRAL, name)]


NEUTRAL = RenderOptions()
"""Codes as they are, with the stored noise maps."""
