"""How fast faces64 draws, against the same network as a plain `nn.Sequential` and against the processor's peak.

    python benchmarks/sampling.py --threads 2 --rounds 30

prints one Markdown row per batch size. The plain network, ours and one matrix product take turns within every round, so
that whatever else the machine does slows all three alike; figures are medians over rounds. A turn is 64 pictures, one
batch after another, as for a slider that draws the same code again and again. "peak" is the share of the speed of a
1024x1024 float32 matrix product that the multiplications of the network reach. On a busy machine, use one thread.
"""

import argparse
import itertools
import statistics
import time
from collections.abc import Callable

import torch
from safetensors.torch import load_file
from torch import nn

from latentwalk.bundled import GENERATORS
from latentwalk.jobs.load import load

WIDTHS = (100, 512, 256, 128, 64, 3)
SIDE = 1024
TURN = 64
"""Pictures that a contestant draws in one turn."""


def plain() -> nn.Sequential:
    """The tutorial network as everybody writes it, in evaluation mode."""
    layers: list[nn.Module] = []
    for i, (inside, outside) in enumerate(itertools.pairwise(WIDTHS)):
        layers.append(nn.ConvTranspose2d(inside, outside, 4, 2 if i else 1, 1 if i else 0, bias=False))
        layers += [nn.BatchNorm2d(outside), nn.ReLU(True)] if outside != 3 else [nn.Tanh()]
    network = nn.Sequential(*layers)
    network.load_state_dict({k.removeprefix("main."): v for k, v in load_file(GENERATORS["faces64"]).items()})
    return network.eval().requires_grad_(False)


def operations() -> int:
    """Multiplications and additions that one picture takes: every input pixel meets the whole kernel."""
    sides = (1, 4, 8, 16, 32)
    return sum(2 * a * b * 16 * side**2 for (a, b), side in zip(itertools.pairwise(WIDTHS), sides, strict=True))


def seconds(call: Callable[[], object], repeats: int) -> float:
    """Of one call, as the mean over some in a row."""
    start = time.perf_counter()
    for _ in range(repeats):
        call()
    return (time.perf_counter() - start) / repeats


@torch.no_grad()
def measure(batch: int, rounds: int) -> str:
    reference, generator = plain(), load("faces64")
    latents = generator.sample(range(batch))
    square = torch.randn(SIDE, SIDE)
    repeats = max(1, TURN // batch)
    contestants = (
        (lambda: reference(latents.values[:, :, None, None]), repeats),
        (lambda: generator.render(latents), repeats),
        (lambda: square @ square, 1),
    )
    difference = (reference(latents.values[:, :, None, None]) - generator.render(latents)).abs().max()
    times = [[seconds(*contestant) for contestant in contestants] for _ in range(rounds + 2)][2:]  # two to warm up
    theirs, ours, product = zip(*times, strict=True)
    ratio = statistics.median(a / b for a, b in zip(theirs, ours, strict=True))
    share = batch * operations() / (2 * SIDE**3) * statistics.median(c / b for b, c in zip(ours, product, strict=True))
    return (
        f"| {batch} | {torch.get_num_threads()} | {1e3 * statistics.median(theirs):.1f} | "
        f"{1e3 * statistics.median(ours):.1f} | {ratio:.2f} | {batch / statistics.median(ours):.0f} | {share:.0%} | "
        f"{difference:.0e} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batches", type=int, nargs="+", default=[64, 1])
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print("| batch | threads | plain ms | latentwalk ms | times as fast | images/s | peak | largest difference |")
    print("|---|---|---|---|---|---|---|---|")
    for batch in options.batches:
        print(measure(batch, options.rounds))


if __name__ == "__main__":
    main()
