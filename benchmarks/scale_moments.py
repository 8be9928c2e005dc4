"""Moments of many codes by several workers, against one pass over all of them in one process.

    python benchmarks/scale_moments.py --rows 1000000 --size 512 --workers 2

Prints one row of Markdown: the largest difference of a number of mean and scatter, relative to the largest one;
seconds of the job and of the one pass; the largest memory of a worker, as the system counts it (maximum resident set).
"""

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

import torch

from latentwalk.checkpoints.own import write
from latentwalk.generator import Generator
from latentwalk.generators.mlp import MLP, MLPSizes
from latentwalk.jobs.load import load
from latentwalk.jobs.run_shards import run_job
from latentwalk.jobs.shard_moments import moments_job, read_moments
from latentwalk.numerics.moments import Moments
from latentwalk.samples import sample_codes
from latentwalk.scale.local import Local

HEAD = "| rows | numbers | workers | difference | job, s | one pass, s | memory of a worker, MB |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as place:
        generator = tiny(Path(place) / "tiny.safetensors", given.size)
        started = time.perf_counter()
        job = moments_job(generator, given.rows)
        run_job(Path(place) / "job", job, Local(given.workers))
        sums = read_moments(Path(place) / "job")
        seconds = time.perf_counter() - started
        assert isinstance(sums, Moments)
    started = time.perf_counter()
    whole = Moments.over(part.values for part in sample_codes(generator, given.rows))
    alone = time.perf_counter() - started
    difference = max(apart(sums.mean, whole.mean), apart(sums.scatter, whole.scatter))
    unit = 1e6 if sys.platform == "darwin" else 1e3  # bytes there, kilobytes elsewhere
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / unit
    print(HEAD, "|---" * 7 + "|", sep="\n")
    print(
        f"| {given.rows:,} | {given.size} | {given.workers} | {difference:.1e} | {seconds:.1f} | {alone:.1f} "
        f"| {memory:.0f} |"
    )


def tiny(path: Path, size: int) -> Generator:
    """A generator of so many numbers in z that makes pictures of 4 x 4 pixels, linear in the code, out of a file."""
    made = MLP(MLPSizes((size, 16), (3, 4, 4), slope=1.0, tanh=False))
    random = torch.Generator().manual_seed(0)
    for weight in made.parameters():
        weight.data = torch.randn(weight.shape, generator=random) / weight.shape[-1] ** 0.5
    write(made.freeze(), path)
    return load(str(path))


def apart(one: torch.Tensor, other: torch.Tensor) -> float:
    return float((one - other).abs().max() / other.abs().max())


if __name__ == "__main__":
    main()
