"""How fast and how exact principal components are: ours against scikit-learn's IncrementalPCA, side by side.

    OMP_NUM_THREADS=1 .venv/bin/python benchmarks/pca.py --codes 1000000
    OMP_NUM_THREADS=1 .venv/bin/python benchmarks/pca.py --parts wide --wide-codes 6000
    OMP_NUM_THREADS=1 .venv/bin/python benchmarks/pca.py --parts fit --fit-codes 1000000 20000

prints Markdown. Both read the same blocks from the same seeded source in turns, so that whatever else the machine does
slows both alike; making the blocks is not counted. The exact answer comes from numpy, by itself. Extra memory is the
peak of a process that only does our part, less the peak of making and dropping the same blocks.

part "codes": 80 components of float32 codes of 512 numbers, in blocks of 10,000 as the field does it.
part "wide": 80 components of faces64 activations, 8,192 (layers.0) and 16,384 (layers.1) numbers, in blocks of 2,000.
part "fit": whole fits of GANSpace, drawing and mapping included, each in a process of its own.
"""

import argparse
import functools
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
from scipy.sparse.linalg import LinearOperator, eigsh
from sklearn.decomposition import IncrementalPCA
from torch import Tensor

import latentwalk as lw
from latentwalk.generators.stylegan2 import StyleGAN2, StyleGAN2Sizes
from latentwalk.methods.decomposition import activations
from latentwalk.methods.ganspace import GANSpace
from latentwalk.numerics.moments import Moments, principal
from latentwalk.numerics.sketch import Sketch
from latentwalk.samples import Samples, sample_codes

SIZE, KEPT, BLOCK, WIDE_BLOCK = 512, 80, 10_000, 2_000


class Clock:
    """Seconds spent in what it is asked to call, one entry per call."""

    def __init__(self) -> None:
        self.laps: list[float] = []

    def __call__(self, work: Callable, *given):
        start = time.perf_counter()
        result = work(*given)
        self.laps.append(time.perf_counter() - start)
        return result

    @property
    def total(self) -> float:
        return sum(self.laps)


def codes(count: int) -> Iterator[Tensor]:
    """Seeded float32 codes with a mean, and variances that fall like those of a w, in blocks."""
    random = torch.Generator().manual_seed(0)
    turn = torch.linalg.qr(torch.randn(SIZE, SIZE, generator=random))[0] * torch.arange(1, SIZE + 1) ** -0.5
    mean = torch.randn(SIZE, generator=random)
    for start in range(0, count, BLOCK):
        yield torch.randn(min(BLOCK, count - start), SIZE, generator=random) @ turn.T + mean


def sine(axes: np.ndarray, exact: np.ndarray) -> float:
    """The largest sine between two subspaces, from orthonormal rows."""
    return float(np.linalg.norm(axes - (axes @ exact.T) @ exact, 2))


def narrow(count: int) -> str:
    """1,000,000 x 512: seconds, ratio, sines and memory."""
    ours, theirs, sums, incremental = Clock(), Clock(), Clock(), IncrementalPCA(KEPT)
    product, total = np.zeros((SIZE, SIZE)), np.zeros(SIZE)
    around = next(codes(BLOCK)).double().mean(0).numpy()

    def source() -> Iterator[Tensor]:
        blocks = codes(count)
        while (block := sums(next, blocks, None)) is not None:
            theirs(incremental.partial_fit, block.numpy())

            def exact(block: Tensor = block) -> None:
                nonlocal product, total
                rows = block.double().numpy() - around
                product, total = product + rows.T @ rows, total + rows.sum(0)

            sums(exact)
            yield block

    def fit() -> Tensor:
        return principal(Moments.over(source()).covariance, KEPT)[1]

    axes = ours(fit).numpy()
    seconds = ours.total - theirs.total - sums.total
    mean = total / count
    truth = np.linalg.eigh(product / count - np.outer(mean, mean))[1][:, ::-1][:, :KEPT].T
    memory = in_process("memory", str(count)).split()
    laps = np.array(theirs.laps)
    return (
        f"| {count:,} x {SIZE} | {seconds:.1f} s | {laps.sum():.0f} s | {laps.sum() / seconds:.1f}x "
        f"| {sine(axes, truth):.1e} | {sine(incremental.components_, truth):.2f} | {memory[0]} MB |"
    )


def wide(layer: str, count: int, columns: int) -> list[str]:
    """Activations of faces64: exact moments where they are narrow enough, and the sketch."""
    generator = lw.load("faces64")
    exact, theirs, between, sketched = Clock(), Clock(), Clock(), Clock()
    incremental, moments, seen = IncrementalPCA(KEPT), None, []

    def rows() -> Iterator[Tensor]:
        for part in sample_codes(generator, count, 0, batch=WIDE_BLOCK):
            code = part.values[0].numel()
            yield torch.cat([batch[:, :-code] for batch in activations(generator, part, layer)])

    def beside(block: Tensor) -> None:
        nonlocal moments
        seen.append(block)
        theirs(incremental.partial_fit, block.numpy())
        if block.shape[1] <= 8192:
            more = exact(Moments.of, block)
            moments = more if moments is None else exact(moments.__add__, more)

    def source() -> Iterator[Tensor]:
        blocks = rows()
        while (block := between(next, blocks, None)) is not None:
            between(beside, block)
            yield block

    found = sketched(lambda: Sketch.over(source(), columns).principal(KEPT))
    seconds = sketched.total - between.total
    data = torch.cat(seen).double()
    data -= data.mean(0)
    size = data.shape[1]
    operator = LinearOperator(
        (size, size),
        matvec=lambda v: (data.T @ (data @ torch.from_numpy(v).ravel())).numpy() / (count - 1),
        dtype=float,
    )
    values, vectors = eigsh(operator, k=KEPT, v0=np.random.default_rng(0).standard_normal(size))
    truth, order = vectors.T[::-1], values[::-1]

    def line(name: str, took: float, axes: np.ndarray, error: str) -> str:
        kept = float((data @ torch.from_numpy(np.ascontiguousarray(axes)).double().T).square().sum()) / (count - 1)
        sines = ", ".join(f"{sine(axes[:k], truth[:k]):.2g}" for k in (1, 10, KEPT))
        return (
            f"| {layer}: {count:,} x {size:,} | {name} | {took:.1f} s | {theirs.total / took:.1f}x | {sines} "
            f"| {100 * kept / order.sum():.1f}% | {error} |"
        )

    lines = [line("IncrementalPCA", theirs.total, incremental.components_, "none given")]
    residuals = (found.residuals / found.values).numpy()
    error = f"missed {100 * found.missed:.0f}%, residuals {residuals[0]:.3f} (1st) {residuals[9]:.3f} (10th)"
    lines.append(line(f"sketch of {columns}", seconds, found.vectors.numpy(), error))
    if moments is not None:
        axes = exact(principal, moments.scatter, KEPT)[1]
        lines.append(line("moments", exact.total, axes.numpy(), "exact"))
    return lines


def network() -> StyleGAN2:
    """A StyleGAN2 whose z and w have 512 numbers, random weights and next to no picture."""
    generator, random = StyleGAN2(StyleGAN2Sizes((512,) * 9, (8, 8))), torch.Generator().manual_seed(0)
    for name, tensor in generator.state_dict().items():
        tensor.copy_(torch.randn(tensor.shape, generator=random) * (100 if name.startswith("mapping.layers") else 1))
    return generator.freeze()


def fit(what: str, count: int) -> None:
    """One whole fit: seconds, codes per second and the peak memory of this process."""
    layer = None if what == "W" else what
    generator, space = (network(), "w") if layer is None else (lw.load("faces64"), "z")
    some = Samples.unscored(generator.map(generator.sample(range(2)), space))
    loaded, start = peak(), time.perf_counter()
    found = GANSpace(KEPT if layer is None else 20, layer, codes=count).fit(generator, some)
    took = time.perf_counter() - start
    error = found.origin.summary.get("sketch", {"missed": 0.0})["missed"]
    name = f"{what}, {len(found)} components"
    memory = f"{peak():.0f} MB ({loaded:.0f} MB before)"
    print(f"| {name} | {count:,} | {took:.0f} s | {count / took:,.0f} | {memory} | {error:.2f} |")


def memory(count: int) -> None:
    """Extra memory of a pass, over making the same blocks one by one and holding each."""
    warm = Moments.of(next(codes(BLOCK)))
    principal(warm.covariance, KEPT)
    peaks = []
    for work in (lambda: sum(1 for _ in codes(count)), lambda: principal(Moments.over(codes(count)).covariance, KEPT)):
        Path("/proc/self/clear_refs").write_text("5")  # forget the highest peak so far (Linux)
        work()
        (line,) = (x for x in Path("/proc/self/status").read_text().splitlines() if x.startswith("VmHWM"))
        peaks.append(int(line.split()[1]) / 2**10)
    print(f"{peaks[1] - peaks[0]:.0f}")


def peak() -> float:
    """Peak memory of this process, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


@functools.cache
def in_process(*given: str) -> str:
    return subprocess.run(
        [sys.executable, __file__, "--child", *given], check=True, capture_output=True, text=True
    ).stdout


def table(head: str, lines: Iterable[str]) -> None:
    print(f"\n{head}\n" + "|---" * head.count(" | ") + "|---|", flush=True)
    for each in lines:
        print(each, flush=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--codes", type=int, default=1_000_000)
    options.add_argument("--wide-codes", type=int, default=6_000)
    options.add_argument("--columns", type=int, default=480, help="width of the sketch")
    options.add_argument("--fit-codes", type=int, nargs=2, default=(1_000_000, 20_000), help="of W, of activations")
    options.add_argument("--parts", nargs="*", default=["codes", "wide", "fit"])
    options.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    options.add_argument("--threads", type=int, default=1)
    given = options.parse_args()
    torch.set_num_threads(given.threads)
    if given.child:
        (memory if given.child[0] == "memory" else functools.partial(fit, given.child[0]))(int(given.child[1]))
        return
    if "codes" in given.parts:
        table(
            "| codes | ours | IncrementalPCA(80) | ratio | our largest sine | its largest sine | our extra memory |",
            [narrow(given.codes)],
        )
    if "wide" in given.parts:
        table(
            "| activations | by | seconds | IncrementalPCA / it | largest sine of 1, 10, 80 axes "
            "| variance kept of the best 80 | error it reports |",
            (line for layer in ("layers.0", "layers.1") for line in wide(layer, given.wide_codes, given.columns)),
        )
    if "fit" in given.parts:
        many, some = given.fit_codes
        table(
            "| GANSpace of | codes | seconds | codes per second | peak memory | variance missed by the sketch |",
            (in_process(*job).strip() for job in (("W", str(many)), ("layers.0", str(some)), ("layers.1", str(some)))),
        )


if __name__ == "__main__":
    main()
