"""Do pictures of avatars tell their factors, and how fast are they drawn? Prints Markdown for docs/results.md.

    python benchmarks/avatars.py            24,000 avatars at 64 pixels, about five minutes of one core when kept

A small network reads all twelve factors from pictures; the last 2,000 avatars judge it.
"""

import argparse
import time

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from latentwalk.training.avatar_factors import BINARY, FACTORS, factors, options
from latentwalk.training.avatar_style import draw_all, versions
from latentwalk.training.avatars import avatars
from latentwalk.training.data import Pictures

HELD, BATCH, RATE = 2000, 64, 3e-3


def network() -> nn.Sequential:
    """Pictures in [-1, 1] -> logits of the binary factors, then the others in standard deviations."""
    layers: list[nn.Module] = []
    for before, after, side, stride in [(3, 24, 5, 2), (24, 48, 3, 2), (48, 96, 3, 2), (96, 96, 3, 1), (96, 128, 3, 2)]:
        layers += [nn.Conv2d(before, after, side, stride, side // 2, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(2048, 256), nn.ReLU(), nn.Linear(256, len(FACTORS)))


def scaled(values: Tensor) -> Tensor:
    """Factors as they are learned: continuous ones of mean 0 and standard deviation 1."""
    return torch.cat([values[:, : len(BINARY)], (values[:, len(BINARY) :] - 0.5) * 12**0.5], 1)


def learn(pictures: Pictures, epochs: int, device: str) -> nn.Module:
    torch.manual_seed(0)
    reader = network().to(device, memory_format=torch.channels_last)
    steps = epochs * (len(pictures) // BATCH)
    optimizer = torch.optim.AdamW(reader.parameters(), weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, steps)
    wanted = scaled(pictures.values)
    for step in range(steps):
        if step % (len(pictures) // BATCH) == 0:
            order = torch.randperm(len(pictures))
        rows = order[step * BATCH % (len(pictures) // BATCH * BATCH) :][:BATCH]
        read = apply(reader, pictures.images[rows], device)
        target = wanted[rows].to(device)
        split = len(BINARY)
        loss = F.binary_cross_entropy_with_logits(read[:, :split], target[:, :split])
        loss = loss + F.mse_loss(read[:, split:], target[:, split:])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return reader.eval()


def apply(reader: nn.Module, images: Tensor, device: str) -> Tensor:
    scaled = (images.to(device).float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)
    # A processor without bfloat16 imitates it several times slower than it computes in float32.
    with torch.autocast(device, torch.bfloat16, enabled=device != "cpu"):
        return reader(scaled).float()


@torch.no_grad()
def judge(reader: nn.Module, pictures: Pictures, device: str) -> list[float]:
    """Accuracy per binary factor, R^2 per continuous one."""
    read = torch.cat([apply(reader, part, device).cpu() for part in pictures.images.split(500)])
    wanted, split = scaled(pictures.values), len(BINARY)
    right = ((read[:, :split] > 0) == (wanted[:, :split] > 0.5)).float().mean(0)
    rest = (read - wanted)[:, split:].square().mean(0) / wanted[:, split:].var(0, unbiased=False)
    return [*right.tolist(), *(1 - rest).tolist()]


def drawn_per_second(count: int = 300) -> float:
    """Avatars of 64 pixels per second of one core."""
    draw_all([options(0)], 64)  # reads the style
    start = time.process_time()
    draw_all([options(index) for index in range(count)], 64)
    return count / (time.process_time() - start)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=24_000)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    asked = parser.parse_args()

    print(f"{versions()}; {drawn_per_second():.0f} images per CPU second at 64 px\n")
    values = factors(range(asked.count))
    off = np.abs(np.corrcoef(values.T) - np.eye(len(FACTORS)))
    first, second = np.unravel_index(off.argmax(), off.shape)
    print(f"largest correlation of {asked.count}: {off.max():.4f} ({FACTORS[first]}, {FACTORS[second]})\n")

    pictures = avatars(asked.count, workers=asked.workers)
    start = time.process_time()
    reader = learn(pictures[:-HELD], asked.epochs, asked.device)
    print(f"a reader of {asked.epochs} passes, {time.process_time() - start:.0f} CPU seconds\n")
    print("| factor | accuracy or R^2 |\n|---|---|")
    for name, figure in zip(FACTORS, judge(reader, pictures[-HELD:], asked.device), strict=True):
        print(f"| {name} | {figure:.4f} |")


if __name__ == "__main__":
    main()
