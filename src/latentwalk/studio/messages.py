"""What a page sends: a state to draw, a job to do or to stop, what was forgotten, and small wishes about sliders."""

import json
from typing import Annotated, Any

from pydantic import Field

from latentwalk.direction import Directions
from latentwalk.generator import Generator
from latentwalk.studio.cards import Nickname
from latentwalk.studio.jobs import JOBS
from latentwalk.studio.jobs.job import Job
from latentwalk.studio.own_sliders import BYTES, OwnId, WrittenSlider, from_bytes, from_text
from latentwalk.studio.shelf import WrittenFound
from latentwalk.studio.state import Finite, Name, Part, Slide, State, read


class Look(Part):
    """Draw a state. seq: comes back with the picture. final: nobody drags any more, so draw it in full.
    beside: it is another picture, to be compared with."""

    seq: Annotated[int, Field(ge=0, lt=2**53)]
    state: State
    final: bool = True
    beside: bool = False


class Stop(Part):
    """End the job."""

    stop: bool


class Bring(Part):
    """A code or a slider that the server has forgotten."""

    bring: WrittenFound | WrittenSlider


class Ends(Part):
    """Draw the picture, small, with a slider at these amounts, when nobody drags."""

    ends: Slide
    amounts: Annotated[tuple[Finite, ...], Field(min_length=1, max_length=4)]
    state: State


class Rename(Part):
    """Call a slider something else."""

    rename: Name
    name: Nickname


class Save(Part):
    """Give sliders that were found here as one file of directions."""

    save: Annotated[tuple[OwnId, ...], Field(min_length=1, max_length=100)]
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,60}$")] = "directions"


class Open(Part):
    """Make sliders of a file of directions. open: what is in it, in base64. name: what the file is called."""

    open: Annotated[str, Field(max_length=BYTES * 2)]
    name: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{1,60}$")]

    def read(self, generator: Generator) -> Directions:
        """Raises ValueError for what is no such file, or of another generator."""
        return from_bytes(from_text(self.open), generator)


Message = Look | Stop | Bring | Ends | Rename | Save | Open | Job
KINDS: dict[str, type[Look | Stop | Bring | Ends | Rename | Save | Open]] = {
    "seq": Look,
    "stop": Stop,
    "bring": Bring,
    "ends": Ends,
    "rename": Rename,
    "save": Save,
    "open": Open,
}
"""By the field that only they have. Jobs have the field `job`, their name."""


def read_message(text: str) -> Message:
    """Raises ValueError for a text that is none."""
    try:
        data: Any = json.loads(text)
    except RecursionError as error:
        raise ValueError("a message is plain JSON") from error
    if isinstance(data, dict) and "job" in data:
        name = data.pop("job")
        if not isinstance(name, str) or name not in JOBS:
            raise ValueError(f"no job {name!r}: there are {', '.join(JOBS)}")
        return read(JOBS[name], data)
    kind = next((kind for name, kind in KINDS.items() if isinstance(data, dict) and name in data), None)
    if kind is None:
        raise ValueError(f"a message has one of the fields {', '.join([*KINDS, 'job'])}")
    return read(kind, data)
