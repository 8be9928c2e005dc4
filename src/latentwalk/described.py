"""What a network is built from, as the header of a file says it: a dataclass of sizes as JSON, read without trust."""

import json
from dataclasses import fields
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from latentwalk.safeload.nodes import ADVICE, shown

LONGEST = 2**16
"""Characters of the sizes: those of the largest networks take a small part of it, names of classes the rest."""

Sizes = TypeVar("Sizes")


def write_sizes(sizes: object) -> str:
    """The sizes as JSON."""
    return TypeAdapter(type(sizes)).dump_json(sizes).decode()


def read_sizes(kind: type[Sizes], text: str) -> Sizes:
    """The sizes that `write_sizes` wrote. kind: their dataclass. Raises ValueError when they cannot be understood."""
    if len(text) > LONGEST:
        raise ValueError(f"its sizes take {len(text)} characters: the file is damaged, {ADVICE}")
    try:
        sizes = TypeAdapter(kind).validate_json(text, strict=True)
        given = json.loads(text)
        json.dumps(given, allow_nan=False)  # raises ValueError for NaN and infinity
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "sizes"
        raise ValueError(f"the sizes in its header are damaged ({place}: {shown(first['msg'])}): {ADVICE}") from error
    unknown = set(given) - {field.name for field in fields(sizes)}  # pyright: ignore[reportArgumentType]
    if unknown:
        raise ValueError(f"its sizes have also {shown(sorted(unknown))}: the file is damaged, {ADVICE}")
    return sizes


def check_version(version: str, newest: int) -> None:
    """Raises ValueError for a version of a format that is none, or newer than the newest that is known."""
    if not version.isdecimal() or not int(version[:9]) > 0:
        raise ValueError(f"its header has the version {shown(version)!r}: the file is damaged, {ADVICE}")
    if int(version[:9]) > newest:
        raise ValueError(f"the file has the format {int(version[:9])}, expected at most {newest}: update latentwalk")
