"""How `latentwalk edit` walks: in which space, along gradients or along directions."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentwalk.bundled import find_directions
from latentwalk.cli.console import Bar
from latentwalk.cli.errors import remark
from latentwalk.cli.options import CodesOptions, check_file

if TYPE_CHECKING:
    from latentwalk.generator import Generator
    from latentwalk.latents import Latents
    from latentwalk.scores import Scorer
    from latentwalk.walk import Walker

WALK = "Walk"
"""Panel of the help that says how codes move."""

KINDS, MAX_STEPS = ("auto", "gradient", "boundary"), 100
"""Named in the help; `jobs.walkers` has its own."""


@dataclass(frozen=True)
class WalkingCodes(CodesOptions):
    """Which latent codes walk, and where."""

    space: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The latent space where codes walk, such as z, w or w+: seeds are mapped there, photographs inverted "
            "there; of --codes it says what they hold, where their file and shape do not. Default for seeds: w+ where "
            "there is one and they follow the scorer, else where they are sampled.",
            show_default=False,
        ),
    ] = None

    def check_space(self) -> None:
        """Any codes may be asked for in a space."""


@dataclass(frozen=True)
class WalkOptions:
    """How codes walk to a probability."""

    hold: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            help="What should stay as it is: attributes, such as age,smiling; others, for all the rest; and picture, "
            "for what else it shows: person, colours, light and background. All together: others,picture.",
            rich_help_panel=WALK,
        ),
    ] = None
    how: Annotated[
        str | None,
        typer.Option(
            "--walk",
            metavar="KIND",
            help="boundary: along directions that are learned from 12,000 samples once and kept; it keeps person, "
            "light and background. gradient: follow the scorer, which reaches nearly every code. auto: boundary, and "
            "gradient where that is not enough. Default: auto (gradient for pictures above 128 pixels whose directions "
            "are still to be learned); boundary for photographs, which gradients lead astray.",
            rich_help_panel=WALK,
            show_default=False,
        ),
    ] = None
    along: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Walk straight along the directions of this file (see latentwalk discover), not along gradients.",
            rich_help_panel=WALK,
        ),
    ] = None
    max_steps: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            max=10_000,
            help=f"Steps of a gradient walk after which a code gives up. Default: {MAX_STEPS}.",
            rich_help_panel=WALK,
            show_default=False,
        ),
    ] = None

    stop_at_realism: Annotated[
        float | None,
        typer.Option(
            metavar="P",
            help="End every walk, or move by fixed strengths, at its last place before fewer than this share of the "
            "generator's own samples are as far out as its picture, such as 0.01. Default: no end; a picture beyond "
            "0.01 is marked.",
            rich_help_panel=WALK,
            show_default=False,
        ),
    ] = None

    def check(self) -> None:
        if self.stop_at_realism is not None and not 0 < self.stop_at_realism < 1:
            raise ValueError(
                f"--stop-at-realism {self.stop_at_realism:g}: expected a share of samples between 0 and 1, such as 0.01"
            )
        if self.how not in (None, *KINDS):
            raise ValueError(f"--walk {self.how}: expected one of {', '.join(KINDS)}")
        if self.how == "boundary" and self.max_steps is not None:
            raise ValueError("--max-steps goes with --walk gradient: leave one out")
        if self.along is None:
            return
        if self.how is not None:
            raise ValueError("--along says how to walk: leave --walk out")
        check_file(find_directions(self.along), "a file of directions")
        if self.max_steps is not None:
            raise ValueError("a walk along directions takes no steps: leave --max-steps out, or --along")

    @property
    def follows(self) -> bool:
        """Whether seeds follow the gradient of the scorer."""
        return self.along is None and self.how != "boundary"

    @property
    def held(self) -> list[str]:
        """What to hold."""
        return [] if self.hold is None else [name.strip() for name in self.hold.split(",")]


def walking(generator: "Generator", start: "Latents", codes: WalkingCodes, follows: bool) -> "Latents":
    """The codes where they walk. follows: whether along the gradient of the scorer.

    Where every layer may change by itself, more codes arrive and less else changes; see `GradientWalk.bound`.
    Raises ValueError for a space that they cannot be mapped to.
    """
    from latentwalk.samples import map_codes

    if codes.codes is not None:
        return start
    layered = {"w", "w+"} <= generator.spaces.keys()
    space = codes.space or ("w+" if follows and layered else start.space)
    generator.check_space(space)
    return start if space == start.space else map_codes(generator, start, space)


def read_walk(
    generator: "Generator",
    given: WalkOptions,
    scorer: "Scorer",
    start: "Latents",
    photos: bool,
    direction_space: str | None,
    progress: Bar,
) -> "Walker":
    """The walk that was asked for; the usual one of photographs is straight.

    start: the codes; those of seeds stay where seeds lead. direction_space: of a file that does not say it.
    Raises ValueError for directions of another generator.
    """
    from latentwalk.jobs.directions import read_directions
    from latentwalk.jobs.walkers import find_walk, usual_walk
    from latentwalk.walks.boundary import BoundaryWalk

    if given.along is not None:
        return BoundaryWalk(read_directions(given.along, generator, direction_space, note=remark))
    usual = "boundary" if photos and given.max_steps is None else usual_walk(generator, scorer, start)
    return find_walk(given.how or usual, generator, scorer, start, given.max_steps or MAX_STEPS, progress)
