"""What was typed, so that a command that was stopped can say how it goes on."""

import shlex
from collections.abc import Sequence
from contextvars import ContextVar

TYPED: ContextVar[Sequence[str]] = ContextVar("typed", default=())
"""The arguments of the command line that is running."""


def command_line() -> str:
    """The command as it was typed, quoted for a shell."""
    return shlex.join(["latentwalk", *TYPED.get()])
