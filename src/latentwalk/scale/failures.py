"""What went wrong in a worker, as plain data that travels, and as the error that it is for who started the worker."""

import traceback
from typing import Any

from latentwalk.files import NoSpace

MOST_DEATHS = 5
"""Workers that may die over one shard, or before they are ready, before it is not the machine's whim."""


def failure(error: Exception, shard: int | None = None) -> dict[str, Any]:
    """An error as plain data. shard: over which it came; None while the job was opened."""
    expected = isinstance(error, ValueError | MemoryError | OSError)
    text = " ".join(str(error).split())
    said = {
        "error": text if expected and text else f"{type(error).__name__}: {text}".removesuffix(": "),
        "kind": "space" if isinstance(error, NoSpace) else "value" if expected else "other",
        "trace": "" if expected else traceback.format_exc(),
    }
    return said if shard is None else said | {"shard": shard}


def error_of(said: dict[str, Any]) -> Exception:
    """The error that `failure` made plain: NoSpace or ValueError of one line; what nobody expects has a note that says
    where it came from."""
    where = f"shard {said['shard']}: " if "shard" in said else ""
    error = NoSpace(said["error"]) if said["kind"] == "space" else ValueError(f"{where}{said['error']}")
    if said["trace"]:
        error.add_note(said["trace"])
    return error


def too_many_deaths(shard: int | None, deaths: int, how: str) -> ValueError:
    """The error for what ends one worker after the other. shard: None while they opened the job."""
    what = "opening the job" if shard is None else f"shard {shard}"
    return ValueError(
        f"{what} ended {deaths} workers one after the other ({how}): if memory is short, take fewer --workers or a "
        "smaller --batch"
    )
