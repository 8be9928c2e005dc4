"""The engine of a Ray cluster, on this machine or on several: the extra `latentwalk[ray]`."""

import importlib.util
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from latentwalk.pool import Done, Opener
from latentwalk.scale.cluster_driver import GRACE, Order
from latentwalk.scale.failures import error_of
from latentwalk.scale.opener import ONE_THREAD, name_of

SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    # Three tries of two seconds: who does not answer by then is not Ray.
    "RAY_CLIENT_INITIAL_CONNECTION_TIMEOUT_S": "2",
    "RAY_CLIENT_MAX_CONNECTION_TIMEOUT_S": "2",
}
"""Of Ray, unless the environment says otherwise."""


@dataclass(frozen=True)
class Cluster:
    """Ray's actors. They share the job's folder: all machines see it under the same path.

    address: ray://host:port of a cluster; None starts one on this machine, with a token of its own, that ends with the
    job. workers: actors at once, a CPU and one thread each; None as many as there is room for. gpus: that each takes,
    fractions allowed. tell: what a person should know.
    Raises ValueError for another address, and where Ray is not installed.
    """

    address: str | None = None
    workers: int | None = None
    gpus: float = 0.0
    tell: Callable[[str], object] = warnings.warn

    def __post_init__(self) -> None:
        needed = ("ray", "grpc") if self.address else ("ray",)
        if not all(map(importlib.util.find_spec, needed)):
            raise ValueError("the engine ray is not installed: pip install 'latentwalk[ray]'")
        if self.workers is not None and self.workers < 1:
            raise ValueError(f"expected at least one worker, got {self.workers}")
        if self.address is not None:
            _check_address(self.address)

    def run(self, opener: Opener, folder: Path, shards: Sequence[int]) -> Iterator[Done]:
        """See `pool.Engine`. Raises NoSpace when the disk is full, ValueError for a cluster that does not answer."""
        if not shards:
            return
        if self.address is None:
            self.tell(
                "Ray listens on all interfaces of this machine until the job ends, and asks for a token that only this "
                "job knows: keep it behind a firewall"
            )
        with _private_folder() as private:
            order = Order(
                self.address,
                self.workers,
                self.gpus,
                name_of(opener),
                str(folder.resolve()),
                list(shards),
                str(Path.cwd()),
                str(private),
            )
            with (private / "driver.log").open("w+") as log, _driver(order, log.fileno()) as driver:
                assert driver.stdout
                left = len(shards)
                for line in driver.stdout:
                    said = json.loads(line)
                    if "tell" in said:
                        self.tell(said["tell"])
                        continue
                    if "error" in said:
                        raise error_of(said)
                    left -= 1
                    yield Done(**said["done"])
                    if not left:
                        return
                log.seek(0)
                error = ValueError("the process that speaks with Ray ended: start the job again, it goes on")
                if last := log.read()[-2000:].strip():
                    error.add_note(last)
                raise error


def _check_address(address: str) -> None:
    try:
        where = urlsplit(address)
        if where.scheme == "ray" and where.hostname and where.port:
            return
    except ValueError:  # the port is no number
        pass
    raise ValueError(f"{address}: expected ray://host:port, such as ray://head:10001")


@contextmanager
def _private_folder() -> Iterator[Path]:
    """A folder for what Ray writes, with a short name: sockets in it may have some hundred letters."""
    short = Path("/tmp")
    folder = Path(tempfile.mkdtemp(prefix="latentwalk-", dir=short if short.is_dir() else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _driver(order: Order, log: int) -> "Iterator[subprocess.Popen[str]]":
    """The process that speaks with Ray. Whatever it started ends with the block."""
    settings = SETTINGS | dict(os.environ) | ONE_THREAD
    if order.address is None:
        # Ray's watch over memory would end workers of a machine that others have filled, again and again.
        settings |= {"RAY_memory_monitor_refresh_ms": "0"}
        settings |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    driver = subprocess.Popen(
        [sys.executable, "-m", "latentwalk.scale.cluster_driver"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        env=settings,
        text=True,
        start_new_session=True,  # Ctrl-C is for who started us; it ends with its stdin
    )
    assert driver.stdin and driver.stdout
    try:
        with suppress(BrokenPipeError):
            driver.stdin.write(order.to_line())
            driver.stdin.flush()
        yield driver
    finally:
        with suppress(BrokenPipeError):
            driver.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            driver.wait(2 * GRACE)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(driver.pid, signal.SIGKILL)
        driver.wait()
        driver.stdout.close()
