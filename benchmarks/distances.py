"""How near recipes without labels come to avatars of 32 pixels in some minutes of one core. Prints Markdown.

    python benchmarks/distances.py dcgan --minutes 15
    python benchmarks/distances.py stylegan2 --minutes 90 --every 15

FD-E is the Frechet distance in features of EfficientNet-Lite0 (the mean of its last block, 320 numbers) from samples to
as many avatars that nothing learned from; precision and recall are of the same numbers (Kynkaanniemi et al., 2019). The
first row is that of other avatars. path: how fast pictures change on the way from code to code, on the sphere in z and
on the line in w (Karras et al., 2019, equation 2, in the same features), per squared length of the whole way. Time is
that of the processor, in one thread; measuring does not count.
"""

import argparse
import os
from pathlib import Path

import torch
from torch import Tensor

from avatars64 import BATCH, deepest
from latentwalk.checkpoints import own
from latentwalk.features.network import NetworkFeatures
from latentwalk.generator import Generator
from latentwalk.images import save_image
from latentwalk.metrics.coverage import precision, recall
from latentwalk.metrics.quality import frechet
from latentwalk.pictures.grid import grid
from latentwalk.samples import map_codes, sample_codes
from latentwalk.training.recipes import RECIPES
from latentwalk.training.supervise import from_bytes
from latentwalk.walks.interpolate import usual
from training import pictures, trained

HELD = 2500
"""Avatars that are compared with, and samples."""

WAYS, STEP = 500, 1e-2
"""Ways between two codes; the part of one that is looked at: shorter ones drown in the rounding of the features."""


@torch.no_grad()
def embed(features: NetworkFeatures, images: Tensor) -> Tensor:
    """[n, 320] of pictures that are bytes."""
    return torch.cat([features.vectors(features.maps(from_bytes(part))) for part in images.split(BATCH)])


def samples(generator: Generator, count: int) -> Tensor:
    """As a picture has them: in 256 steps."""
    parts = [generator.render(codes) for codes in sample_codes(generator, count, batch=250)]
    return ((torch.cat(parts) + 1) * 127.5).round().byte()


@torch.no_grad()
def path(generator: Generator, features: NetworkFeatures) -> float:
    """Squared speed of the features along ways between codes, at one place of each."""
    space = "w" if "w" in generator.spaces else "z"
    start, end = (
        map_codes(generator, next(iter(sample_codes(generator, WAYS, seed, batch=WAYS))), space) for seed in (1, 2)
    )
    at, total = torch.rand(WAYS, 1, generator=torch.Generator().manual_seed(0)) * (1 - STEP), 0.0
    here, there = (start.with_values(between(start.values, end.values, t, space)) for t in (at, at + STEP))
    for rows in torch.arange(WAYS).split(BATCH):
        first, second = (features.maps(generator.render(codes[rows])) for codes in (here, there))
        total += float(features.distance(first, second).sum())
    return total / WAYS / STEP**2


def between(a: Tensor, b: Tensor, t: Tensor, space: str) -> Tensor:
    """Codes on the way, each at its own place."""
    if usual(space) == "lerp":
        return torch.lerp(a, b, t)
    angle = torch.nn.functional.cosine_similarity(a, b).clamp(-1, 1).acos()[:, None]
    length = torch.lerp(a.norm(dim=1, keepdim=True), b.norm(dim=1, keepdim=True), t)
    turned = ((1 - t) * angle).sin() * a / a.norm(dim=1, keepdim=True) + (t * angle).sin() * b / b.norm(
        dim=1, keepdim=True
    )
    return length * turned / angle.sin()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipes", nargs="+", choices=[name for name, known in RECIPES.items() if not known.labelled])
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--every", type=float, default=5, help="minutes between two measurements")
    parser.add_argument("--count", type=int, default=24_000)
    parser.add_argument("--out", type=Path, default=Path("out/distances"))
    asked = parser.parse_args()
    torch.set_num_threads(1)
    asked.out.mkdir(parents=True, exist_ok=True)

    features, data = deepest(), pictures(asked.count)
    fit, held, other = data[: -2 * HELD], data[-HELD:], data[-2 * HELD : -HELD]
    real = embed(features, held.images)

    def row(name: str, made: Tensor, rest: str) -> None:
        cells = (f"{frechet(made, real):.0f}", f"{precision(made, real):.2f}", f"{recall(made, real):.2f}", rest)
        print(f"| {name} | {' | '.join(cells)} |", flush=True)

    print("| recipe | FD-E | precision | recall | path | min | kimg | load |\n|---|---|---|---|---|---|---|---|")
    row("other avatars", embed(features, other.images), "| | |")
    for name in asked.recipes:
        for minutes, kimg, trainer in trained(name, fit, asked.minutes, asked.every):
            generator = trainer.generator()
            own.write(generator, asked.out / f"{name}.safetensors")
            save_image(asked.out / f"{name}.png", grid(generator.render(generator.sample(48)), 12))
            load = f"{os.getloadavg()[0]:.1f}"
            made = embed(features, samples(generator, HELD))
            row(name, made, f"{path(generator, features):.0f} | {minutes:g} | {kimg} | {load}")


if __name__ == "__main__":
    main()
