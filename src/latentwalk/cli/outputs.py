"""Files that a command will write: looked at before the work, so that nobody waits for an error."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path


def check_ending(path: Path, *endings: str) -> Path:
    """The path. Raises ValueError when its name says another format than can be written."""
    if path.suffix.lower() not in endings:
        raise ValueError(f"cannot write {path}: expected a name that ends in {' or '.join(endings)}")
    return path


@contextmanager
def outputs(paths: Sequence[Path], force: bool) -> Iterator[None]:
    """The block fills these files.

    Raises ValueError before it when one cannot be written, or exists and `force` is False. Folders that were made for
    files which never came are removed again.
    """
    from latentwalk.files import check_writable

    made = sorted({folder for path in paths for folder in path.parents if not folder.exists()}, reverse=True)
    try:
        for path in paths:
            check_writable(path, force)
        yield
    finally:
        for folder in made:  # the innermost first
            with suppress(OSError):  # it holds something
                folder.rmdir()
