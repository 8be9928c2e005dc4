"""Hostile files are refused within a second and little memory, and nothing that they ask for happens."""

import subprocess
import sys
import tempfile
from pathlib import Path

MARKER = Path(tempfile.gettempdir()) / "latentwalk_pwned"

READ = """
import os, resource, sys, time
from latentwalk.jobs.load import load
for path in sys.argv[1:]:
    if not os.fork():
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start = time.process_time()
        try:
            load(path)
            message = "loaded"
        except ValueError as error:
            message = str(error)
        seconds = time.process_time() - start
        megabytes = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        print(seconds, megabytes, message, sep="\\t", flush=True)
        os._exit(0)
    os.wait()
"""
"""One process starts once, as it would without the type checks of the tests; a copy of it reads each file."""

WHY = {
    "h01": "calls os.system",
    "h02": "calls builtins.eval",
    "h03": "calls os.system",
    "h04": "calls importlib.import_module",
    "h05": "calls posix.system",
    "h06": "4398046511104 bytes are expected",
    "h07": "steps or",
    "h08": "nested in each other",
    "h09": "truncated",
    "h10": "calls os.system",
    "h11": "an object of the class Generator",
}

HONEST = b"]" + b"K\x01a" * 450_000
"""A list of numbers, put in one by one: nearly as many steps as the reader takes."""

EXHAUSTING = [
    b"}" * 10**6,  # containers that nothing holds
    b"N0" * 10**6,
    b"]" + b"]a" * 10**5,
    b"(" * 10**6,
    b"K\x00" + b"\x85" * 900_000,  # a tuple in a tuple in a tuple
    b"}(" + b"K\x00\x85" * 3 + b"u",
    b"}" + b"N" + b"\x85" * 900_000 + b"Ns",  # the same as a key, whose hash would recurse
    b"}("
    + b"".join(b"\x8a\x08" + (k * (2**61 - 1) % 2**63).to_bytes(8, "little") + b"N" for k in range(50_000))
    + b"u",
    b"C\x80" + bytes(128) + b"q\x00" + b"h\x00" * 40_000,
]
"""Programs made to exhaust the reader."""


def read(files: list[Path]) -> list[tuple[Path, float, float, str]]:
    """Each file, the seconds and the most megabytes that it took, and what was said of it."""
    output = subprocess.run([sys.executable, "-c", READ, *map(str, files)], capture_output=True, text=True, check=True)
    lines = [line.split("\t") for line in output.stdout.splitlines()]
    return [(path, float(s), float(mb), message) for path, (s, mb, message) in zip(files, lines, strict=True)]


def test_hostile_files(shared: Path) -> None:
    files = sorted((shared / "fixtures" / "hostile").glob("h*"))
    assert [path.name[:3] for path in files] == list(WHY)
    assert not MARKER.exists()
    for path, seconds, megabytes, message in read(files):
        assert message.startswith(str(path)) and WHY[path.name[:3]] in message
        assert seconds < 1 and megabytes < 200
    assert not MARKER.exists()


def test_programs_made_to_exhaust_the_reader(tmp_path: Path) -> None:
    """None takes much longer than an honest program of as many steps, whatever machine it is, nor much memory."""
    bodies = [HONEST, *EXHAUSTING]
    files = [tmp_path / f"{number}.pkl" for number in range(len(bodies))]
    for path, body in zip(files, bodies, strict=True):
        path.write_bytes(b"\x80\x04" + body + b".")
    seconds = dict.fromkeys(files, float("inf"))
    for _ in range(3):  # the quickest of a few looks counts: what else a machine does only adds
        for path, took, megabytes, message in read(files):
            seconds[path] = min(seconds[path], took)
            refused = message.startswith(str(path)) and megabytes < 200
            assert refused or path == files[0], path.name
        honest, *others = seconds.values()
        if max(others) < 4 * honest:
            break
    slow = [path.name for path, took in seconds.items() if took >= 4 * honest]
    assert not slow
