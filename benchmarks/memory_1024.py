"""Peak memory and time of one picture of 1024 px, imports and weights included, each family in a process of its own.

    python benchmarks/memory_1024.py --families stylegan2 stylegan3-t stylegan3-r --threads 2

The networks have the published sizes and random weights, drawn in place, so that the peak is that of the imports, the
weights and one picture. Prints one Markdown row per family; the peak is taken before the rounds that are timed.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import time

import torch

from latentwalk.generator import Generator
from latentwalk.generators.stylegan import StyleGAN, StyleGANSizes
from latentwalk.generators.stylegan2 import StyleGAN2, StyleGAN2Sizes
from latentwalk.generators.stylegan3 import StyleGAN3, StyleGAN3Sizes

MAPPING = (512,) * 9
FAMILIES = {
    "stylegan": lambda: StyleGAN(StyleGANSizes(MAPPING, 512, (512,) * 4 + (256, 128, 64, 32, 16))),
    "stylegan2": lambda: StyleGAN2(StyleGAN2Sizes(MAPPING, (512,) * 5 + (256, 128, 64, 32))),
    "stylegan3-t": lambda: StyleGAN3(StyleGAN3Sizes(512, 512, 1024)),
    "stylegan3-r": lambda: StyleGAN3(
        StyleGAN3Sizes(512, 512, 1024, channel_base=65536, channel_max=1024, conv_kernel=1, use_radial_filters=True)
    ),
}


def fill(generator: Generator) -> Generator:
    """Random weights of sensible sizes, and filters of sum one."""
    random = torch.Generator().manual_seed(0)
    for name, tensor in generator.state_dict().items():
        if name.endswith(("filter", "kernel", "blur")):
            tensor.fill_(1 / tensor[0].numel() if name.endswith("blur") else 1 / tensor.numel())
        elif name.endswith("magnitude"):
            tensor.fill_(1)
        elif name.endswith("transform"):
            tensor.copy_(torch.eye(3))
        else:
            tensor.normal_(std=100 if name.startswith("mapping.layers") else 0.3, generator=random)
    return generator.freeze()


def measure(family: str, rounds: int) -> str:
    """The row of one family."""
    generator = fill(FAMILIES[family]())
    before = peak()
    code = generator.map(generator.sample([0]), "w+")
    generator.render(code)
    after, times = peak(), []
    for _ in range(rounds):
        start = time.perf_counter()
        generator.render(code)
        times.append(time.perf_counter() - start)
    seconds = f"{statistics.median(times):.2f}" if times else "-"
    return f"| {family} | {before:.2f} | {after:.2f} | {seconds} | {torch.get_num_threads()} |"


def peak() -> float:
    """GiB that this process has had at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--families", nargs="+", choices=FAMILIES, default=list(FAMILIES))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--row", action="store_true", help="measure here and print only the row")
    options = parser.parse_args()
    if options.row:
        torch.set_num_threads(options.threads)
        print(measure(options.families[0], options.rounds))
        return
    print("| family, 1024 px | GiB before the picture | GiB at most | s per picture | threads |")
    print("|---|---|---|---|---|", flush=True)
    for family in options.families:
        given = ["--row", "--families", family, "--rounds", str(options.rounds), "--threads", str(options.threads)]
        subprocess.run([sys.executable, __file__, *given], check=True)


if __name__ == "__main__":
    main()
