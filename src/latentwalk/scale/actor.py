"""One worker of a Ray cluster: an actor, on whatever machine Ray put it. It opens the job once and does shards.

Nothing here knows Ray. Errors come back as plain data, so that only the end of a process is an error to Ray.
"""

import os
import socket
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from latentwalk.pool import RunShard
from latentwalk.scale.failures import failure
from latentwalk.scale.opener import open_named
from latentwalk.version import VERSION


class ShardActor:
    """opener: its name. folder: of the job. home: where who started the job is; names in a job are looked for there."""

    def __init__(self, opener: str, folder: str, home: str) -> None:
        # Nothing that could fail: Ray would restart the actor for ever.
        self.opener, self.folder, self.home = opener, folder, home
        self.job: RunShard | None = None

    def here(self) -> dict[str, Any]:
        """Nothing, once the actor is there, or there again."""
        return {}

    def open(self, version: str) -> dict[str, Any]:
        """Open the job. version: of latentwalk, which has to be the same here. Returns nothing, or what went wrong."""
        try:
            if version != VERSION:
                raise ValueError(f"latentwalk {VERSION} is installed there, and {version} here: install the same")
            self._opened()
        except Exception as error:  # whatever it was, the driver has to know
            return failure(error) | {"host": socket.gethostname()}
        return {}

    def do(self, shard: int) -> dict[str, Any]:
        """Make one shard. Returns `Done` as plain data, or what went wrong."""
        try:
            return {"done": asdict(self._opened()(shard))}
        except Exception as error:
            return failure(error, shard)

    def _opened(self) -> RunShard:
        """The job, opened once; by `do` if Ray restarted the actor unseen."""
        if self.job is None:
            with suppress(OSError):  # another machine may have no such folder
                os.chdir(self.home)
            sys.path.append(self.home)  # where package.module:function is looked for, as by the command line
            self.job = open_named(self.opener, Path(self.folder))
        return self.job
