"""Types are checked, by beartype, from the first call of a function on.

Most of what an import takes would be to prepare checks of functions that no test of the process ever calls.
"""

from collections.abc import Callable
from typing import Any

from beartype import BeartypeConf, beartype

CONF = BeartypeConf(is_pep484_tower=True)
"""An int is accepted where a float is declared, as type checkers do."""


def checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """What jaxtyping asks whether arguments and results are of the declared types."""
    ready: Callable[..., Any] | None = None

    def ask(*args: Any, **kwargs: Any) -> Any:
        nonlocal ready
        if ready is None:
            ready = beartype(function, conf=CONF)
        return ready(*args, **kwargs)

    return ask
