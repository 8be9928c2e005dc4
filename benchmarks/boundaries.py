"""How fast are boundaries and regression, and how near the truth, side by side with scikit-learn's SVC.

    .venv/bin/python benchmarks/boundaries.py

Planted truth: codes z ~ N(0, I) of 512 numbers, scores R n.z + sqrt(1 - R^2) noise, 500,000 of them.
`SVC(kernel="linear")` and our classifiers learn from the same 2% tails (20,000 codes), the regression from all 500,000
scores. In turns, in processor seconds (the machine may be shared), medians over the rounds.
"""

import argparse
import statistics
import time
import warnings

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.svm import SVC

from latentwalk.latents import Latents, LatentSpace
from latentwalk.methods.boundary import KINDS
from latentwalk.methods.regression import Regression
from latentwalk.samples import Samples


class Anything:
    """Stands in for a generator: regression asks only whether the codes are its own."""

    fingerprint = "planted"

    def __init__(self, size: int) -> None:
        self.spaces = {"z": LatentSpace("z", (size,))}

    def check(self, latents: Latents) -> Latents:
        return latents


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def timed(what) -> tuple[float, np.ndarray]:
    start = time.process_time()
    vector = what()
    return time.process_time() - start, vector


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--codes", type=int, default=500_000)
    options.add_argument("--size", type=int, default=512)
    options.add_argument("--correlations", type=float, nargs="*", default=[0.7, 0.75])
    options.add_argument("--rounds", type=int, default=1)
    given = options.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore", ConvergenceWarning)
    print("| R | learner | codes | seconds | SVC's time / its own | cosine to the SVC | cosine to the truth |")
    print("|---|---|---|---|---|---|---|")
    for correlation in given.correlations:
        rows: dict[str, list[tuple[float, float, float]]] = {}
        for turn in range(given.rounds):
            random = np.random.default_rng(turn)
            codes = random.standard_normal((given.codes, given.size), dtype=np.float32)
            noise = random.standard_normal(given.codes)
            scores = correlation * codes[:, 0] + np.sqrt(1 - correlation**2) * noise
            low, high = np.quantile(scores, [0.02, 0.98])
            ends = (scores <= low) | (scores >= high)
            tails, side = codes[ends].astype(np.float64), scores[ends] > 0
            samples = Samples(Latents(torch.from_numpy(codes)), torch.from_numpy(scores)[:, None], ("planted",))
            learners = {"SVC": lambda: SVC(kernel="linear", C=1).fit(tails, side).coef_[0]}  # noqa: B023
            for kind in ("hinge", "svm"):
                learners[kind] = lambda kind=kind: KINDS[kind](1.0, 0).fit(tails, side).coef_[0]  # noqa: B023
            learners["regression"] = lambda: Regression().fit(Anything(given.size), samples)[0].vector.numpy()  # noqa: B023
            found = {name: timed(learner) for name, learner in learners.items()}
            truth, svc = np.eye(given.size)[0], found["SVC"][1]
            for name, (seconds, vector) in found.items():
                rows.setdefault(name, []).append((seconds, cosine(vector, svc), cosine(vector, truth)))
        base = [row[0] for row in rows["SVC"]]
        for name, measured in rows.items():
            seconds, to_svc, to_truth = (statistics.median(column) for column in zip(*measured, strict=True))
            ratio = statistics.median(b / row[0] for b, row in zip(base, measured, strict=True))
            count = given.codes if name == "regression" else int(0.04 * given.codes)
            print(
                f"| {correlation} | {name} | {count:,} | {seconds:.2f} | {ratio:.1f} | {to_svc:.4f} | {to_truth:.4f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
