"""Jobs of a few bytes for engines, some of which end or hurt the worker that does them. Workers import this file."""

import os
import signal
import socket
from pathlib import Path

import torch

from latentwalk.files import NoSpace
from latentwalk.pool import Done, RunShard
from latentwalk.scale.shard import FOLDER, write_shard


def plain(folder: Path) -> RunShard:
    """Shards that are known."""

    def run(shard: int) -> Done:
        torch.manual_seed(shard)
        sum_, size = write_shard(folder, shard, {"rows": torch.randn(8, 8) @ torch.randn(8, 8)}, {"rows": 8})
        with (folder / "who").open("a") as file:
            file.write(f"{shard} {os.getpid()}\n")
        return Done(shard, sum_, size, 8, 0, 0.0, 8, f"{socket.gethostname()}:{os.getpid()}")

    (folder / FOLDER).mkdir(exist_ok=True)
    return run


def killed_once(folder: Path) -> RunShard:
    """The third shard ends its worker, as the machine would, the first time."""
    run, mark = plain(folder), folder / "killed"

    def once(shard: int) -> Done:
        if shard == 2 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return run(shard)

    return once


def deadly(folder: Path) -> RunShard:
    """The first shard ends its worker each time."""
    run = plain(folder)

    def always(shard: int) -> Done:
        if shard == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return run(shard)

    return always


def wrong(folder: Path) -> RunShard:
    """The second shard cannot be done."""
    run = plain(folder)

    def fail(shard: int) -> Done:
        if shard == 1:
            raise ValueError("no such colour")
        return run(shard)

    return fail


def full(folder: Path) -> RunShard:
    """There is no room for any shard."""

    def fail(_shard: int) -> Done:
        raise NoSpace(f"no space left for {folder}")

    return fail


def closed(folder: Path) -> RunShard:
    """The job cannot be opened."""
    raise ValueError(f"{folder} holds no job")
