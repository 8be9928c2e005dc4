"""How near recipes without labels come to avatars of 32 pixels in some minutes of one core. Prints Markdown.

    python benchmarks/distances.py dcgan --kimg 94             15 minutes of one core
    python benchmarks/distances.py avatars64 mine.safetensors  no training

FD-E is the Frechet distance from samples to as many avatars that nothing learned from, in features of EfficientNet
Lite0
that are chosen as FID chooses those of Inception: the last ones, 1280 numbers, at the size with which the network
learned (224 pixels). "block": in those of `avatars64.py` here, 320 numbers at 128 pixels. Precision and recall are
in the features of FD-E (Kynkaanniemi et al., 2019). The first row is that of other avatars. path: how fast pictures
change on the way from code to code, on the sphere in z and on the line in w (Karras et al., 2019, equation 2, by the
distance of the features of the benchmark above), per squared length of the whole way. Time is that of the processor, in
one thread; measuring does not count. Files of generators are measured as they are, beside avatars of their size.
"""

import argparse
from functools import cache
from pathlib import Path
from typing import cast

import torch
from torch import Tensor

import latentwalk as lw
from avatar_reader import pictures
from avatars64 import BATCH, deepest
from latentwalk.checkpoints import own
from latentwalk.features.imagenet import LEARNED_SIDE, EfficientNetLite0, enlarged
from latentwalk.features.network import NetworkFeatures
from latentwalk.generator import Generator
from latentwalk.images import save_image
from latentwalk.metrics.coverage import precision, recall
from latentwalk.metrics.quality import frechet
from latentwalk.pictures.grid import grid
from latentwalk.samples import sample_codes
from latentwalk.training.avatar_factors import BINARY
from latentwalk.training.avatars import avatars
from latentwalk.training.data import Pictures
from latentwalk.training.recipes import RECIPES
from latentwalk.training.supervise import from_bytes
from latentwalk.walks.interpolate import usual
from training import trained

WAYS, STEP = 500, 1e-2
"""Ways between two codes; the part of one that is looked at: shorter ones drown in the rounding of the features."""


@torch.no_grad()
def embed(features: NetworkFeatures, images: Tensor) -> tuple[Tensor, Tensor]:
    """Pictures that are bytes: [n, 1280] for FD-E, and [n, 320] of the last block."""
    network = cast(EfficientNetLite0, features.network)
    last, block = [], []
    for part in map(from_bytes, images.split(BATCH)):
        large = enlarged(part, LEARNED_SIDE).contiguous(memory_format=torch.channels_last)
        last.append(network.pooled(large))
        block.append(features.vectors(features.maps(part)))
    return torch.cat(last), torch.cat(block)


def samples(generator: Generator, count: int, labels: Tensor | None) -> Tensor:
    """As a picture has them: in 256 steps."""
    parts = [generator.render(codes) for codes in sample_codes(generator, count, labels=labels, batch=250)]
    return ((torch.cat(parts) + 1) * 127.5).round().byte()


@torch.no_grad()
def path(generator: Generator, features: NetworkFeatures, labels: Tensor | None) -> float:
    """Squared speed of the features along ways between codes, at one place of each."""
    space, labels = ("w" if "w" in generator.spaces else "z"), None if labels is None else labels[:WAYS]
    start, end = (next(sample_codes(generator, WAYS, seed, space, labels, WAYS)) for seed in (1, 2))
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


def measured(generator: Generator, features: NetworkFeatures, labels: Tensor, real: tuple[Tensor, Tensor]) -> str:
    """The figures of a generator, as cells. labels: what is asked for, where it is asked."""
    with_labels = labels if generator.classes else None
    made = embed(features, samples(generator, len(labels), with_labels))
    return f"{distances(made, real)} | {path(generator, features, with_labels):.0f}"


def distances(made: tuple[Tensor, Tensor], real: tuple[Tensor, Tensor]) -> str:
    apart = [f"{frechet(one, other):.0f}" for one, other in zip(made, real, strict=True)]
    return " | ".join((*apart, f"{precision(made[0], real[0]):.2f}", f"{recall(made[0], real[0]):.2f}"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("generators", nargs="+", help="recipes without labels, bundled names, or files")
    parser.add_argument("--kimg", type=float, default=94, help="thousands of pictures to learn from")
    parser.add_argument("--looks", type=int, default=2, help="how often it is measured")
    parser.add_argument("--count", type=int, default=24_000)
    parser.add_argument("--held", type=int, default=2500, help="avatars that are compared with, and samples")
    parser.add_argument("--out", type=Path, default=Path("out/distances"))
    asked = parser.parse_args()
    torch.set_num_threads(1)
    asked.out.mkdir(parents=True, exist_ok=True)
    features, held = deepest(), asked.held

    @cache
    def drawings(side: int) -> tuple[Pictures, tuple[Tensor, Tensor]]:
        """To learn from, and the features of those held out."""
        data = (pictures if side == 32 else avatars)(asked.count).only(BINARY)
        real, other = embed(features, data.images[-held:]), embed(features, data.images[-2 * held : -held])
        print(f"| other avatars, {side} px | {distances(other, real)} | | | | |", flush=True)
        return data, real

    print(f"| generator | FD-E | block | precision | recall | path | min | kimg | load |\n|{'---|' * 9}", flush=True)
    for name in asked.generators:
        if name not in RECIPES:
            generator = lw.load(name)
            data, real = drawings(generator.image_shape[1])
            print(f"| {name} | {measured(generator, features, data.values[-held:], real)} | | | |", flush=True)
            continue
        data, real = drawings(32)
        for when, trainer in trained(name, data[: -2 * held], asked.kimg, asked.looks):
            generator = trainer.generator()
            own.write(generator, asked.out / f"{name}.safetensors")
            save_image(asked.out / f"{name}.png", grid(generator.render(generator.sample(48)), 12))
            figures = measured(generator, features, data.values[-held:], real)
            print(f"| {name} | {figures} | {when} |", flush=True)


if __name__ == "__main__":
    main()
