"""What a walk is asked for and what it returns, whoever walks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from latentwalk.latents import Latents
from latentwalk.scores import Scorer, attribute_index, logit

UP, DOWN = 0.995, 0.1
"""Default targets: a probability to rise to, and one to fall to."""


@dataclass(frozen=True)
class Goal:
    """An attribute and the probability that it has to reach.

    A target of at least one half is reached from below (p >= target), a smaller one from above (p <= target).
    """

    attribute: str
    target: float = UP

    def __post_init__(self) -> None:
        logit(self.target)

    @property
    def sign(self) -> int:
        return 1 if self.target >= 0.5 else -1

    def missing(self, logits: Float[Tensor, "n"]) -> Float[Tensor, "n"]:
        """How much logit is missing, signed; 0 where the goal is reached."""
        return self.sign * (self.sign * (logit(self.target) - logits)).clamp(min=0)


@dataclass(frozen=True, eq=False)
class Walk:
    """Where every code came to.

    latents: the codes at the end [n, ...]. reached: whether all goals hold there. steps: how many steps it took.
    before, after: logits of the pictures at both ends, all columns of the scorer.
    paths: per code its values [frames, ...] from start to end, when they were asked for; each walker says how many.
    """

    latents: Latents
    reached: Bool[Tensor, "n"]
    steps: Int[Tensor, "n"]
    before: Float[Tensor, "n a"]
    after: Float[Tensor, "n a"]
    paths: Sequence[Tensor] | None = None


def read_goals(wanted: Mapping[str, float], scorer: Scorer) -> tuple[Goal, ...]:
    """Goals from {attribute: target}. Raises ValueError for an unknown attribute or an impossible target."""
    if not wanted:
        raise ValueError("expected at least one attribute to change, got none")
    for attribute in wanted:
        attribute_index(scorer, attribute)
    return tuple(Goal(attribute, target) for attribute, target in wanted.items())


def all_reached(goals: Sequence[Goal], logits: Float[Tensor, "n a"], scorer: Scorer) -> Bool[Tensor, "n"]:
    """Which rows of logits fulfil every goal."""
    met = [goal.missing(logits[:, attribute_index(scorer, goal.attribute)]) == 0 for goal in goals]
    return torch.stack(met).all(0)
