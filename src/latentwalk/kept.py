"""What is computed once and kept: named tensors in the user's cache folder, one file per thing.

What bundled generators need comes with the package in the same form, so that nobody waits for it.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

from platformdirs import user_cache_path
from safetensors import SafetensorError, safe_open
from torch import Tensor

from latentwalk.bundled import ASSETS
from latentwalk.files import write_tensors
from latentwalk.generator import Generator
from latentwalk.weights import check_finite

PLACE = "LATENTWALK_CACHE"
"""The environment variable that names another folder."""

_chosen: ContextVar[Path | None] = ContextVar("the folder of what is computed once", default=None)


def cache_folder() -> Path:
    """Where fetched files and computed ones are kept. It may be deleted at any time."""
    chosen = os.environ.get(PLACE)
    return Path(chosen) if chosen else user_cache_path("latentwalk", appauthor=False)


@contextmanager
def kept_in(folder: Path) -> Iterator[None]:
    """Inside the block, in this thread, what is computed is kept in a folder of its own instead of the cache.

    So that what depends on it to the last bit does not depend on who computed it before, on how many threads.
    """
    token = _chosen.set(folder)
    try:
        yield
    finally:
        _chosen.reset(token)


def place(kind: str, name: str) -> Path:
    """The file of a thing: the one that comes with the package where there is one, else where it is kept."""
    shipped = ASSETS / "kept" / kind / name
    return shipped if shipped.is_file() else (_chosen.get() or cache_folder()) / kind / name


def kept(
    kind: str, key: str, make: Callable[[], Mapping[str, Tensor]], fits: Callable[[Mapping[str, Tensor]], bool]
) -> dict[str, Tensor]:
    """What `make` gives, out of the cache if it was computed before.

    kind: the folder. key: the name of the file without its ending: all that the tensors depend on; "" keeps nothing.
    fits: whether tensors that were kept are still good; they are computed again when not, as for a damaged file. Where
    nothing can be written, they are computed every time.
    """
    name = f"{key}.safetensors"
    if key and (old := _read(place(kind, name))) and fits(old):
        return old
    # laid out as what comes from a file: how numbers lie in memory changes the last bits of a product
    made = {name: tensor.contiguous() for name, tensor in make().items()}
    if key:
        with suppress(ValueError, OSError):
            write_tensors((_chosen.get() or cache_folder()) / kind / name, made, {"kind": f"latentwalk.{kind}"})
    return made


def kept_as(generator: Generator, space: str, *settings: int) -> str:
    """The name in the cache of what was learned about codes and pictures of a generator, "" when it is not known."""
    options = generator.options
    parts = (generator.fingerprint, space, f"{options.truncation:g}", options.cutoff, options.noise, *settings)
    return "-".join(map(str, parts)) if generator.fingerprint else ""


def close(old: Tensor, new: Tensor, rtol: float, atol: float) -> bool:
    """Whether what was kept is near what is computed now, of any shape and type."""
    return old.shape == new.shape and bool(((old - new).abs() <= atol + rtol * new.abs()).all())


def _read(path: Path) -> dict[str, Tensor]:
    """The tensors of a file, none when it is not there or damaged."""
    try:
        with safe_open(str(path), framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not iterable
        check_finite(tensors, path)
    except (OSError, SafetensorError, ValueError):
        return {}
    return tensors
