"""What a job is: everything that its result depends on, written once into its folder."""

import hashlib
import json
from pathlib import Path
from typing import Any

from pydantic import Field, JsonValue, ValidationError

from latentwalk.difference import difference
from latentwalk.files import remove_remains, write_bytes
from latentwalk.options import NEUTRAL, RenderOptions
from latentwalk.origin import Record, Source
from latentwalk.scale.claims import beginning
from latentwalk.version import VERSION

JOB = "job.json"
"""Its name in the folder."""

MOST_SHARDS = 10_000
"""Files that lie well in one folder: longer jobs have larger shards."""

USUAL_SHARD = 1024
"""Rows in a shard of a job that is not very long: what a worker that dies has to do again at most."""


class Job(Record):
    """A job, as its folder keeps it. Two that are equal give the same bytes on one kind of machine.

    kind: what is done with each row, a name of `jobs.shard_work.KINDS`. latentwalk: the version that does it.
    rows: how many. shard: rows in one file, a multiple of `batch`, the rows that are computed at once.
    seed: of the codes; row i has the code i of the seed. space: where they are looked at.
    classes: what the codes get in turn. generator, drawing, dtype: what draws. device: cpu, cuda or mps.
    scorer, attributes: what looks at the pictures. settings: of the kind.
    most_failed: share of rows that may fail before the job stops.
    """

    kind: str
    latentwalk: str = VERSION
    rows: int = Field(ge=1)
    shard: int = Field(ge=1)
    batch: int = Field(ge=1)
    seed: int = Field(default=0, ge=0)
    space: str = ""
    classes: list[int] | list[list[float]] = Field(default_factory=list)
    generator: Source
    drawing: RenderOptions = NEUTRAL
    dtype: str = "float32"
    device: str = "cpu"
    scorer: Source | None = None
    attributes: list[str] = Field(default_factory=list)
    settings: dict[str, JsonValue] = Field(default_factory=dict)
    most_failed: float = 0.001

    @property
    def shards(self) -> int:
        """How many shards there are."""
        return -(-self.rows // self.shard)

    def rows_of(self, shard: int) -> range:
        """The rows of a shard; the last one may be shorter. Raises ValueError for one that is not there."""
        if not 0 <= shard < self.shards:
            raise ValueError(f"the job has the shards 0 to {self.shards - 1}, got {shard}")
        return range(shard * self.shard, min(self.rows, (shard + 1) * self.shard))

    @property
    def name(self) -> str:
        """Sixteen hex digits that tell this job from others."""
        return hashlib.sha256(json.dumps(self.meaning, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def meaning(self) -> dict[str, Any]:
        """The job as plain data, without where files lie whose fingerprint is known: what the result depends on."""
        said = self.model_dump(mode="json")
        for name in ("generator", "scorer"):
            if said[name] and said[name]["fingerprint"]:
                del said[name]["source"]
        return said

    def write(self, folder: Path) -> None:
        """Into a folder that holds no job yet, or the same. Raises ValueError that names the field that differs."""
        with beginning(folder):
            if not (folder / JOB).exists():
                remove_remains(folder / JOB)
                write_bytes(folder / JOB, (self.model_dump_json(indent=2) + "\n").encode())
                return
        there = read_job(folder)
        if how := difference(there.meaning, self.meaning):
            raise ValueError(
                f"{folder} holds another job ({how}): give the same arguments to go on with it, or choose another "
                "folder"
            )


def read_job(folder: Path) -> Job:
    """The job of a folder. Raises ValueError for a folder that holds none, or one of a newer version."""
    try:
        return Job.model_validate_json((folder / JOB).read_bytes())
    except OSError as error:
        raise ValueError(f"{folder} holds no job: expected one of latentwalk score or the like") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "job"
        raise ValueError(f"{folder / JOB} is damaged or of another version: {where}: {first['msg']}") from None


def shard_size(rows: int, batch: int, asked: int | None = None) -> int:
    """Rows in a shard: those asked for, else 1024 or what makes 10,000 shards; whole batches.

    Raises ValueError for less than one.
    """
    if asked is not None and asked < 1:
        raise ValueError(f"a shard holds at least one row, got {asked}")
    wanted = asked or max(USUAL_SHARD, -(-rows // MOST_SHARDS))
    return -(-wanted // batch) * batch


def parse_span(text: str, shards: int) -> range:
    """ "0:100" as the shards 0 to 99. Raises ValueError for another form, and for shards that are not there."""
    first, colon, end = text.partition(":")
    if not (colon and first.isdecimal() and end.isdecimal()):
        raise ValueError(f"--shards {text}: expected FIRST:END, such as 0:100 for the shards 0 to 99")
    if not int(first) < int(end) <= shards:
        raise ValueError(f"--shards {text}: this job has {shards:,} shards, expected a part of 0:{shards}")
    return range(int(first), int(end))
