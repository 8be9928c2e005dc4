"""What a page sends: a state to draw, a job to do or to stop, or a code that was forgotten."""

import json
from typing import Annotated, Any

from pydantic import Field

from latentwalk.studio.jobs import JOBS
from latentwalk.studio.jobs.job import Job
from latentwalk.studio.shelf import WrittenFound
from latentwalk.studio.state import Part, State, read


class Look(Part):
    """Draw a state. seq: comes back with the picture. final: nobody drags any more, so draw it in full."""

    seq: Annotated[int, Field(ge=0, lt=2**53)]
    state: State
    final: bool = True


class Stop(Part):
    """End the job."""

    stop: bool


class Bring(Part):
    """A code that the server has forgotten."""

    bring: WrittenFound


Message = Look | Stop | Bring | Job
KINDS: dict[str, type[Look | Stop | Bring]] = {"seq": Look, "stop": Stop, "bring": Bring}
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
