"""What a page sends, one kind of message each."""

import json
from typing import Annotated, Any

from pydantic import Field

from latentwalk.studio.shelf import WrittenFound
from latentwalk.studio.state import MOST_EDITS, Name, Part, State, read


class Look(Part):
    """Draw a state. seq: comes back with the picture. final: nobody drags any more, so draw it in full."""

    seq: Annotated[int, Field(ge=0, lt=2**53)]
    state: State
    final: bool = True


class WalkTo(Part):
    """Walk from a state until an attribute has a probability. hold: attributes that stay."""

    walk: Name
    target: Annotated[float, Field(gt=0, lt=1)]
    state: State
    hold: Annotated[tuple[Name, ...], Field(max_length=MOST_EDITS)] = ()


class Stop(Part):
    """End what is being walked."""

    stop: bool


class Bring(Part):
    """A code that the server has forgotten."""

    bring: WrittenFound


Message = Look | WalkTo | Stop | Bring
KINDS: dict[str, type[Look | WalkTo | Stop | Bring]] = {"seq": Look, "walk": WalkTo, "stop": Stop, "bring": Bring}
"""By the field that only they have."""


def read_message(text: str) -> Message:
    """Raises ValueError for a text that is none."""
    try:
        data: Any = json.loads(text)
    except RecursionError as error:
        raise ValueError("a message is plain JSON") from error
    kind = next((kind for name, kind in KINDS.items() if isinstance(data, dict) and name in data), None)
    if kind is None:
        raise ValueError(f"a message has one of the fields {', '.join(KINDS)}")
    return read(kind, data)
