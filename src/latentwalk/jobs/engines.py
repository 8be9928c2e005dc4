"""Engines by the word that a person writes: local, ray, or the address of a Ray cluster."""

import os
import warnings
from collections.abc import Callable

from latentwalk.pool import Engine
from latentwalk.scale.local import Local

RAY = "ray"


def read_engine(
    word: str = "local",
    workers: int | None = None,
    device: str = "cpu",
    gpus: float = 1.0,
    tell: Callable[[str], object] = warnings.warn,
) -> Engine:
    """The engine.

    word: "local", "ray" (a cluster on this machine) or "ray://host:port". workers: at once; by itself one per core this
    process may use, and one where a GPU works. gpus: that a worker of Ray takes, fractions allowed. tell: what a person
    should know.
    Raises ValueError for another word, and for an engine that is not installed or does not answer.
    """
    if word == "local":
        return Local(workers or (usual_workers() if device == "cpu" else 1))
    if word == RAY or word.startswith(f"{RAY}://"):
        from latentwalk.scale.cluster import Cluster  # an extra

        return Cluster(None if word == RAY else word, workers, 0.0 if device == "cpu" else gpus, tell)
    raise ValueError(f"no engine {word!r}: expected local, ray, or ray://host:port")


def usual_workers() -> int:
    """One per core that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
