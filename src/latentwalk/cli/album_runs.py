"""Many photographs in `latentwalk invert`: workers share them, in a run inside the album's folder."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from latentwalk.cli.console import say, say_facts, say_json
from latentwalk.cli.engine_options import EngineOptions, PieceOptions, status_facts
from latentwalk.cli.errors import ALL_WELL
from latentwalk.cli.status import status_data

if TYPE_CHECKING:
    from latentwalk.jobs.album import Album

MANY = 500
"""Photographs that one process does by itself; more go to workers."""


def names_of(photos: Sequence[Path]) -> list[str]:
    """The photographs, those of folders by name. Raises ValueError when there is none; those of several that are
    missing are skipped and named later, as those that are bad."""
    from latentwalk.cli.photos import check_photos
    from latentwalk.jobs.contrast_photos import photos_in

    check_photos(list(photos))
    return [name for path in photos for name in (photos_in(path) if path.is_dir() else [str(path)])]


def needs_run(engine: EngineOptions, pieces: PieceOptions, album: "Album", photos: Sequence[str]) -> bool:
    """Whether workers are to do it: somebody says so, there are many, or they have begun."""
    from latentwalk.jobs.album_run import is_open

    asked = engine.workers is not None or engine.engine != "local" or pieces != PieceOptions()
    return asked or len(album.without(photos)) > MANY or is_open(album.folder)


def say_part(folder: Path, as_json: bool) -> None:
    """How far a run is that others go on with, and how its album is made."""
    from latentwalk.jobs.album_run import RUN
    from latentwalk.jobs.job_status import job_status

    status = job_status(folder / RUN)
    if as_json:
        say_json(status_data(status))
    else:
        say_facts(str(folder / RUN), status_facts(status))
        say("once all shards are done, the same command without --shards writes the album", "dim")
    raise typer.Exit(ALL_WELL)
