"""One worker of the local engine: numbers of shards come in on stdin, a line of JSON for each goes out on stdout.

    python -m latentwalk.scale.worker package.module:opener FOLDER

It has one thread, so that its numbers do not depend on how many workers there are. It ends when stdin does: when
whoever started it is gone, however that came, in the middle of a shard too.
"""

import json
import os
import queue
import signal
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from latentwalk.pool import RunShard
from latentwalk.scale.failures import failure
from latentwalk.scale.opener import open_named


def main(opener: str, folder: str) -> None:
    """Open the job and do shards until no more can come."""
    said = os.fdopen(os.dup(1), "w", encoding="utf-8")
    numbers = _numbers(os.fdopen(os.dup(0)))
    os.dup2(2, 1)  # what a scorer prints must not come between the lines
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # nor may it read them
    try:
        run = open_named(opener, Path(folder))
    except Exception as error:  # whatever it was, the driver has to know
        _say(said, failure(error))
        return
    _say(said, {"ready": os.getpid()})
    while True:
        _say(said, _one(run, numbers.get()))


def _one(run: RunShard, shard: int) -> dict[str, Any]:
    try:
        return {"done": asdict(run(shard))}
    except Exception as error:
        return failure(error, shard)


def _numbers(file: TextIO) -> "queue.Queue[int]":
    """Numbers as they come in; when no more can come the process ends at once, with those that it started."""
    numbers: queue.Queue[int] = queue.Queue()

    def listen() -> None:
        for line in file:
            numbers.put(int(line))
        if os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    return numbers


def _say(file: TextIO, what: dict[str, Any]) -> None:
    file.write(json.dumps(what) + "\n")
    file.flush()


if __name__ == "__main__":
    sys.path.append(str(Path.cwd()))  # where package.module:function is looked for, as by the command line
    main(*sys.argv[1:])
