"""How long `evaluate` takes: ten directions at nine strengths on `faces64`, judged by the bundled judge.

    .venv/bin/python benchmarks/evaluating.py
    .venv/bin/python benchmarks/evaluating.py --codes 200 --threads 1

Prints seconds, pictures per second, and beside them how fast the same codes are drawn and judged by two bare loops
with nothing recorded, in the same run: what the record and the metrics cost.
"""

import argparse
import resource
import time

import torch

import latentwalk as lw
from latentwalk.jobs.evaluate import evaluate
from latentwalk.methods import METHODS
from latentwalk.samples import Samples


def spent() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def bare(generator, judge, codes) -> int:
    """Draw and judge, in the batches that drawing is fastest in; nothing is kept."""
    with torch.no_grad():
        for part in generator.batches(codes):
            judge(generator.synthesize(part))
    return len(codes)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--codes", type=int, default=1000)
    options.add_argument("--directions", type=int, default=10)
    options.add_argument("--strengths", type=int, default=9)
    options.add_argument("--threads", type=int, default=None)
    given = options.parse_args()
    if given.threads:
        torch.set_num_threads(given.threads)
    generator, judge = lw.load("faces64"), lw.load_scorer("faces64-judge")
    samples = Samples.unscored(generator.sample(range(2000)))
    found = METHODS["sefa"].make(components=given.directions).fit(generator, samples)
    print("| what | pictures | seconds | pictures/s | processor seconds | pictures per processor second |")
    print("|---|---|---|---|---|---|")

    def row(what: str, drawn: int, seconds: float, processor: float) -> None:
        rates = f"{drawn / seconds:.0f} | {processor:.1f} | {drawn / processor:.0f}"
        print(f"| {what} | {drawn} | {seconds:.1f} | {rates} |", flush=True)

    codes = generator.sample(range(min(2000, 4 * given.codes)))
    bare(generator, judge, codes[:128])
    for turn in range(2):
        start, processor = time.perf_counter(), spent()
        row("a bare loop", bare(generator, judge, codes), time.perf_counter() - start, spent() - processor)
        if turn == 0:
            processor = spent()
            result = evaluate(generator, [found], judge, given.codes, given.strengths)
            row("evaluate", result.images, result.seconds, spent() - processor)
    print(f"\nmemory at most: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


if __name__ == "__main__":
    main()
