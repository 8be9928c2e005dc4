"""Walks as people ask for them: by a word, with all that they need to know of the generator."""

from latentwalk.generator import Generator
from latentwalk.jobs.attribute_directions import attribute_directions, attribute_ways, kept_place
from latentwalk.latents import Latents
from latentwalk.progress import Progress, silent
from latentwalk.scores import Scorer
from latentwalk.walk import Walker
from latentwalk.walks.auto import AutoWalk
from latentwalk.walks.boundary import BoundaryWalk
from latentwalk.walks.gradient import GradientWalk
from latentwalk.walks.region import SPACES

KINDS = ("auto", "gradient", "boundary")
"""Walks to a probability."""

BOUND = 1.0
"""How far seeds walk in w or w+, in mean distances from the mean."""

MAX_STEPS = 100
"""Steps of a gradient walk after which a code gives up."""


LARGEST = 128
"""Pixels of the longer side up to which directions are learned without being asked for: minutes, not hours."""


def usual_walk(generator: Generator, scorer: Scorer, start: Latents) -> str:
    """The kind of walk that measured best, as long as it need not learn for hours first: "auto", else "gradient".

    Directions that are kept already cost nothing; without a fingerprint they could not be kept.
    """
    space = direction_space(generator, start)
    kept = kept_place(generator, scorer, space)
    small = max(generator.image_shape[1:]) <= LARGEST
    return "auto" if kept is not None and (small or kept.exists()) else "gradient"


def direction_space(generator: Generator, start: Latents) -> str | None:
    """Where directions for these codes lie: of codes per layer in the space without."""
    base = start.space.removesuffix("+")
    return base if base in generator.spaces else None


def find_walk(
    kind: str,
    generator: Generator,
    scorer: Scorer,
    start: Latents,
    max_steps: int = MAX_STEPS,
    progress: Progress = silent,
) -> Walker:
    """The walk of that name for these codes.

    kind: "gradient", "boundary" or "auto"; the last two need a direction per attribute, which is learned from scored
    samples once and kept. generator: not a tuned one: what is learned holds for all that is tuned from it.
    "auto" is "gradient" where there are none to learn. Raises ValueError for another kind, and for "boundary" what
    `attribute_directions` raises.
    """
    if kind not in KINDS:
        raise ValueError(f"no walk {kind!r}: there are {', '.join(KINDS)}")
    mapped = "w" in generator.spaces and start.space in SPACES
    bound = BOUND if mapped and start.seeds is not None else None  # codes of photographs lie outside from the start
    if kind == "gradient":
        return GradientWalk(max_steps, bound=bound)
    try:
        directions = attribute_directions(generator, scorer, direction_space(generator, start), progress)
    except ValueError:
        if kind == "boundary":
            raise
        return GradientWalk(max_steps, bound=bound)  # a scorer that says the same of every sample teaches no direction
    ways = attribute_ways(generator, scorer, directions, progress)
    if kind == "boundary":
        return BoundaryWalk(directions, ways=ways)
    return AutoWalk(directions, ways, max_steps=max_steps, bound=bound)
