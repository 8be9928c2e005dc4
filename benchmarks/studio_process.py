"""A studio in a process of its own, as people start it, and what the system says of it. For Linux."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import websockets.asyncio.client as websockets

ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1"}


class Process:
    def __init__(self, address: str, pid: int, ready: float) -> None:
        self.address, self.pid, self.ready = address, pid, ready
        split = urlsplit(address)
        self.own, self.token = split.netloc, parse_qs(split.query)["token"][0]

    def socket(self) -> websockets.connect:
        """Like the one of a page."""
        cookie = {"Cookie": f"latentwalk-{self.own.rpartition(':')[2]}={self.token}"}
        return websockets.connect(
            f"ws://{self.own}/live", origin=f"http://{self.own}", additional_headers=cookie, max_size=2**24
        )

    @property
    def memory(self) -> float:
        """MiB that it holds now (RSS)."""
        text = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8")
        return int(text.split("VmRSS:")[1].split()[0]) / 1024

    @property
    def open_files(self) -> int:
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))


@contextmanager
def studio(generator: str = "faces64") -> Iterator[Process]:
    """ready: seconds from the start until it says its address."""
    begun = time.perf_counter()
    command = [sys.executable, "-m", "latentwalk", "studio", generator, "--no-browser", "--port", "0"]
    with subprocess.Popen(command, env=ONE_THREAD, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as run:
        assert run.stdout is not None
        said = ""
        while "token=" not in said:
            line = run.stdout.readline()
            if not line:
                raise SystemExit(f"the studio did not start: {said}")
            said += line
        ready = time.perf_counter() - begun
        try:
            yield Process(next(word for word in said.split() if "token=" in word), run.pid, ready)
        finally:
            run.terminate()


def seconds_of(line: str) -> float:
    """How long a new Python takes for a line."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", line], env=ONE_THREAD, check=True)
    return time.perf_counter() - begun
