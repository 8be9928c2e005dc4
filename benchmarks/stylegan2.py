"""How fast a StyleGAN2 draws: ours against a textbook implementation of the same network, side by side.

    python benchmarks/stylegan2.py --side 256 --batches 1 4 --threads 2

prints one Markdown row per batch size. The textbook way is in this file: weights modulated and demodulated for every
code, one grouped convolution over the batch, up-sampling and its blur as two passes, noise, bias, activation and gain
as one pass each. Both draw the same random network (config F, or E with --multiplier 1) from the same codes w, in
turns, so that whatever else the machine does slows both alike; the figures are medians over the rounds.
"""

import argparse
import math
import resource
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from latentwalk.generators.layers.styled import resample_filter
from latentwalk.generators.stylegan2 import StyleGAN2, StyleGAN2Sizes
from latentwalk.latents import Latents


def network(side: int, multiplier: int) -> StyleGAN2:
    """A StyleGAN2 of the published widths with random weights."""
    sides = [4 * 2**i for i in range(int(math.log2(side)) - 1)]
    widths = tuple(512 if s < 64 else min(512, 16384 * multiplier // s) for s in sides)
    generator, random = StyleGAN2(StyleGAN2Sizes((512,) * 9, widths)), torch.Generator().manual_seed(0)
    for name, tensor in generator.state_dict().items():
        normal = torch.randn(tensor.shape, generator=random)
        if name.endswith("kernel"):
            normal = resample_filter()
        elif name.startswith("mapping.layers") and name.endswith("weight"):
            normal = 100 * normal
        elif name.endswith(("bias", "noise_strength", "average")):
            normal = 0.1 * normal + float(name.endswith("affine.bias"))
        tensor.copy_(normal)
    return generator.freeze()


def blur(x: Tensor, kernel: Tensor, before: int, after: int) -> Tensor:
    """The filter over every channel, with the gain of an up-sampling by two."""
    x = F.pad(x, (before, after, before, after))
    return F.conv2d(x, (4 * kernel).flip(0, 1).repeat(x.shape[1], 1, 1, 1), groups=x.shape[1])


def modulated(x: Tensor, weight: Tensor, styles: Tensor, demodulate: bool, up: bool) -> Tensor:
    """A convolution with weights of its own for every code, as one grouped convolution."""
    n, i, h, w = x.shape
    own = weight[None] * styles[:, None, :, None, None]
    if demodulate:
        own = own * torch.rsqrt(own.square().sum((2, 3, 4), keepdim=True) + 1e-8)
    x = x.reshape(1, n * i, h, w)
    if up:
        own = own.transpose(1, 2).reshape(n * i, -1, *weight.shape[2:])
        y = F.conv_transpose2d(x, own, stride=2, groups=n)
    else:
        y = F.conv2d(x, own.reshape(-1, *weight.shape[1:]), padding=weight.shape[-1] // 2, groups=n)
    return y.reshape(n, -1, *y.shape[2:])


def textbook(generator: StyleGAN2, ws: Tensor) -> Tensor:
    """The images of codes w+ [n, layers, w]."""
    state = {name.removeprefix("synthesis."): tensor for name, tensor in generator.state_dict().items()}
    x, image = state["const"].repeat(len(ws), 1, 1, 1), None
    for step in generator.synthesis.steps:
        block, kind = step.name.split(".")
        layer = {n.removeprefix(step.name + "."): t for n, t in state.items() if n.startswith(step.name + ".")}
        matrix = layer["affine.weight"] / math.sqrt(ws.shape[2])
        styles = F.linear(ws[:, step.code], matrix, layer["affine.bias"])
        if kind == "torgb":
            styles = styles / math.sqrt(styles.shape[1])
            colors = modulated(x, layer["weight"], styles, False, False) + layer["bias"][:, None, None]
            if image is not None:
                zeros = torch.zeros(*image.shape[:2], image.shape[2], 2, image.shape[3], 2)
                zeros[:, :, :, 0, :, 0] = image
                image = blur(zeros.flatten(2, 3).flatten(3, 4), state[f"{block}.join.kernel"], 2, 1)
            image = colors if image is None else image + colors
            continue
        x = modulated(x, layer["weight"], styles, True, kind == "conv0")
        if kind == "conv0":
            x = blur(x, layer["kernel"], 1, 1)
        x = x + layer["noise_map"] * layer["noise_strength"]
        x = x + layer["bias"][:, None, None]
        x = F.leaky_relu(x, 0.2) * math.sqrt(2)
    return image


def seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


@torch.no_grad()
def measure(generator: StyleGAN2, batch: int, rounds: int) -> str:
    ws = generator.map(generator.sample(range(batch)), "w+")
    codes = Latents(ws.values.contiguous(), "w+")
    expected = textbook(generator, ws.values)
    difference = (expected - generator.synthesize(codes)).abs().max() / expected.abs().max()
    contestants = (lambda: textbook(generator, ws.values), lambda: generator.synthesize(codes))
    times = [[seconds(call) for call in contestants] for _ in range(rounds + 1)][1:]  # one to warm up
    theirs, ours = zip(*times, strict=True)
    ratio = statistics.median(a / b for a, b in zip(theirs, ours, strict=True))
    return (
        f"| {generator.image_shape[1]} | {batch} | {torch.get_num_threads()} | {1e3 * statistics.median(theirs):.0f} "
        f"| {1e3 * statistics.median(ours):.0f} | {ratio:.2f} | {difference:.0e} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--multiplier", type=int, default=2, help="2 for config F, 1 for config E")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--memory", action="store_true", help="draw one image with ours only, and print the peak")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    generator = network(options.side, options.multiplier)
    if options.memory:
        generator.render(generator.sample([0]))
        print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB, imports included")
        return
    print("| side | batch | threads | textbook ms | latentwalk ms | times as fast | largest difference, relative |")
    print("|---|---|---|---|---|---|---|")
    for batch in options.batches:
        print(measure(generator, batch, options.rounds), flush=True)


if __name__ == "__main__":
    main()
