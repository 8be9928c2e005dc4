"""The notebook of the tour runs from top to bottom, beside its photograph, in a process of its own."""

import shutil
import subprocess
import sys
from pathlib import Path

import notebooks

EXAMPLES = Path(__file__).parents[1] / "examples"
TOUR = EXAMPLES / "tour.ipynb"

INSTEAD = {"codes=32, strengths=5": "codes=16, strengths=3", "sample([41, 57, 74])": "sample([41])"}
"""What is told to do less."""


def run_tour() -> None:
    """In the folder where this process is. Raises AssertionError for a cell that shows other things than are kept."""
    from latentwalk.jobs import naming

    naming.CODES = 32
    made = [[kinds(output) for output in outputs] for outputs in notebooks.run(TOUR, INSTEAD)]
    kept = [[kinds(output) for output in cell["outputs"]] for cell in notebooks.code_cells(TOUR)]
    assert made == kept and sum("text/html" in output for outputs in made for output in outputs) > 5


def kinds(output: notebooks.Output) -> list[str]:
    """In what forms something is shown."""
    return sorted(output.get("data", ["text"]))


def test_every_cell_runs_and_shows_what_the_file_keeps(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES / "photos", tmp_path / "photos")
    command = [sys.executable, __file__]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert (tmp_path / "out" / "report.html").exists()


def test_it_is_small_enough_to_be_read_in_a_browser() -> None:
    assert TOUR.stat().st_size < 1_000_000


if __name__ == "__main__":
    run_tour()
