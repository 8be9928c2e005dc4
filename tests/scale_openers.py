"""What workers of tests do: without torch, and found by name in processes of their own."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from latentwalk.files import NoSpace
from latentwalk.pool import Done, RunShard


def done(shard: int) -> Done:
    return Done(shard, "", 0, 1, 0, 0.0, 1, f"{os.getpid()}")


def plain(folder: Path) -> RunShard:
    """Writes a line into a file of each shard, and a file for each process."""
    (folder / f"worker-{os.getpid()}").touch()

    def run(shard: int) -> Done:
        time.sleep(0.02)
        with (folder / f"shard-{shard}").open("a", encoding="utf-8") as file:
            file.write("done\n")
        return done(shard)

    return run


def dies_once(folder: Path) -> RunShard:
    """Shard 2 ends the first who does it."""

    def run(shard: int) -> Done:
        if shard == 2 and not (folder / "died").exists():
            (folder / "died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return plain(folder)(shard)

    return run


def dies_always(folder: Path) -> RunShard:
    def run(shard: int) -> Done:
        os.kill(os.getpid(), signal.SIGSEGV)
        return done(shard)

    return run


def dies_opening(folder: Path) -> RunShard:
    os._exit(7)


def dies_with_a_child(folder: Path) -> RunShard:
    """Dies in shard 0 and leaves a process that holds all that it had open."""

    def run(shard: int) -> Done:
        if not (folder / "died").exists():
            child = os.fork()
            if child == 0:
                time.sleep(60)
                os._exit(0)
            (folder / "died").write_text(str(child), encoding="utf-8")
            os._exit(1)
        return done(shard)

    return run


def talks(folder: Path) -> RunShard:
    """Prints, on its own and by a process, and reads."""

    def run(shard: int) -> Done:
        print('{"done": "nonsense"}', flush=True)
        os.write(1, b"not json\n")
        subprocess.run([sys.executable, "-c", "print('from a child')"], check=True)
        assert sys.stdin.read() == ""
        return done(shard)

    return run


def raises(folder: Path) -> RunShard:
    """What the file `what` says, in each shard."""
    what = (folder / "what").read_text(encoding="utf-8")

    def run(shard: int) -> Done:
        raise {
            "value": ValueError("expected\n  more"),
            "space": NoSpace("no space left to write x (5 bytes)"),
            "memory": MemoryError("no memory for 2 rows at once"),
            "disk": OSError(5, "Input/output error"),
            "key": KeyError("name"),
            "exit": SystemExit(3),
        }[what]

    return run


def exits_opening(folder: Path) -> RunShard:
    sys.exit("not today")


def long_ones(folder: Path) -> RunShard:
    """Sleeps, or computes in C, for a minute per shard; says who it is."""
    (folder / f"worker-{os.getpid()}").touch()

    def run(shard: int) -> Done:
        (folder / f"busy-{os.getpid()}").touch()
        if shard % 2:
            time.sleep(60)
        hashlib.pbkdf2_hmac("sha256", b"x", b"y", 10**8)
        return done(shard)

    return run
