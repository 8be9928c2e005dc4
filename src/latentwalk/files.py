"""Files that are written whole or not at all."""

import errno
import glob
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

from latentwalk.filenames import readable

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
"""What the system says when a disk, a quota or a file can take no more."""


class NoSpace(ValueError):
    """A file could not be written because nothing more fits there."""


def check_writable(path: str | Path, force: bool = True) -> Path:
    """The path, once it is sure that a file can be put there. Call before the work that fills it.

    Raises ValueError when the folder cannot be made or written, or the file exists and `force` is False.
    """
    path = Path(path)
    if path.is_dir():
        raise ValueError(f"{path} is a folder: expected the name of a file")
    if path.exists() and not force:
        raise ValueError(f"{path} exists already: choose another name or pass --force to replace it")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise ValueError(
            f"cannot write in the folder {path.parent} ({error.strerror}): choose another output"
        ) from error
    return path


@contextmanager
def atomic(path: str | Path, size: int = 0) -> Iterator[Path]:
    """A temporary name beside `path`, renamed to it when the block ends well and removed when it does not.

    size: bytes that are wanted, where they are known. Raises NoSpace, one line, when the disk is full; what was at
    `path` is still there then.
    """
    path = check_writable(path)
    with space_for(path, size):
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            temporary.chmod(0o644)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def remove_remains(path: str | Path) -> None:
    """Remove what processes that were killed while they wrote this file left beside it."""
    path = Path(path)
    for left in path.parent.glob(f".{glob.escape(path.stem)}-????????{glob.escape(path.suffix)}"):
        left.unlink(missing_ok=True)


@contextmanager
def space_for(path: str | Path, size: int = 0) -> Iterator[None]:
    """The block writes to this file. Raises NoSpace, one line, when the disk is full.

    size: bytes that are wanted, to be said then; 0 where nobody knows.
    """
    try:
        yield
    except Exception as error:
        # Rust, which writes safetensors, says the number in its text.
        told = re.search(r"\(os error (\d+)\)", str(error))
        if (error.errno if isinstance(error, OSError) else told and int(told[1])) not in FULL:
            raise
        wanted = f" ({size:,} bytes)" if size else ""
        raise NoSpace(f"no space left to write {path}{wanted}: make room, what was there is kept") from error


def write_bytes(path: str | Path, data: bytes | memoryview) -> None:
    """One file, atomically, and on the disk itself: it is there even if the power fails right afterwards."""
    with atomic(path, len(data)) as temporary, temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def write_text(path: str | Path, text: str) -> None:
    """One UTF-8 text file, atomically. Names of files in it are made readable."""
    with atomic(path) as temporary:
        temporary.write_text(readable(text), encoding="utf-8")


def write_tensors(path: str | Path, tensors: "Mapping[str, Tensor]", metadata: Mapping[str, str]) -> None:
    """One safetensors file with its metadata, atomically."""
    import torch  # whoever only asks whether a file can be written needs none of it
    from safetensors.torch import save_file

    apart = {  # the format refuses tensors that share memory
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format) for name, tensor in tensors.items()
    }
    with atomic(path, sum(tensor.nbytes for tensor in apart.values())) as temporary:
        save_file(apart, temporary, {readable(key): readable(text) for key, text in metadata.items()})
