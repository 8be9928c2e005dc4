"""How many scored images does a direction need? Regression on every score against the published 2% boundary.

    .venv/bin/python benchmarks/fewer_images.py --cache out/fewer_images

The reference is the direction from --reference images of faces64, once by regression and once by the 2% boundary
(InterFaceGAN), since each method is nearest to its own. Budgets are disjoint parts of other images, several of each; a
quarter of a budget goes to the regression. Means over the parts. Scored codes are kept in --cache, chunk by chunk, so
that a second run goes on after the last one; --partial does with what is there.
"""

import argparse
from pathlib import Path

import numpy as np
import torch

import latentwalk as lw
from latentwalk.latents import Latents
from latentwalk.methods import METHODS
from latentwalk.samples import Samples, sample_codes
from latentwalk.scores import score

ATTRIBUTES = ("eyeglasses", "smiling", "mouth_open", "hat")
BUDGETS = (2000, 5000, 20_000)
OTHERS = 40_960
CHUNK = 10_240


def scored(generator, scorer, count: int, seed: int, cache: Path, partial: bool) -> Samples:
    """Codes of a seed and their scores, from the cache where they are there."""
    cache.mkdir(parents=True, exist_ok=True)
    files = [cache / f"chunk_{seed}_{k:03d}.npz" for k in range(-(-count // CHUNK))]
    if not partial and not all(file.exists() for file in files):
        parts, chunk = [], 0
        for part in sample_codes(generator, count, seed):
            parts.append(part)
            if sum(map(len, parts)) >= CHUNK or chunk * CHUNK + sum(map(len, parts)) == count:
                if not files[chunk].exists():
                    values = torch.cat([part.values for part in parts])
                    np.savez(files[chunk], codes=values, scores=score(generator, scorer, Latents(values)))
                parts, chunk = [], chunk + 1
    loaded = [np.load(file) for file in files if file.exists()]
    codes, scores = (torch.from_numpy(np.concatenate([data[key] for data in loaded])) for key in ("codes", "scores"))
    return Samples(Latents(codes), scores, tuple(scorer.attributes)).only(ATTRIBUTES)


def some(samples: Samples, start: int, count: int) -> Samples:
    return Samples(samples.latents[start : start + count], samples.scores[start : start + count], samples.attributes)


def vectors(generator, method: str, samples: Samples) -> torch.Tensor:
    """[attributes, d]."""
    return torch.stack([direction.vector for direction in METHODS[method].make().fit(generator, samples)])


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--reference", type=int, default=200_192)
    options.add_argument("--cache", type=Path, default=Path("out/fewer_images"))
    options.add_argument("--partial", action="store_true")
    options.add_argument("--repeats", type=int, default=8)
    given = options.parse_args()
    torch.set_num_threads(1)
    generator, scorer = lw.load("faces64"), lw.load_scorer("faces64")
    others = scored(generator, scorer, OTHERS, 1, given.cache, given.partial)
    whole = scored(generator, scorer, given.reference, 0, given.cache, given.partial)
    references = {name: vectors(generator, name, whole) for name in ("regression", "interfacegan")}
    both = (references["regression"] * references["interfacegan"]).sum(1)
    print(f"References from {len(whole.latents):,} images; cosine between the two: ", end="")
    print(", ".join(f"{name} {value:.3f}" for name, value in zip(ATTRIBUTES, both.tolist(), strict=True)), "\n")
    print("| images | attribute | reference | 2% boundary | regression, a quarter of the images | regression, all |")
    print("|---|---|---|---|---|---|")
    for budget in BUDGETS:
        starts = range(0, min(given.repeats * budget, OTHERS - budget + 1), budget)
        found = {
            column: torch.stack([vectors(generator, method, some(others, start, count)) for start in starts])
            for column, (method, count) in enumerate(
                (("interfacegan", budget), ("regression", budget // 4), ("regression", budget))
            )
        }
        for i, attribute in enumerate(ATTRIBUTES):
            for name, reference in references.items():
                cells = [(found[column][:, i] @ reference[i]).mean().item() for column in found]
                print(f"| {budget:,} | {attribute} | {name} | " + " | ".join(f"{cell:.4f}" for cell in cells) + " |")


if __name__ == "__main__":
    main()
