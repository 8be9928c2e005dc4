"""A generator from an address: fetched once, with a warning in the log, and kept in a cache."""

from pathlib import Path

from latentwalk.checkpoints.folders import choose
from latentwalk.progress import Progress, silent
from latentwalk.remote.address import Remote, parse
from latentwalk.remote.cache import fetch
from latentwalk.remote.hub import list_files, repository_folder


def fetch_source(source: str, progress: Progress = silent) -> Path:
    """The file, or the folder, that is on this computer afterwards.

    source: https://host/file, hf://owner/repository/file or hf://owner/repository (of which the weights and their
    configuration are fetched); a file may end in #sha256=... and a repository in @revision.
    Raises ValueError for other addresses, and when it cannot be fetched or is another file than expected.
    """
    found = parse(source)
    if isinstance(found, Remote):
        return fetch(found, progress=progress)
    folder = repository_folder(found)
    for name in choose([name for name in list_files(found) if "/" not in name], source):
        fetch(found.file(name), folder, progress)
    return folder
