"""A process that is really killed, at random moments: what goes on afterwards ends with the same bytes."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(not hasattr(os, "fork") or not hasattr(signal, "SIGKILL"), reason="needs fork and SIGKILL")
def test_five_kills_change_no_bit():
    """With a checkpoint after every step, most die while they write one; of the others one step is lost."""
    command = [sys.executable, str(ROOT / "benchmarks" / "killed.py"), "dcgan", "--kills", "5", "--size", "8"]
    command += ["--batch", "4", "--steps", "30", "--every", "-1"]
    ran = subprocess.run(
        command, capture_output=True, text=True, timeout=300, env=os.environ | {"PYTHONPATH": str(ROOT / "src")}
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    rows = [line.split("|")[1:-1] for line in ran.stdout.splitlines() if line.startswith("|")][2:]
    again = [int(row[3]) for row in rows]
    assert len(again) == 5 and max(again) <= 1, ran.stdout
    assert "the file is the same, byte for byte; left over: nothing" in ran.stdout
