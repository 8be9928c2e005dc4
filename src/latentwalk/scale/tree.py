"""Adding up in one fixed order, so that rounding does not depend on who was ready first."""

from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


def tree_sum(parts: Iterable[T], add: Callable[[T, T], T]) -> T:
    """All parts, added as the leaves of a binary tree that their number alone decides.

    Neighbours are added, then neighbouring pairs, and so on, while parts come in: at most one sum per level is kept.
    Raises ValueError for no parts.
    """
    waiting: list[tuple[int, T]] = []  # sums of 2^level parts, from the largest to the smallest
    for part in parts:
        level = 0
        while waiting and waiting[-1][0] == level:
            part, level = add(waiting.pop()[1], part), level + 1
        waiting.append((level, part))
    if not waiting:
        raise ValueError("expected at least one part to add up, got none")
    total = waiting.pop()[1]
    while waiting:
        total = add(waiting.pop()[1], total)
    return total
