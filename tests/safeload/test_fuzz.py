"""Damaged files of every container are refused or read; an audit hook sees nothing else. The long run: `benchmarks`."""

import subprocess
import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).parents[2] / "benchmarks" / "fuzz.py"
FORMATS, PER_FORMAT = 29, 12


@pytest.mark.parametrize("seed", [1])
def test_damaged_files(seed: int) -> None:
    command = [sys.executable, str(FUZZ), "--count", str(FORMATS * PER_FORMAT), "--seed", str(seed)]
    output = subprocess.run(command, capture_output=True, text=True, check=False)
    assert output.returncode == 0, output.stdout + output.stderr
    rows = [line for line in output.stdout.splitlines() if f"| {PER_FORMAT} |" in line]
    assert len(rows) == 2 * FORMATS and "forbidden events: {}" in output.stdout
