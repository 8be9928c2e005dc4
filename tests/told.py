"""A page that hears what a job of the studio tells, without a server."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, NamedTuple

from latentwalk.studio.jobs.job import Job, Stopped
from latentwalk.studio.session import Session


class Word(NamedTuple):
    """One thing that was told."""

    kind: str
    file: bytes | None
    details: dict[str, Any]


class Page:
    """Keeps all that it was told. patience: how much of it, before it stops the job."""

    def __init__(self, patience: int = 10**6) -> None:
        self.words: list[Word] = []
        self.patience = patience

    def __call__(self, kind: str, picture: bytes | None = None, /, **details: Any) -> None:
        if len(self.words) >= self.patience:
            raise Stopped
        self.words.append(Word(kind, picture, details))

    @contextmanager
    def aside(self) -> Iterator[None]:
        yield

    def of(self, kind: str) -> list[Word]:
        return [word for word in self.words if word.kind == kind]


def told(job: Job, session: Session) -> Page:
    """A page that has heard all of a job."""
    page = Page()
    job.run(session, page)
    return page


class Told:
    def __init__(self) -> None:
        self.words: list[tuple[str, bytes | None, dict[str, Any]]] = []

    def __call__(self, kind: str, picture: bytes | None = None, /, **details: Any) -> None:
        self.words.append((kind, picture, details))

    def aside(self) -> Any:
        return nullcontext()

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [details for each, _, details in self.words if each == kind]

    def files(self, kind: str) -> list[bytes]:
        return [picture for each, picture, _ in self.words if each == kind and picture is not None]
