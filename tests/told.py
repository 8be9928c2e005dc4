"""A page that hears what a job of the studio tells, without a server."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from latentwalk.studio.jobs.job import Enough, Job, Stopped
from latentwalk.studio.session import Session


class Word(NamedTuple):
    """One thing that was told."""

    kind: str
    file: bytes | None
    details: dict[str, Any]


class Page:
    """Keeps all that it was told. patience: how many words and asides of a job, before it stops the job. enough: from
    what it has heard, whether the job is to end with what it has; said once."""

    def __init__(self, patience: int = 10**6, enough: Callable[["Page"], bool] = lambda _: False) -> None:
        self.words: list[Word] = []
        self.patience, self.enough = patience, enough

    def __call__(self, kind: str, picture: bytes | None = None, /, **details: Any) -> None:
        with self.aside():
            self.words.append(Word(kind, picture, details))
        if self.enough(self):
            self.enough = lambda _: False
            raise Enough

    @contextmanager
    def aside(self) -> Iterator[None]:
        self.patience -= 1
        if self.patience < 0:
            raise Stopped
        yield

    def of(self, kind: str) -> list[Word]:
        return [word for word in self.words if word.kind == kind]

    def details(self, kind: str) -> list[dict[str, Any]]:
        return [word.details for word in self.of(kind)]

    def files(self, kind: str) -> list[bytes]:
        return [word.file for word in self.of(kind) if word.file is not None]


def told(job: Job, session: Session) -> Page:
    """A page that has heard all of a job."""
    page = Page()
    job.run(session, page)
    return page
