"""Time and memory of reading an NVIDIA snapshot of 380 MB, against `pickle.load` of the same file.

    python benchmarks/reading.py --rounds 5

makes a file of the shape of a StyleGAN2 snapshot at 1024 px (G, D and G_ema with random values, protocol 4) and reads
it in a fresh process each time, the readers taking turns. `pickle.load` needs the global of NVIDIA's code base, for
which it gets a function that returns its argument. Figures are medians: seconds, and how much the peak resident size is
above the resident size before. The averaged generator alone is what loading needs; the last row copies the values of
all three networks.
"""

import argparse
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
import types
from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch

GLOBAL = "torch_utils.persistence"
READERS = ("pickle.load", "read_tree", "read_tree, everything")


def install() -> types.ModuleType:
    """A module in the place of NVIDIA's, whose one function gives back what it gets."""
    module = types.ModuleType(GLOBAL)

    def _reconstruct_persistent_obj(meta: object) -> object:
        return meta

    _reconstruct_persistent_obj.__module__ = GLOBAL
    _reconstruct_persistent_obj.__qualname__ = "_reconstruct_persistent_obj"
    module._reconstruct_persistent_obj = _reconstruct_persistent_obj  # type: ignore[attr-defined]
    old = types.ModuleType("dnnlib.tflib.network")
    old.Network = TensorFlowNetwork  # type: ignore[attr-defined]
    sys.modules |= {"torch_utils": types.ModuleType("torch_utils"), GLOBAL: module}
    sys.modules |= {name: types.ModuleType(name) for name in ("dnnlib", "dnnlib.tflib")} | {old.__name__: old}
    return module


class TensorFlowNetwork:
    """An object that pickles as the networks of NVIDIA's TensorFlow code do."""

    def __init__(self, name: str, variables: dict[str, Any], **components: "TensorFlowNetwork") -> None:
        self.version, self.name, self.static_kwargs = 4, name, {"resample_kernel": [1, 3, 3, 1]}
        self.components, self.variables = components, list(variables.items())
        self.build_module_src = ""


TensorFlowNetwork.__module__, TensorFlowNetwork.__qualname__ = "dnnlib.tflib.network", "Network"


class Persistent:
    """An object that pickles as NVIDIA's persistent objects do, without a source text."""

    def __init__(self, name: str, parameters: dict[str, Any], buffers: dict[str, Any], modules: dict[str, Any]) -> None:
        tensors = {key: torch.nn.Parameter(value) for key, value in parameters.items()}
        state = {"training": False, "_parameters": tensors, "_buffers": buffers, "_modules": modules}
        state |= {hooks: OrderedDict() for hooks in ("_forward_hooks", "_backward_hooks", "_forward_pre_hooks")}
        self.meta = {"type": "class", "version": 6, "module_src": "", "class_name": name, "state": state}

    def __reduce__(self) -> tuple[Any, ...]:
        return sys.modules[GLOBAL]._reconstruct_persistent_obj, (self.meta,)


def channels(side: int) -> int:
    return min(32768 // side, 512)


def convolution(inside: int, outside: int, side: int) -> Persistent:
    affine = Persistent("FullyConnectedLayer", {"weight": torch.randn(inside, 512), "bias": torch.ones(inside)}, {}, {})
    values = {"weight": torch.randn(outside, inside, 3, 3), "bias": torch.zeros(outside)}
    noise = {"noise_const": torch.randn(side, side), "resample_filter": torch.ones(4, 4) / 16}
    return Persistent("SynthesisLayer", values, noise, {"affine": affine})


def generator() -> Persistent:
    """The sizes of StyleGAN2 at 1024 px."""
    layers = {
        f"fc{i}": Persistent("FullyConnectedLayer", {"weight": torch.randn(512, 512), "bias": torch.zeros(512)}, {}, {})
        for i in range(8)
    }
    blocks = {}
    for power in range(2, 11):
        side = 2**power
        convs = {"conv1": convolution(channels(side), channels(side), side)}
        if power > 2:
            convs["conv0"] = convolution(channels(side // 2), channels(side), side)
        blocks[f"b{side}"] = Persistent("SynthesisBlock", {}, {}, convs)
    mapping = Persistent("MappingNetwork", {}, {"w_avg": torch.zeros(512)}, layers)
    return Persistent(
        "Generator", {}, {}, {"mapping": mapping, "synthesis": Persistent("SynthesisNetwork", {}, {}, blocks)}
    )


def write(path: Path) -> None:
    install()
    with path.open("wb") as file:
        pickle.dump({"G": generator(), "D": generator(), "G_ema": generator(), "augment_pipe": None}, file, protocol=4)


def resident(field: str) -> float:
    """MB of this process: "VmRSS" now, "VmHWM" at most since `forget_peak`. Linux only."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def read(path: Path, reader: str) -> str:
    """Seconds and MB of one reader, in this process."""
    from latentwalk.safeload.reading import read_tree

    install()
    torch.zeros(10).add_(1)
    forget_peak()
    before, start = resident("VmRSS"), time.perf_counter()
    if reader == "pickle.load":
        with path.open("rb") as file:
            tree = pickle.load(file)
    else:
        tree = read_tree(path, everything=reader != "read_tree")
    seconds = time.perf_counter() - start
    assert len(tree) == 4
    return f"{seconds} {resident('VmHWM') - before}"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--read", nargs=2, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.read:
        print(read(Path(given.read[0]), given.read[1]))
        return
    figures: dict[str, list[list[float]]] = {reader: [] for reader in READERS}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "snapshot.pkl"
        write(path)
        size = path.stat().st_size / 1e6
        for _ in range(given.rounds):
            for reader in READERS:
                command = [sys.executable, __file__, "--read", str(path), reader]
                line = subprocess.run(command, capture_output=True, text=True, check=True).stdout
                figures[reader].append([float(word) for word in line.split()])
    print(f"| reader, file of {size:.0f} MB | seconds | extra MB |\n|---|---|---|")
    for reader, rows in figures.items():
        seconds, extra = (statistics.median(column) for column in zip(*rows, strict=True))
        print(f"| {reader} | {seconds:.2f} | {extra:.0f} |")


if __name__ == "__main__":
    main()
