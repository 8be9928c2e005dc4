"""Codes that no seed gives: where a walk came to, what a photograph was found to be. Named by what they are."""

import base64
import hashlib
from typing import Annotated, NamedTuple

import torch
from pydantic import Field

from latentwalk.generator import Generator
from latentwalk.latents import Latents
from latentwalk.studio.state import Label, Part

MOST = 200
"""Codes that are kept of a session; the oldest go first, and a page brings them back when it asks for them again."""

NUMBERS = 2**18
"""Numbers of a code that a page may bring."""


class Found(NamedTuple):
    """A code [1, ...], and the one that its changes are measured from."""

    code: Latents
    start: Latents


class Written(Part):
    """A code as a page keeps it: float32 numbers, little end first, in base64."""

    space: Annotated[str, Field(max_length=20)]
    values: Annotated[str, Field(max_length=NUMBERS * 6)]
    label: Label | None = None

    @staticmethod
    def of(code: Latents) -> "Written":
        raw = code.values.detach().cpu().float().contiguous().numpy().astype("<f4").tobytes()
        number = None if code.labels is None else code.labels[0].tolist()
        label = tuple(number) if isinstance(number, list) else number
        return Written(space=code.space, values=base64.b64encode(raw).decode(), label=label)

    def read(self, generator: Generator) -> Latents:
        """The code. Raises ValueError for one that this generator has not."""
        generator.check_space(self.space)
        shape = generator.spaces[self.space].shape
        raw = bytearray(base64.b64decode(self.values, validate=True))
        if len(raw) != 4 * torch.Size(shape).numel():
            raise ValueError(f"a code of {self.space} has {torch.Size(shape).numel()} numbers, got {len(raw) // 4}")
        values = torch.frombuffer(raw, dtype=torch.float32).view(1, *shape).clone()
        if not bool(values.isfinite().all()):
            raise ValueError("the numbers of a code are finite")
        labels = None if self.label is None else torch.tensor([self.label])
        return generator.check(Latents(values, self.space, labels).to(generator.device, generator.dtype))


class WrittenFound(Part):
    """The same of what was found."""

    code: Written
    start: Written

    @property
    def id(self) -> str:
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]


class Shelf:
    """What was found, by its id."""

    def __init__(self) -> None:
        self._found: dict[str, Found] = {}

    def keep(self, code: Latents, start: Latents) -> WrittenFound:
        """Returns what a page keeps, so that it can bring it back to a server that has forgotten it."""
        written = WrittenFound(code=Written.of(code), start=Written.of(start))
        self._put(written.id, Found(code, start))
        return written

    def bring(self, written: WrittenFound, generator: Generator) -> str:
        """Raises ValueError for codes that this generator has not."""
        self._put(written.id, Found(written.code.read(generator), written.start.read(generator)))
        return written.id

    def take(self, id: str) -> Found:
        """Raises KeyError for one that is not here."""
        return self._found[id]

    def _put(self, id: str, found: Found) -> None:
        self._found[id] = found
        while len(self._found) > MOST:
            del self._found[next(iter(self._found))]
