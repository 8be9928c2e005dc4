"""Repositories of the Hugging Face hub: which files one has. Plain https, so no library of the hub is needed."""

import json
from pathlib import Path

from latentwalk.kept import cache_folder
from latentwalk.remote.address import Repository
from latentwalk.remote.cache import fetch

LONGEST_LISTING = 2**24


def repository_folder(repository: Repository) -> Path:
    """Where its files are kept, under their own names."""
    return cache_folder() / f"{repository.owner}--{repository.name}--{repository.revision}"


def list_files(repository: Repository) -> list[str]:
    """The paths of all files, as they were when the repository was first met.

    Raises ValueError when the hub has no such repository, cannot be reached, or says something else.
    """
    path = fetch(repository.listing, repository_folder(repository), most=LONGEST_LISTING)
    try:
        return [str(entry["rfilename"]) for entry in json.loads(path.read_bytes())["siblings"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        path.unlink()
        raise ValueError(f"the hub describes {repository} in another way than expected: name a file of it") from None
