"""How a worker comes to what it does: the opener's name travels, and each process finds it and opens the job itself."""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from latentwalk.pool import Done, Opener, RunShard

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
"""What the environment of a worker says, so that its numbers do not depend on how many workers there are."""


def name_of(opener: Opener) -> str:
    """An opener as package.module:function."""
    return f"{opener.__module__}:{opener.__name__}"


def open_named(name: str, folder: Path) -> RunShard:
    """Open a job in this process, which has one thread from now on. Raises what the opener raises.

    Code that would end the process (sys.exit) raises ValueError, there and in every shard.
    """
    module, _, function = name.partition(":")
    with _going_on():
        opener = getattr(importlib.import_module(module), function)
        if torch := sys.modules.get("torch"):  # others have what the environment says
            torch.set_num_threads(1)
        run = opener(folder)

    def safely(shard: int) -> Done:
        with _going_on():
            return run(shard)

    return safely


@contextmanager
def _going_on() -> Iterator[None]:
    try:
        yield
    except SystemExit as error:
        raise ValueError(f"the code of the job ended its process (sys.exit({error.code!r}))") from error
