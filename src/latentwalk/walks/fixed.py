"""The fixed walk: every code moves along the same directions by the same strengths, whatever its picture shows.

What the published methods do (InterFaceGAN, Shen et al., 2020, section 3.2; GANSpace, Härkönen et al., 2020, section
3.3): several directions one after the other, each on the layers that it is given, relative (`shift`) or absolute
(`place`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import torch

from latentwalk.direction import Directions
from latentwalk.edits import Place, Shift, moved
from latentwalk.generator import RENDER_BATCH, Generator
from latentwalk.latents import Latents
from latentwalk.samples import map_codes
from latentwalk.scores import Scorer, score
from latentwalk.walk import Goal, Walk, straight


@dataclass(frozen=True, eq=False)
class FixedWalk:
    """Settings of a walk by fixed strengths.

    directions: in this order. strengths: one per direction, in its units. place: to that many units from the boundary
    instead of by that many. frames: codes of a path, both ends included. batch: codes at once.
    begin: a sweep: strengths, one per direction, at which walks begin, instead of at the codes themselves.
    """

    aimless: ClassVar[bool] = True

    directions: Directions
    strengths: tuple[float, ...]
    place: bool = False
    frames: int = 10
    batch: int = RENDER_BATCH
    begin: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if len(self.directions) == 0 or len(self.strengths) != len(self.directions):
            raise ValueError(
                f"expected one strength for each of one or more directions, got {len(self.strengths)} "
                f"for {len(self.directions)}"
            )
        if len(self.begin) not in (0, len(self.strengths)):
            raise ValueError(f"expected {len(self.strengths)} strengths to begin at, or none, got {len(self.begin)}")
        if self.frames < 2 or self.batch < 1:
            raise ValueError(f"expected two frames or more and a batch of 1 or more, got {self.frames}, {self.batch}")

    def walk(
        self,
        generator: Generator,
        latents: Latents,
        scorer: Scorer,
        goals: Sequence[Goal] = (),
        held: Sequence[str] = (),
        keep_paths: bool = False,
    ) -> Walk:
        """Move the codes; every one of them arrives, in one step. Paths are straight.

        Codes are first mapped to the space in which all directions move them; where these are of several spaces, they
        move in one after the other (`edits.moved`), and start and end are compared in the last.
        Raises ValueError for goals or held attributes, which a fixed walk cannot see to.
        """
        if goals or held:
            raise ValueError("a walk by fixed strengths has no goals and holds nothing: expected none")
        codes = latents.to(generator.device)
        end = self._moved(generator, codes, self.strengths)
        start = codes if codes.space == end.space else map_codes(generator, codes, end.space)
        if self.begin:  # pictures say whose walk it is
            start = replace(self._moved(generator, codes, self.begin), seeds=start.seeds)
        everyone = torch.ones(len(start), dtype=torch.bool, device=start.values.device)
        return Walk(
            start=start,
            latents=end,
            reached=everyone,
            steps=everyone.long(),
            before=score(generator, scorer, start),
            after=score(generator, scorer, end),
            paths=straight(start, end, self.frames) if keep_paths else (),
        )

    def _moved(self, generator: Generator, codes: Latents, strengths: tuple[float, ...]) -> Latents:
        kind = Place if self.place else Shift
        return moved(
            generator, codes, [kind(d, strength) for d, strength in zip(self.directions, strengths, strict=True)]
        )
