"""Weights that come as data inside an installed package. Its files are read; none of its code is imported."""

import hashlib
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path


def packaged_bytes(package: str, file: str, sha256: str, extra: str) -> bytes:
    """What a file of an installed package holds, once its checksum is what it must be.

    package: as `pip install` names it. file: the end of the file's path. extra: of latentwalk, that installs it.
    Raises ValueError when it is not there or is another file.
    """
    install = f"pip install latentwalk[{extra}]"
    try:
        listed = files(package) or []
    except PackageNotFoundError as error:
        raise ValueError(f"the package {package} is not installed: use {install}") from error
    path = next((Path(str(entry.locate())) for entry in listed if entry.as_posix().endswith(file)), None)
    if path is None or not path.is_file():
        raise ValueError(f"the installed package {package} has no {file}: use {install}")
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ValueError(f"{path} is not the file that is known (its checksum differs): use {install}")
    return data
