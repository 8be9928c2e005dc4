"""Several things at once on a processor: one thread of Python per core instead of many cores per small convolution.

Pictures of 64 pixels are too small for two cores to share the work of one layer well; two batches side by side are a
sixth faster, and every number is computed by one thread, so it does not depend on how many there are.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Protocol, TypeVar, runtime_checkable

import torch

T = TypeVar("T")
R = TypeVar("R")


@runtime_checkable
class Each(Protocol):
    """Calls a function with each of several things, at any time, and returns the results in order."""

    def __call__(self, do: Callable[[T], R], things: Iterable[T], /) -> list[R]: ...


@contextmanager
def pool(device: torch.device) -> Iterator[Each]:
    """Inside the block, `each(do, things)` works on as many things at once as torch has threads.

    On other devices than a processor one after the other. What a function raises is raised by `each`.
    """
    count = torch.get_num_threads() if device.type == "cpu" else 1
    if count == 1:
        yield lambda do, things: [do(thing) for thing in things]
        return
    try:
        with ThreadPoolExecutor(count, initializer=partial(torch.set_num_threads, 1)) as threads:
            yield lambda do, things: list(threads.map(do, things))
    finally:
        torch.set_num_threads(count)  # threads set the number for those that come after them too


@contextmanager
def one_thread() -> Iterator[None]:
    """Inside the block torch has one thread, as workers of jobs have."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
