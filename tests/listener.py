"""A page that only listens."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from latentwalk.studio.jobs.job import Enough, Stopped


class Listener:
    """Keeps what a job tells. patience: how often it lets the job go on before nobody wants it any more. enough: from
    what it has heard, whether the job is to end with what it has; said once."""

    def __init__(self, patience: int = 10**9, enough: Callable[["Listener"], bool] = lambda _: False) -> None:
        self.patience, self.enough = patience, enough
        self.heard: list[tuple[str, bytes | None, dict[str, Any]]] = []

    def __call__(self, kind: str, picture: bytes | None = None, /, **details: Any) -> None:
        with self.aside():
            self.heard.append((kind, picture, details))
        if self.enough(self):
            self.enough = lambda _: False
            raise Enough

    @contextmanager
    def aside(self) -> Iterator[None]:
        self.patience -= 1
        if self.patience < 0:
            raise Stopped
        yield

    def last(self, kind: str) -> tuple[bytes | None, dict[str, Any]]:
        """The file and the details of the last message of a kind."""
        return next((picture, details) for name, picture, details in reversed(self.heard) if name == kind)

    def all(self, kind: str) -> list[dict[str, Any]]:
        return [details for name, _, details in self.heard if name == kind]
