"""Convert: any checkpoint into one safetensors file that opens fast and needs no guessing."""

from pathlib import Path

from latentwalk.checkpoints import own
from latentwalk.files import check_writable
from latentwalk.generator import Generator
from latentwalk.jobs.load import load
from latentwalk.progress import Progress, silent


def convert(
    source: Generator | str | Path,
    out: str | Path,
    force: bool = False,
    progress: Progress = silent,
) -> Generator:
    """Write a generator to `out` (.safetensors), atomically; `load` gives the same network back. Returns what it was.

    source: one as it was loaded, or what `load` takes. force: replace a file that exists. progress: as in `load`.
    Raises ValueError when it cannot be loaded or written, is a network of somebody's own, or was changed.
    """
    out = check_writable(out, force)
    generator = source if isinstance(source, Generator) else load(source, progress=progress)
    own.write(generator, out)
    return generator
