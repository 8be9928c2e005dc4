"""Files that a command will write: looked at before the work, so that nobody waits for an error."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

IMAGES = (".png", ".jpg", ".webp")
"""Endings of pictures."""


def check_ending(path: Path, *endings: str) -> Path:
    """The path. Raises ValueError when its name says another format than can be written."""
    if path.suffix.lower() not in endings:
        raise ValueError(f"cannot write {path}: expected a name that ends in {' or '.join(endings)}")
    return path


def check_folder(path: Path) -> Path:
    """The path. Raises ValueError for the name of a picture or a film where a folder is written."""
    if path.suffix.lower() in (*IMAGES, ".jpeg", ".gif", ".mp4", ".json") and not path.is_dir():
        raise ValueError(
            f"--out {path}: expected a folder, because several files are written: "
            f"--out {path.with_suffix('')} puts its pictures into {path.with_suffix('')}/"
        )
    return path


@contextmanager
def outputs(paths: Sequence[Path], force: bool, named: Path | None = None) -> Iterator[None]:
    """The block fills these files.

    named: what --out says, or would say, so that an error can propose another name.
    Raises ValueError before it when one cannot be written, or exists and `force` is False. Folders that were made for
    files which never came are removed again.
    """
    from latentwalk.files import check_writable

    for path in paths:
        if path.is_file() and not force:
            other = f" or write elsewhere, such as --out {free_name(named)}" if named else " or choose another name"
            raise ValueError(f"{path} exists already: replace it with --force{other}")
    made = sorted({folder for path in paths for folder in path.parents if not folder.exists()}, reverse=True)
    try:
        for path in paths:
            check_writable(path, force)
        yield
    finally:
        for folder in made:  # the innermost first
            with suppress(OSError):  # it holds something
                folder.rmdir()


def free_name(path: Path) -> Path:
    """The first name of the kind "sheet-2.png" that nothing has."""
    stem, suffix = (path.name, "") if path.is_dir() else (path.stem, path.suffix)
    number = 2
    while (other := path.with_name(f"{stem}-{number}{suffix}")).exists():
        number += 1
    return other
