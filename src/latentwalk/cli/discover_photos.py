"""Photographs in `latentwalk discover`: two folders, or a table that says of each what it shows."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from latentwalk.cli.errors import remark
from latentwalk.progress import Progress

if TYPE_CHECKING:
    from latentwalk.direction import Directions
    from latentwalk.generator import Generator


def names_photos(labels: Path | None) -> bool:
    """Whether a file of labels is about photographs. Raises ValueError for one that cannot be read."""
    from latentwalk.labels import LabelTable

    return labels is not None and LabelTable.read(labels).key == "photo"


def from_folders(
    made: "Generator", having: Path, lacking: Path, name: str | None, space: str | None, progress: Progress
) -> "Directions":
    """What the photographs of two folders differ by, named after the first of them or as it is wanted."""
    from latentwalk.jobs.contrast_photos import contrast_photos, photos_in

    have, lack = photos_in(having), photos_in(lacking)
    found = contrast_photos(made, have, lack, name or having.name, space, None, skipped, progress)
    return with_photos(found, having, lacking)


def from_table(
    made: "Generator", table: Path, wanted: Sequence[str], space: str | None, progress: Progress
) -> "Directions":
    """A direction for every attribute of a table of photographs; their names count from its folder."""
    from latentwalk.jobs.contrast_photos import contrast_labelled
    from latentwalk.labels import LabelTable, read_answers

    read = LabelTable.read(table)
    names, scores = read_answers(read, wanted, table)
    photos = [str(table.parent / str(photo)) for photo in read.rows]
    return with_photos(contrast_labelled(made, photos, names, scores, space, None, skipped, progress), table)


def with_photos(found: "Directions", *photos: Path) -> "Directions":
    """The same, saying where the photographs were."""
    from latentwalk.direction import Directions

    return Directions(found.items, found.origin.but(photos=tuple(map(str, photos))))


def skipped(why: str) -> None:
    remark(f"skipped {why}")
