"""Avatars: drawn faces of which twelve factors are known exactly, so that directions can be judged by the truth.

An avatar is what its index says, on every machine with the same packages. Nothing is shipped: pictures are drawn when
they are first wanted, and kept.
"""

import hashlib
import multiprocessing
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache, partial

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from latentwalk.kept import kept
from latentwalk.progress import Progress, silent
from latentwalk.training.avatar_factors import FACTORS, factors, options
from latentwalk.training.avatar_style import Options, draw, draw_all, versions
from latentwalk.training.data import Pictures

PINNED = "c34236c20b48df60"
"""What `drawing` gives with the packages that `latentwalk[avatars]` installs."""

BLOCK = 500
"""Avatars that are drawn and kept together: a few seconds of one core."""

Draw = Callable[[list[Options], int], np.ndarray]


def avatar(index: int, size: int = 64, changed: Mapping[str, float] | None = None) -> UInt8[Tensor, "3 size size"]:
    """One avatar, drawn now. changed: factors that are to be other ones; all else of it stays as it is.

    Raises ValueError for what is no factor, and when `latentwalk[avatars]` is not installed.
    """
    return torch.from_numpy(draw(options(index, changed), size).copy()).permute(2, 0, 1).contiguous()


def avatars(
    count: int = 24_000,
    size: int = 64,
    first: int = 0,
    workers: int = 1,
    progress: Progress = silent,
    note: Callable[[str], object] = warnings.warn,
) -> Pictures:
    """Avatars `first` to `first + count - 1` with their factors (`avatar_factors.FACTORS`), drawn once and kept.

    size: of a side in pixels. workers: processes that draw; with more than one, a script needs
    `if __name__ == "__main__":`. note: is told in one line when the installed packages draw otherwise than those that
    figures were measured with.
    Raises ValueError for a size or count below 1, and when `latentwalk[avatars]` is not installed.
    """
    if min(size, count, workers) < 1:
        raise ValueError(f"expected sizes, counts and workers of 1 or more, got {size}, {count} and {workers}")
    how = drawing()
    if how != PINNED:
        note(f"{versions()} draw avatars otherwise than latentwalk[avatars] does: figures of both do not compare")
    images = torch.empty(count, 3, size, size, dtype=torch.uint8)
    blocks = [range(start, min(start + BLOCK, first + count)) for start in range(first, first + count, BLOCK)]
    with _workers(workers) as draws, ThreadPoolExecutor(workers) as threads:
        for block, drawn in zip(blocks, threads.map(partial(_block, size, how, draws), blocks), strict=True):
            images[block.start - first : block.stop - first] = drawn
            progress("drawing avatars", block.stop - first, count)
    return Pictures(images, FACTORS, torch.from_numpy(factors(range(first, first + count))).float())


@cache
def drawing() -> str:
    """Sixteen hex digits over the pixels of the first 64 avatars at 64 pixels: how avatars are drawn here."""
    return hashlib.sha256(draw_all([options(index) for index in range(64)], 64).tobytes()).hexdigest()[:16]


@contextmanager
def _workers(count: int) -> Iterator[Draw]:
    """Draws in one of several other processes, which are started when something is drawn; one means this process."""
    if count == 1:
        yield draw_all
        return
    with ProcessPoolExecutor(count, multiprocessing.get_context("spawn")) as processes:
        yield lambda wanted, size: processes.submit(draw_all, wanted, size).result()


def _block(size: int, how: str, draws: Draw, indices: range) -> UInt8[Tensor, "n 3 size size"]:
    """Avatars that follow each other, out of the cache if they were drawn before."""

    def make() -> dict[str, Tensor]:
        drawn = draws([options(index) for index in indices], size)
        return {"images": torch.from_numpy(drawn).permute(0, 3, 1, 2).contiguous()}

    def fits(old: Mapping[str, Tensor]) -> bool:
        return "images" in old and old["images"].shape == (len(indices), 3, size, size)

    return kept("avatars", f"{how}-{size}-{indices.start}-{len(indices)}", make, fits)["images"]
