"""Memory of `latentwalk discover` from a folder of very many scored codes.

    python benchmarks/scale_discover.py --rows 500000 --size 512

Codes of a tiny generator are scored by a function that is linear in its pictures, as a job of shards; then each method
learns from the folder in a process of its own. Prints a row of Markdown for each: the memory of the process as the
system counts it (maximum resident set), and seconds.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

from latentwalk.jobs.load import load_scorer
from latentwalk.jobs.run_shards import run_job
from latentwalk.jobs.shard_scores import score_job
from latentwalk.scale.local import Local
from scale_moments import tiny

SCORER = "scale_discover:brightness"


def brightness(images: torch.Tensor) -> torch.Tensor:
    """Logits [n, 2]: how red and how green a picture is."""
    return images[:, :2].mean((2, 3)) * 4


brightness.attributes = ("red", "green")  # pyright: ignore[reportFunctionMemberAccess]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--method", action="append", help="regression and interfacegan if none is named")
    given = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as place:
        file, folder = Path(place) / "tiny.safetensors", Path(place) / "job"
        generator = tiny(file, given.size)
        scorer = load_scorer(SCORER, "cpu", generator)
        run_job(folder, score_job(generator, scorer, given.rows, batch=512), Local(given.workers))
        print("| method | codes | numbers | memory, MB | seconds |", "|---" * 5 + "|", sep="\n")
        for method in given.method or ["regression", "interfacegan"]:
            memory, seconds = measured(
                "discover", str(file), "--samples", str(folder), "--method", method, "--out", str(Path(place) / method)
            )
            print(f"| {method} | {given.rows:,} | {given.size} | {memory:,.0f} | {seconds:.0f} |")


def measured(*words: str) -> tuple[float, float]:
    """Most megabytes of a command, and its seconds. Raises SystemExit when it fails."""
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "latentwalk", *words], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"latentwalk {' '.join(words)} failed")
    return used.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3), time.perf_counter() - started


if __name__ == "__main__":
    main()
