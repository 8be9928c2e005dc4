"""How many edits per second: our walks against the loop that everybody writes first, side by side.

    .venv/bin/python benchmarks/editing.py

The loop: one code at a time, z += 0.1 * d logit / dz, `.backward()` through everything with the weights' gradients on,
until p >= 0.995 or 300 steps. All use the same generator weights, scorer, codes and targets, in turns, and the
plain loop runs on the plain nn.Sequential that the checkpoint describes only in shape: our folded layers, which
favours it. Prints medians over the rounds.
"""

import argparse
import copy
import statistics
import time

import torch

import latentwalk as lw
from latentwalk.jobs.walkers import find_walk

LIMIT = 300


def one_at_a_time(generator, scorer, codes, column: int, target: float) -> tuple[float, int, float]:
    """(seconds, codes that arrived, mean steps)."""
    start, arrived, steps = time.perf_counter(), 0, 0
    for value in codes.values:
        z = value[None].clone().requires_grad_()
        for _ in range(LIMIT):
            logit = scorer(generator.synthesize(lw.Latents(z)))[0, column]
            if torch.sigmoid(logit) >= target:
                arrived += 1
                break
            generator.zero_grad()
            scorer.zero_grad()
            z.grad = None
            logit.backward()
            z.data += 0.1 * z.grad
            steps += 1
    return time.perf_counter() - start, arrived, steps / len(codes)


def ours(generator, scorer, codes, attribute: str, target: float, walk, second=None) -> tuple[float, int, float]:
    start = time.perf_counter()
    edited = lw.edit(generator, codes, scorer, attribute, target, walk=walk, second=second, realism=False)
    return time.perf_counter() - start, int(edited.reached.sum()), float(edited.steps.float().mean())


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--codes", type=int, default=64)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--attributes", nargs="*", default=["eyeglasses", "smiling"])
    given = options.parse_args()
    torch.set_num_threads(1)
    generator, scorer, second = lw.load("faces64"), lw.load_scorer("faces64"), lw.load_scorer("faces64-second")
    naive_generator, naive_scorer = (copy.deepcopy(network).requires_grad_(True) for network in (generator, scorer))
    auto = find_walk("auto", generator, scorer, generator.sample(1))
    ways = {
        "auto": (auto, None),
        "auto, two scorers": (auto, second),
        "gradient": (lw.GradientWalk(), None),
        "gradient, two scorers": (lw.GradientWalk(), second),
    }
    print("| attribute | way | edits/s | arrived | steps | times as fast |\n|---|---|---|---|---|---|")
    for attribute in given.attributes:
        column, rows = scorer.attributes.index(attribute), {name: [] for name in ("one at a time", *ways)}
        for turn in range(given.rounds):
            codes = generator.sample(range(10**6 * turn, 10**6 * turn + given.codes))
            for walk, other in ways.values():  # warm up
                ours(generator, scorer, codes[:8], attribute, 0.995, walk, other)
            rows["one at a time"].append(one_at_a_time(naive_generator, naive_scorer, codes, column, 0.995))
            for name, (walk, other) in ways.items():
                rows[name].append(ours(generator, scorer, codes, attribute, 0.995, walk, other))
        for name, results in rows.items():
            seconds, arrived, steps = (statistics.median(each) for each in zip(*results, strict=True))
            slow = zip(rows["one at a time"], results, strict=True)
            times = statistics.median(one[0] / other[0] for one, other in slow)
            arrived = f"{arrived:.0f} of {given.codes}"
            cells = (attribute, name, f"{given.codes / seconds:.2f}", arrived, f"{steps:.1f}", f"{times:.1f}")
            print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
