"""What conditioning a direction on another saves, and what it costs, judged by a scorer that took no part.

    .venv/bin/python benchmarks/conditional.py

Directions of all attributes of faces64 from --samples scored codes. Every ordered pair (t, c) of attributes counts
whose plain direction of t leaks into c: the mean change of c's logit, in standard deviations, is at least --least of
the on-target change. For each of them the direction is conditioned on the direction of c (Shen et al., 2020, section
3.2), and both directions walk the same held-out codes, 1 to 3 units. Leakage is read where the mean on-target change of
either is the same (--at standard deviations), on-target effect as the ratio of both changes at equal strength. Means of
signed changes: what goes up for half of the codes and down for the others is no leakage of the direction.
"""

import argparse

import numpy as np
import torch

import latentwalk as lw
from latentwalk.direction import Direction
from latentwalk.methods import METHODS
from latentwalk.samples import score_samples
from latentwalk.scores import score

CODES_FROM = 5 * 10**9
STRENGTHS = (1.0, 2.0, 3.0)


def curve(generator, judge, codes, before, sigma, direction: Direction) -> np.ndarray:
    """[strengths + 1, attributes], mean change of every logit in standard deviations; the first row is 0."""
    rows = [np.zeros(before.shape[1])]
    for strength in STRENGTHS:
        change = (score(generator, judge, direction.shift(codes, strength)) - before) / sigma
        rows.append(change.mean(0).double().numpy())
    return np.array(rows)


def at_equal(curve: np.ndarray, target: int, other: int, at: float) -> float:
    """The change of another attribute where that of the target is `at`, by linear interpolation."""
    return float(np.interp(at, curve[:, target], curve[:, other]))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--samples", type=int, default=20_000)
    options.add_argument("--codes", type=int, default=200)
    options.add_argument("--least", type=float, default=0.25)
    options.add_argument("--at", type=float, default=1.0)
    options.add_argument("--method", default="regression")
    options.add_argument("--attributes", nargs="*", default=None)
    given = options.parse_args()
    torch.set_num_threads(1)
    generator, scorer, judge = lw.load("faces64"), lw.load_scorer("faces64"), lw.load_scorer("faces64-judge")
    names = list(judge.attributes)
    samples = score_samples(generator, scorer, given.samples).only(names)
    found = METHODS[given.method].make().fit(generator, samples)
    codes = generator.sample(range(CODES_FROM, CODES_FROM + given.codes))
    before = score(generator, judge, codes)
    sigma = before.std(0)
    print(f"{given.method}, {given.samples} samples; {given.codes} codes judged at {given.at} sd on target\n")
    print("| direction | held | cosine | after | leakage | conditioned | removed | on-target kept |")
    print("|---|---|---|---|---|---|---|---|")
    removed, kept, angles = [], [], []
    for t, target in enumerate(names):
        if given.attributes and target not in given.attributes:
            continue
        plain = curve(generator, judge, codes, before, sigma, found[target])
        for c, other in enumerate(names):
            leak = at_equal(plain, t, c, given.at)
            if c == t or abs(leak) < given.least * given.at:
                continue
            conditioned = found[target].conditioned([found[other]])
            angle = float(conditioned.vector.double() @ found[other].vector.double())
            after = curve(generator, judge, codes, before, sigma, conditioned)
            left = at_equal(after, t, c, given.at)
            removed.append(1 - abs(left) / abs(leak))
            kept.append(float(np.mean(after[1:, t] / plain[1:, t])))
            angles.append(abs(angle))
            between = float(found[target].vector @ found[other].vector)
            print(
                f"| {target} | {other} | {between:.3f} | {abs(angle):.1e} | {leak:+.3f} | {left:+.3f} "
                f"| {removed[-1]:.0%} | {kept[-1]:.0%} |",
                flush=True,
            )
    if removed:
        print(
            f"\n{len(removed)} pairs: leakage down by {np.mean(removed):.0%} on average, on-target effect kept to "
            f"{np.mean(kept):.0%} on average and {min(kept):.0%} at least; largest cosine {max(angles):.1e}"
        )


if __name__ == "__main__":
    main()
