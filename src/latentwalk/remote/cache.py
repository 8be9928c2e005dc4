"""The folder that keeps what was fetched: one folder per address, and beside each file a record of where it is from."""

import hashlib
import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from latentwalk.files import atomic, write_text
from latentwalk.kept import cache_folder
from latentwalk.progress import Progress, silent
from latentwalk.remote.address import Remote
from latentwalk.remote.transfer import MOST_BYTES, download


def fetch(remote: Remote, folder: Path | None = None, progress: Progress = silent, most: int = MOST_BYTES) -> Path:
    """The file of an address, out of the cache if it was fetched before, with the checksum that it must have.

    folder: where to keep it, by itself one of its own.
    Raises ValueError when it cannot be fetched or has another checksum; then nothing is kept.
    """
    folder = cache_folder() / _key(remote.url) if folder is None else folder
    path, record = folder / remote.name, folder / f"{remote.name}.from"
    if _is_whole(path, record, remote):
        return path
    try:
        with atomic(path) as temporary:
            sha256 = download(remote, temporary, progress, most)
            facts = {"url": remote.url, "sha256": sha256, "bytes": temporary.stat().st_size}
    except BaseException:
        with suppress(OSError):  # of others, or not empty
            folder.rmdir()
        raise
    facts |= {"fetched": datetime.now(UTC).isoformat(timespec="seconds")}
    write_text(record, json.dumps(facts, indent=2) + "\n")
    return path


def _key(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()[:16]


def _is_whole(path: Path, record: Path, remote: Remote) -> bool:
    """Whether a file is here as it was fetched; hashed again only when a checksum is asked for."""
    try:
        facts = json.loads(record.read_bytes())
        whole = facts["url"] == remote.url and facts["bytes"] == path.stat().st_size
    except (OSError, ValueError, KeyError, TypeError):
        return False
    if not whole or not remote.sha256:
        return whole
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == remote.sha256
