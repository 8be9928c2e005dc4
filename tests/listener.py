"""A page that only listens."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from latentwalk.studio.jobs.job import Stopped


class Listener:
    """Keeps what a job tells. patience: how often it lets the job go on before nobody wants it any more."""

    def __init__(self, patience: int = 10**9) -> None:
        self.patience = patience
        self.heard: list[tuple[str, bytes | None, dict[str, Any]]] = []

    def __call__(self, kind: str, picture: bytes | None = None, /, **details: Any) -> None:
        with self.aside():
            self.heard.append((kind, picture, details))

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
