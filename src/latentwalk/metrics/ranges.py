"""The strengths between which a direction works."""

from jaxtyping import Float
from torch import Tensor

from latentwalk.metrics.identity import similarity
from latentwalk.sweep import Sweep

ALIKE = 0.5
"""Similarity below which it is another picture: half way to one of other codes."""

STILL_MOVING = 0.25
"""Part of the first step's effect that every further step must have."""


def recommended(sweep: Sweep) -> tuple[float, float]:
    """From strength 0 outwards, as long as two things hold: pictures are alike (mean similarity of at least `ALIKE`),
    and a step still changes the target as it should, by at least `STILL_MOVING` of what the first step that way does.

    Without a target the first alone. (0, 0) says that not even the first step is one to take.
    """
    alike = similarity(sweep).mean(1)
    down = _reach(sweep, alike, range(sweep.zero - 1, -1, -1))
    up = _reach(sweep, alike, range(sweep.zero + 1, len(sweep.strengths)))
    return float(sweep.strengths[down]), float(sweep.strengths[up])


def _reach(sweep: Sweep, alike: Float[Tensor, "k"], rows: range) -> int:
    """The last of the rows, from the inside, up to which all is well."""
    before, first = sweep.zero, None
    for row in rows:
        if alike[row] < ALIKE:
            break
        if sweep.target is not None:
            way = sweep.strengths[row] - sweep.strengths[before]
            slope = sweep.sign * float((sweep.curve[row, sweep.target] - sweep.curve[before, sweep.target]) / way)
            first = slope if first is None else first
            if first <= 0 or slope < STILL_MOVING * first:
                break
        before = row
    return before
