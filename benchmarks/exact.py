"""How much more than a straight line is needed to read exact factors from w. Prints Markdown; five minutes of one core.

    python benchmarks/exact.py avatars64            needs latentwalk[avatars]

All ways learn from the scorer's view of the same samples, and are measured as `latentwalk benchmark` measures
directions: against what the judge reads in other samples, and on drawings with exact factors, whose w an encoder reads.

- line: least squares on w, which are the directions of the method `regression`
- line, decorrelated: the same coordinates, turned and scaled to the nearest ones that are uncorrelated
- line, apart: each direction without its components along the eleven others (`Direction.conditioned`), which says how
  far along it a code is when all twelve together are to make it up
- squares: least squares on the 64 main axes of w and on all products of the first 40
- network: two hidden layers of 256 on the 64 main axes of w
- scorer itself: what it says of the pictures of the samples; nobody who learns from it can be far above
"""

import argparse

import numpy as np
import torch
from jaxtyping import Float
from torch import nn
from torch.nn import functional as F

import latentwalk as lw
from latentwalk.bundled import SCORERS
from latentwalk.disentanglement import Disentanglement
from latentwalk.jobs.benchmark_lesson import CHUNK, SIDE, Lesson, prepare
from latentwalk.latents import Latents
from latentwalk.metrics.exact import disentanglement
from latentwalk.progress import silent
from latentwalk.samples import map_codes
from latentwalk.scorers.classifier import Classifier
from latentwalk.scorers.resized import Resized
from latentwalk.scores import score
from latentwalk.training.avatar_factors import BINARY, FACTORS

Table = Float[np.ndarray, "n d"]

MAIN, SQUARED, RIDGE = 64, 40, 0.1


def slopes(codes: Table, scores: Table, ridge: float = 1e-4) -> Table:
    """[d, 12], least squares with a little of a ridge, in units of the mean square of the codes."""
    gram = codes.T @ codes / len(codes)
    gram.flat[:: len(gram) + 1] += ridge * np.trace(gram) / len(gram)
    return np.linalg.solve(gram, codes.T @ (scores - scores.mean(0)) / len(codes))


def squares(axes: Table) -> Table:
    """The axes, and the products of the first few."""
    one, two = np.triu_indices(SQUARED)
    return np.concatenate([axes, axes[:, one] * axes[:, two] - (one == two)], 1)


def taught_network(axes: Table, scores: Table, epochs: int = 40, batch: int = 64) -> nn.Module:
    """A small network from the axes to the logits of the scorer."""
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Linear(axes.shape[1], 256), nn.SiLU(), nn.Linear(256, 256), nn.SiLU(), nn.Linear(256, scores.shape[1])
    )
    seen, wanted = torch.from_numpy(axes).float(), torch.from_numpy(scores).float().sigmoid()
    steps = epochs * (len(seen) // batch)
    learner = torch.optim.AdamW(network.parameters(), weight_decay=0.1)
    rate = torch.optim.lr_scheduler.OneCycleLR(learner, 4e-3, total_steps=steps)
    for _ in range(epochs):
        for rows in torch.randperm(len(seen)).split(batch)[: len(seen) // batch]:
            loss = F.binary_cross_entropy_with_logits(network(seen[rows]), wanted[rows])
            learner.zero_grad()
            loss.backward()
            learner.step()
            rate.step()
    return network


def ways(known: Table, scores: Table, asked: list[Table]) -> dict[str, list[Table]]:
    """By name what each way says of every set of codes that is asked about, all centred as the known ones."""
    line = slopes(known, scores)
    values, vectors = np.linalg.eigh(np.cov((known @ line).T))
    spread, turn = np.linalg.eigh(known.T @ known / len(known))
    main = turn[:, ::-1][:, :MAIN] / np.sqrt(spread[::-1][:MAIN])
    square = slopes(squares(known @ main), torch.from_numpy(scores).sigmoid().numpy(), RIDGE)
    network = taught_network(known @ main, scores)
    linear = {
        "line": line,
        "line, decorrelated": line @ (vectors / np.sqrt(values)) @ vectors.T,
        "line, apart": np.linalg.pinv((line / np.linalg.norm(line, axis=0)).T),
    }
    found = {name: [codes @ vectors for codes in asked] for name, vectors in linear.items()}
    found["squares"] = [squares(codes @ main) @ square for codes in asked]
    with torch.no_grad():
        found["network"] = [network(torch.from_numpy(codes @ main).float()).double().numpy() for codes in asked]
    return found


def rows(lesson: Lesson, known: Latents, own: Table | None = None) -> list[str]:
    """The table. known: the w of the samples. own: the scorer's logits of the codes that judge."""
    flat = [each.values.flatten(1).double().numpy() for each in (known, lesson.codes, lesson.drawn) if each is not None]
    middle = flat[0].mean(0)
    found = ways(flat[0] - middle, lesson.samples.scores.double().numpy(), [codes - middle for codes in flat[1:]])
    truths = [truth for truth in (lesson.factors, lesson.truth) if truth is not None]
    lines = []
    for name, said in found.items():
        lines.append(line_of(name, [disentanglement(c, truth) for c, truth in zip(said, truths, strict=True)]))
    if own is not None:
        own = own.copy()
        degrees = [name not in BINARY for name in FACTORS]
        own[:, degrees] = 1 / (1 + np.exp(-own[:, degrees]))
        lines.append(line_of("scorer itself", [disentanglement(own, lesson.factors)]))
    return lines


def line_of(name: str, seen: list[Disentanglement]) -> str:
    cells = [f"{f.mig:.3f} | {f.disentanglement:.3f} | {f.completeness:.3f} | {f.informativeness:.3f}" for f in seen]
    return f"| {name} | " + " | ".join(cells + ["- | - | - | -"] * (2 - len(seen))) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("generator")
    parser.add_argument("--samples", type=int, default=6000)
    parser.add_argument("--codes", type=int, default=2000)
    parser.add_argument("--drawings", type=int, default=2000)
    asked = parser.parse_args()

    generator = lw.load(asked.generator)
    networks = [Classifier.load(SCORERS[name]) for name in ("avatars64", "avatars64-judge")]
    scorer, judge = Resized(networks[0], SIDE), networks[1]
    lesson = prepare(generator, scorer, judge, asked.samples, asked.codes, asked.drawings, 0, "w", silent)
    known = map_codes(generator, lesson.samples.latents, "w")
    columns = [scorer.attributes.index(name) for name in FACTORS]
    own = score(generator, scorer, lesson.codes, CHUNK)[:, columns].double().numpy()
    print("| way | MIG, judge | D | C | I | MIG, drawings | D | C | I |")
    print("| --- |" + " ---: |" * 8)
    print("\n".join(rows(lesson, known, own)))


if __name__ == "__main__":
    main()
