"""Peak memory of editing 10,000 codes as the command line does it.

.venv/bin/python benchmarks/memory.py --codes 10000
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--codes", type=int, default=10_000)
    options.add_argument("--set", default="smiling")
    options.add_argument("--hold", default="")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        command = [str(Path(sys.executable).with_name("latentwalk")), "edit", "faces64", "--json", "--set", given.set]
        command += ["--seeds", f"0-{given.codes - 1}", "--out", f"{folder}/out"]
        command += ["--hold", given.hold] if given.hold else []
        start = time.perf_counter()
        code = subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode
        seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    print(f"| {given.codes} codes | {given.set} {given.hold} | {peak:.2f} GiB | {seconds:.0f} s | exit code {code} |")


if __name__ == "__main__":
    main()
