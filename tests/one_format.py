"""One format asked about whole trees, as `build_generator` asks all of them: what lies around a network comes off."""

from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

from latentwalk.checkpoints.candidates import State, candidates
from latentwalk.checkpoints.formats import STATES, TREES
from latentwalk.checkpoints.normalised import whole_weights


class Format(NamedTuple):
    """`matches` and `read` of a format, of trees."""

    matches: Callable[[object], bool]
    read: Callable[[object, str], Any]


def of_trees(module: ModuleType) -> Format:
    def states(tree: object, where: str) -> list[State]:
        return [whole_weights(state, where) for state in candidates(tree, where)]

    def matches(tree: object) -> bool:
        return any(map(module.matches, states(tree, "file")))

    def read(tree: object, where: str) -> Any:
        found = states(tree, where)
        return module.read(next(filter(module.matches, found), max(found, key=len, default=State({}))), where)

    return Format(matches, read)


def formats_of(tree: object) -> list[str]:
    """Names of all formats that a tree is of."""
    whole = [name for name, module in TREES.items() if module.matches(tree)]
    return whole + [name for name, module in STATES.items() if of_trees(module).matches(tree)]
