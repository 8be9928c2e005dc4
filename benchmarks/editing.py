"""How many edits per second: batched walks against the loop that everybody writes first, side by side.

    .venv/bin/python benchmarks/editing.py

The loop: one code at a time, z += 0.1 * d logit / dz, `.backward()` through everything with the weights' gradients on,
until p >= 0.995 or 300 steps. Both use the same generator weights, scorer, codes and targets, in turns, and the
plain loop runs on the plain nn.Sequential that the checkpoint describes only in shape: our folded layers, which
favours it. Prints medians over the rounds.
"""

import argparse
import copy
import statistics
import time

import torch

import latentwalk as lw

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


def batched(generator, scorer, codes, attribute: str, target: float, views: int) -> tuple[float, int, float]:
    start = time.perf_counter()
    edited = lw.edit(generator, codes, scorer, attribute, target, walk=lw.GradientWalk(views=views))
    return time.perf_counter() - start, int(edited.reached.sum()), float(edited.steps.float().mean())


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--codes", type=int, default=64)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--attributes", nargs="*", default=["eyeglasses", "smiling"])
    options.add_argument("--views", type=int, default=lw.GradientWalk().views)
    given = options.parse_args()
    generator, scorer = lw.load("faces64"), lw.load_scorer("faces64")
    naive_generator, naive_scorer = (copy.deepcopy(network).requires_grad_(True) for network in (generator, scorer))
    print("| attribute | one at a time: edits/s | arrived | steps | batched: edits/s | arrived | steps | ratio |")
    print("|---|---|---|---|---|---|---|---|")
    for attribute in given.attributes:
        column, rows = scorer.attributes.index(attribute), []
        for turn in range(given.rounds):
            codes = generator.sample(range(10**6 * turn, 10**6 * turn + given.codes))
            batched(generator, scorer, codes[:8], attribute, 0.995, given.views)
            slow = one_at_a_time(naive_generator, naive_scorer, codes, column, 0.995)
            fast = batched(generator, scorer, codes, attribute, 0.995, given.views)
            rows.append((*slow, *fast, slow[0] / fast[0]))
        s, arrived, steps, f, ours, our_steps, ratio = (statistics.median(column) for column in zip(*rows, strict=True))
        n = given.codes
        print(
            f"| {attribute} | {n / s:.2f} | {arrived:.0f} of {n} | {steps:.1f} "
            f"| {n / f:.2f} | {ours:.0f} of {n} | {our_steps:.1f} | {ratio:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
