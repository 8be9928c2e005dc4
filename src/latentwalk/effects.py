"""What one unit of a direction was measured to do: in numbers, in words, and as bars."""

from collections.abc import Sequence
from typing import NamedTuple

from latentwalk.notebook import Html, bars

UNIT = "change per unit, in standard deviations of the logit"

SAID = 3
"""Effects that are put into words, the strongest."""


class Effect(NamedTuple):
    """What one unit of a direction was measured to do to one attribute.

    effect: mean change of the logit, in standard deviations of that logit over codes; low, high: its 95% interval.
    """

    attribute: str
    effect: float
    low: float
    high: float

    def turned(self) -> "Effect":
        """That of the same line the other way."""
        return Effect(self.attribute, -self.effect, -self.high, -self.low)


def in_words(effects: Sequence[Effect]) -> str:
    """ "hat +0.71, smiling -0.12", or "" while nobody measured. effects: the strongest first."""
    return ", ".join(f"{each.attribute} {each.effect:+.2f}" for each in effects[:SAID])


def as_bars(effects: Sequence[Effect]) -> Html:
    """A bar for each, with its interval."""
    return bars(effects, UNIT)
