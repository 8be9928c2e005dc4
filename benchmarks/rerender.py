"""How much a picture costs again when only its later layers change: Renderer against a full render, in turns.

    python benchmarks/rerender.py --side 1024 --rounds 5 --threads 2

A StyleGAN2 of the published widths (config F, or E with --multiplier 1) with random weights draws codes w+ that differ
from one layer on. Every round draws one picture in full and one by a renderer that has drawn the code before, so that
whatever else the machine does slows both alike. Prints one Markdown row per first changed layer (conv0 is the first of
its side, conv1 the second); figures are medians over the rounds, and the last column says whether both pictures were
the same to the bit.
"""

import argparse
import statistics
import time

import torch

import latentwalk as lw
from latentwalk.generators.stylegan2 import StyleGAN2
from stylegan2 import network


def measure(generator: StyleGAN2, layer: str, rounds: int) -> str:
    """The row for codes that change from this layer on."""
    base = generator.map(generator.sample([0]), "w+")
    first = next(step.code for step in generator.synthesis.steps if step.name == layer)
    renderer, times, same, held = lw.Renderer(generator), [], True, 0
    for turn in range(rounds + 1):
        values, random = base.values.clone(), torch.Generator().manual_seed(turn)
        values[:, first:] += torch.randn(values[:, first:].shape, generator=random)
        changed = base.with_values(values)
        renderer.render(base)
        start = time.perf_counter()
        full = generator.render(changed)
        middle = time.perf_counter()
        again = renderer.render(changed)
        times.append((middle - start, time.perf_counter() - middle))
        same, held = same and torch.equal(full, again), max(held, renderer.held)
    whole, part = zip(*times[1:], strict=True)  # the first warms up
    ratio = statistics.median(a / b for a, b in times[1:])
    return (
        f"| {generator.image_shape[1]} | {layer} | {torch.get_num_threads()} | {1e3 * statistics.median(whole):.0f} "
        f"| {1e3 * statistics.median(part):.0f} | {ratio:.2f} | {held / 2**20:.0f} | {'yes' if same else 'NO'} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=1024)
    parser.add_argument("--multiplier", type=int, default=2, help="2 for config F, 1 for config E")
    parser.add_argument("--changed", nargs="+", default=[f"b{s}.conv{i}" for s in (256, 512) for i in (0, 1)])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    generator = network(options.side, options.multiplier)
    print("| side | first changed | threads | full ms | again ms | times as fast | MiB kept | same |")
    print("|---|---|---|---|---|---|---|---|")
    for layer in options.changed:
        print(measure(generator, layer, options.rounds), flush=True)


if __name__ == "__main__":
    main()
