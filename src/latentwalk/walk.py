"""What a walk is asked for, who walks, and what comes of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from latentwalk.generator import Generator
from latentwalk.latents import Latents, concatenate
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
    """The way of every code, from its start to where it came to.

    start, latents: the codes at both ends [n, ...], in the space where they walked. reached: whether all goals hold at
    the end. steps: how many it took. before, after: logits of the pictures at both ends, all columns of the scorer.
    paths: values [frames, ...] from start to end, for the first codes, as many as frames were kept of; each walker says
    how many frames. ways: by which walk each code came, of walkers that choose for every code.
    """

    start: Latents
    latents: Latents
    reached: Bool[Tensor, "n"]
    steps: Int[Tensor, "n"]
    before: Float[Tensor, "n a"]
    after: Float[Tensor, "n a"]
    paths: Sequence[Tensor] = ()
    ways: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.latents)

    def __getitem__(self, index: int | slice | list[int]) -> "Walk":
        """The walks of some codes; a single index gives a batch of one."""
        if isinstance(index, int):
            index = slice(index, index + 1 or None)
        ends = (self.start[index], self.latents[index])
        rows = (self.reached[index], self.steps[index], self.before[index], self.after[index])
        kept = index if isinstance(index, list) else range(len(self))[index]
        paths = [self.paths[i] for i in kept if i < len(self.paths)]
        return Walk(*ends, *rows, paths, [self.ways[i] for i in kept] if self.ways else ())

    def without_paths(self) -> "Walk":
        """The two ends of every way."""
        return replace(self, paths=())

    def path(self, index: int) -> Latents:
        """The codes of one way from start to end. Raises ValueError when its frames were not kept."""
        if index >= len(self.paths):
            raise ValueError("this walk kept no frames of the code: edit with frames=True")
        values = self.paths[index]
        return self.start[[index] * len(values)].with_values(values)

    @staticmethod
    def concatenate(parts: "Sequence[Walk]") -> "Walk":
        """One walk of all codes from those of consecutive batches."""
        if len(parts) == 1:
            return parts[0]
        return Walk(
            start=concatenate([part.start for part in parts]),
            latents=concatenate([part.latents for part in parts]),
            reached=torch.cat([part.reached for part in parts]),
            steps=torch.cat([part.steps for part in parts]),
            before=torch.cat([part.before for part in parts]),
            after=torch.cat([part.after for part in parts]),
            paths=[path for part in parts for path in part.paths],
            ways=[way for part in parts for way in part.ways],
        )


@runtime_checkable
class Walker(Protocol):
    """A way of walking; see walks/ for ours. Any class with this method is one.

    Every code walks on its own: where it comes to must not depend on who else is in the batch. One whose class says
    `aimless = True` also walks without goals; one with a number `batch` is handed that many codes at once, or as many
    as its number `handed` says. Settings in
    the constructor (a dataclass is best) go into the receipt.
    """

    def walk(
        self,
        generator: Generator,
        latents: Latents,
        scorer: Scorer,
        goals: Sequence[Goal],
        held: Sequence[str] = (),
        keep_paths: bool = False,
    ) -> Walk:
        """Walk every code until its picture fulfils the goals, and its held attributes stay, as far as that goes.

        Raises ValueError for goals that it cannot see to.
        """
        ...


def read_goals(wanted: Mapping[str, float], scorer: Scorer) -> tuple[Goal, ...]:
    """Goals from {attribute: target}. Raises ValueError for an unknown attribute or an impossible target."""
    for attribute in wanted:
        attribute_index(scorer, attribute)
    return tuple(Goal(attribute, target) for attribute, target in wanted.items())


def all_reached(goals: Sequence[Goal], logits: Float[Tensor, "n a"], scorer: Scorer) -> Bool[Tensor, "n"]:
    """Which rows of logits fulfil every goal."""
    met = [goal.missing(logits[:, attribute_index(scorer, goal.attribute)]) == 0 for goal in goals]
    return torch.stack(met).all(0)


def straight(start: Latents, end: Latents, frames: int) -> list[Tensor]:
    """Paths [frames, ...] on the line from one code to another, both ends exact."""
    parts = torch.linspace(0, 1, frames).to(start.values)
    paths = torch.stack([torch.lerp(start.values, end.values, part) for part in parts], 1)
    paths[:, 0], paths[:, -1] = start.values, end.values
    return list(paths)
