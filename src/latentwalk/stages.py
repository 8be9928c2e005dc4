"""A picture comes about in stages, each of which is given a part of the code."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from torch import Tensor


class Stage(NamedTuple):
    """One step on the way from a batch of codes to its images.

    given: all that it depends on besides the state: tensors, one row per code, and plain values, so that two passes
    whose given are equal up to a stage are in the same state there.
    advance: from the state that the stage before left (None for the first) to the next; the last one gives the images
    [n, c, h, w]. A state is a tensor or a tuple of tensors and None, and is never changed once it is there.
    """

    given: tuple[object, ...]
    advance: Callable[[Any], Any]


def run(stages: Sequence[Stage]) -> Tensor:
    """The images [n, c, h, w] at the end of all stages."""
    state = None
    for stage in stages:
        state = stage.advance(state)
    assert isinstance(state, Tensor)  # the last stage gives images
    return state
