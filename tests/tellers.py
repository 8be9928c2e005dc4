"""Somebody whom a job can tell things, and who keeps them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Told(list[tuple[str, bytes | None, dict[str, Any]]]):
    """Kind, picture and details of what was told, in its order."""

    def __call__(self, kind: str, picture: bytes | None = None, /, **details: Any) -> None:
        self.append((kind, picture, details))

    @contextmanager
    def aside(self) -> Iterator[None]:
        yield
