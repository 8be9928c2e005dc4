"""Which snapshot of a generator of avatars is best: how near its pictures are, and how straight its w. Prints Markdown.

    python benchmarks/avatars64.py avatars64                      the bundled one: 3 minutes of one core
    python benchmarks/avatars64.py run/*.safetensors --out table.md

FD-E is the Frechet distance in features of EfficientNet-Lite0 (the mean of its last block, 320 numbers) from samples of
the generator to as many avatars; the first row is that of other avatars, which no generator can be below for long.
"straight" is how much a linear function of w tells of what the scorer `avatars64` sees in the picture: R^2 of its
logits on a fifth of the samples that the fit did not see.
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

import latentwalk as lw
from latentwalk.features.imagenet import enlarged, imagenet_features
from latentwalk.features.network import NetworkFeatures
from latentwalk.generator import Generator
from latentwalk.metrics.quality import frechet
from latentwalk.numerics.moments import Moments
from latentwalk.numerics.ridge import least_squares
from latentwalk.samples import sample_codes
from latentwalk.scores import Scorer
from latentwalk.training.avatar_factors import BINARY
from latentwalk.training.avatars import avatars
from latentwalk.training.supervise import from_bytes

BATCH = 10
"""Pictures at a time: few, so that the activations of EfficientNet stay in the cache of a processor."""


def deepest() -> NetworkFeatures:
    """The features, of which only the deepest are read."""
    features = imagenet_features()
    features.network.to(memory_format=torch.channels_last)
    return replace(features, layers=features.layers[-1:], prepare=prepare)


def prepare(images: Tensor) -> Tensor:
    """Enlarged, in the layout in which convolutions are fast."""
    return enlarged(images).contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def embed(features: NetworkFeatures, pictures: Iterator[Tensor]) -> Tensor:
    """[n, 320] of pictures in [-1, 1]."""
    return torch.cat([features.vectors(features.maps(part)) for part in pictures])


@torch.no_grad()
def drawn(generator: Generator, scorer: Scorer, features: NetworkFeatures, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """w [n, d], logits [n, a] and embeddings [n, 320] of fresh samples."""
    codes, logits, embeddings = [], [], []
    for latents in sample_codes(generator, count, batch=BATCH):
        # as a picture has them: in 256 steps
        images = ((generator.render(latents) + 1) * 127.5).round() / 127.5 - 1
        codes.append(generator.map(latents, "w").values)
        logits.append(scorer(images))
        embeddings.append(features.vectors(features.maps(images)))
    return torch.cat(codes), torch.cat(logits), torch.cat(embeddings)


def straightness(codes: Tensor, logits: Tensor) -> list[float]:
    """R^2 of a linear fit from codes to each column of the logits, on the last fifth, which the fit did not see."""
    cut = len(codes) * 4 // 5
    found = []
    for column in logits.T:
        sums = Moments.of(torch.cat([codes[:cut], column[:cut, None]], 1))
        slopes = torch.from_numpy(least_squares(sums).vector).float()
        guess = (codes[cut:] - sums.mean[:-1]).float() @ slopes + sums.mean[-1].float()
        truth = column[cut:]
        found.append(float(1 - (truth - guess).square().mean() / truth.var(unbiased=False)))
    return found


def mean(numbers: list[float]) -> float:
    return sum(numbers) / len(numbers)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("generators", nargs="+", help="bundled names or files")
    parser.add_argument("--count", type=int, default=2500, help="samples, and avatars that they are compared with")
    parser.add_argument("--scorer", default="avatars64")
    parser.add_argument("--out", type=Path, help="a file for the table, written row by row")
    asked = parser.parse_args()

    features, scorer = deepest(), lw.load_scorer(asked.scorer)
    pictures = avatars(2 * asked.count).images
    real, other = (embed(features, map(from_bytes, half.split(BATCH))) for half in pictures.split(asked.count))

    lines: list[str] = []

    def say(*cells: str) -> None:
        lines.append(f"| {' | '.join(cells)} |")
        print(lines[-1], flush=True)
        if asked.out:
            asked.out.write_text("\n".join(lines) + "\n", encoding="utf-8")

    names = tuple(scorer.attributes)
    binary = [names.index(name) for name in BINARY if name in names]
    say("generator", "FD-E", "straight: there or not", "straight: degrees", *names)
    say("---", *["---:"] * (3 + len(names)))
    say("other avatars", f"{frechet(other, real):.1f}", *["" for _ in range(2 + len(names))])
    for source in asked.generators:
        codes, logits, embeddings = drawn(lw.load(source), scorer, features, asked.count)
        straight = straightness(codes, logits)
        rest = [value for place, value in enumerate(straight) if place not in binary]
        parts = [mean([straight[place] for place in binary]), mean(rest) if rest else float("nan"), *straight]
        say(Path(source).stem, f"{frechet(embeddings, real):.1f}", *(f"{value:.2f}" for value in parts))


if __name__ == "__main__":
    main()
