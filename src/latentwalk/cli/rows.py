"""Codes of a job that kept none: `runs/s1:3,7-9` names rows of its table."""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from latentwalk.generator import Generator
    from latentwalk.latents import Latents


class Rows(NamedTuple):
    """folder: of a job. rows: of its table."""

    folder: Path
    rows: list[int]


def read_rows(path: Path) -> Rows | None:
    """The rows that a path names; None where it is the name of a file. Raises ValueError for a list that is none."""
    name, colon, listed = str(path).rpartition(":")
    if path.exists() or not colon:
        return None
    from latentwalk.scale.job import JOB  # whoever names a file does not wait for it
    from latentwalk.seeds import parse_seeds

    if not (Path(name) / JOB).is_file():
        return None
    return Rows(Path(name), parse_seeds(listed))


def codes_of(generator: "Generator", rows: Rows) -> "Latents":
    """The codes of these rows, made again. Errors as in `jobs.shard_scores.codes_of_rows`."""
    from latentwalk.jobs.shard_scores import codes_of_rows

    return codes_of_rows(rows.folder, generator, rows.rows)
