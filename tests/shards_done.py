"""Jobs done in this process, shard by shard in any order: what engines do with processes, for tests."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor

from latentwalk.checkpoints.own import write
from latentwalk.generator import Generator
from latentwalk.generators.mlp import MLP, MLPSizes
from latentwalk.jobs.load import load
from latentwalk.jobs.shard_work import open_work
from latentwalk.pool import Done, Opener
from latentwalk.scale.job import Job
from latentwalk.scale.manifest import append, digest, entries


def done(folder: Path, job: Job, order: Sequence[int] | None = None) -> Path:
    """The folder of a job, with the shards in this order; all if None."""
    folder.mkdir(parents=True, exist_ok=True)
    job.write(folder)
    run = open_work(folder)
    for shard in range(job.shards) if order is None else order:
        append(folder, run(shard))
    return folder


def digest_of(folder: Path) -> str:
    return digest(entries(folder).values())


class Here:
    """An engine that has no other process. ran: shards that it did."""

    def __init__(self) -> None:
        self.ran: list[int] = []

    def run(self, opener: Opener, folder: Path, shards: Sequence[int]) -> Iterator[Done]:
        run = opener(folder) if shards else None
        for shard in shards:
            self.ran.append(shard)
            assert run
            yield run(shard)


def tiny_generator(file: Path) -> Generator:
    """z [24] -> 3x4x4, linear, out of a file."""
    made = MLP(MLPSizes((24, 40), (3, 4, 4), slope=1.0, tanh=False))
    random = torch.Generator().manual_seed(0)
    for weight in made.parameters():
        weight.data = torch.randn(weight.shape, generator=random) / weight.shape[-1] ** 0.5
    write(made.freeze(), file)
    return load(str(file))


def colours(images: Tensor) -> Tensor:
    """Logits: how red and how green a picture is. A scorer that workers find by name."""
    return images[:, :2].mean((2, 3)) * 4


colours.attributes = ("red", "green")  # pyright: ignore[reportFunctionMemberAccess]
COLOURS = "shards_done:colours"
