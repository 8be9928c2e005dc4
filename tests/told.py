"""A teller for tests: keeps what a job tells."""

from contextlib import nullcontext
from typing import Any


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
