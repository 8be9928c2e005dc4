"""Work beside the live view: told of while it goes on, and ended between two steps."""

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from typing import Any, ClassVar, Protocol, runtime_checkable

from latentwalk.studio.session import Session
from latentwalk.studio.state import Part


@runtime_checkable
class Teller(Protocol):
    """How a job speaks to its page. Others have their turn while it does, so a job that tells often keeps nobody
    waiting; and it is where a job ends that nobody wants any more (`Stopped`)."""

    def __call__(self, kind: str, picture: bytes | None = None, /, **details: Any) -> None:
        """Tell something. picture: a file that goes with it, as the page is to read it."""
        ...

    def aside(self) -> AbstractContextManager[None]:
        """For what does not touch the session's model: others draw meanwhile."""
        ...


class Job(Part, ABC):
    """A message that asks for work: its fields are what is asked for.

    brief: it is done in a moment, so it leaves the job that runs alone.
    """

    brief: ClassVar[bool] = False

    @abstractmethod
    def run(self, session: Session, tell: Teller) -> None:
        """Do it. Raises ValueError for what cannot be done, in words for the page."""


class Stopped(Exception):
    """Nobody wants it any more."""


class Enough(Stopped):
    """Somebody wants it to end now. A job that catches this can tell what it has so far, soon; all others end."""
