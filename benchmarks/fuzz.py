"""Damage checkpoints of every format at random and read them: each is refused or read, and nothing else happens.

    python benchmarks/fuzz.py --count 20000 --also ../shared/fixtures

makes small files of each format (and takes those of the folder as well), damages them `count` times in turn, and reads
each with `read_tree` and, where that works, with the family it claims to be of. As often, it damages the names and
tensors that the whole file holds, which no checksum would notice. The only error that may come is a ValueError of one
line that begins with the name of the file. An audit hook is the witness: no import, no process, no socket, no file
opened to write, no code compiled or run, no pickle of the standard library. Prints two Markdown rows per format; the
exit code is 1 when anything else came.
"""

import argparse
import pickle
import random
import resource
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import torch

from damage import damage_bytes, damage_tree
from latentwalk.checkpoints import own
from latentwalk.checkpoints.formats import build_generator
from latentwalk.safeload.reading import CheckpointError, read_tree
from reading import Persistent, install
from small_networks import snapshots, state_dicts, tensorflow_networks

FORBIDDEN = (
    "import",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "os.fork",
    "os.startfile",
    "os.remove",
    "os.rename",
    "os.mkdir",
    "subprocess.",
    "socket.",
    "urllib.",
    "http.",
    "ctypes.",
    "exec",
    "compile",
    "marshal.",
    "code.",
    "pickle.",
    "shutil.",
    "tempfile.",
    "webbrowser.",
)
"""Beginnings of audit events that reading a checkpoint must not cause."""

ENDINGS = (".pt", ".pth", ".pkl", ".bin", ".ckpt", ".tar", ".model", ".safetensors")
"""Of the checkpoints in a folder."""


def make_files(folder: Path) -> dict[str, Path]:
    """One small file of every container and protocol, by name."""
    install()
    chosen = torch.Generator().manual_seed(0)
    state = {
        "main.0.weight": torch.randn(4, 3, 4, 4, generator=chosen),
        "main.1.weight": torch.ones(3),
        "main.1.bias": torch.zeros(3),
        "main.1.running_mean": torch.zeros(3),
        "main.1.running_var": torch.ones(3),
        "main.1.num_batches_tracked": torch.tensor(4),
        "main.3.weight": torch.randn(3, 1, 4, 4, generator=chosen).half().float(),
    }
    training = {"g_ema": state, "args": argparse.Namespace(size=32, path=Path("a")), "step": 4, "names": {"a", "b"}}
    numbers = {"f": numpy.float64(2.5), "a": numpy.arange(6.0).reshape(2, 3), "b": numpy.ones((2, 3), ">f4", order="F")}
    layer = Persistent("FullyConnectedLayer", {"weight": torch.randn(4, 4)}, {"filter": torch.ones(2, 2).half()}, {})
    network = Persistent("Generator", {}, numbers, {"mapping": layer, "synthesis": layer})
    snapshot = {
        "G": layer,
        "D": None,
        "G_ema": network,
        "training_set_kwargs": {"path": "a", "none": None, "seed": 2**70},
    }
    files = {"zip": folder / "zip.pt", "legacy": folder / "legacy.pt", "safetensors": folder / "own.safetensors"}
    torch.save(training, files["zip"])
    torch.save(training, files["legacy"], _use_new_zipfile_serialization=False)
    own.write(build_generator(state, "the state dict"), files["safetensors"])
    for protocol in range(2, 6):
        files[f"pickle {protocol}"] = path = folder / f"protocol{protocol}.pkl"
        path.write_bytes(pickle.dumps(snapshot, protocol))
    for place, (name, old) in enumerate(tensorflow_networks().items()):
        for protocol in (2, 4 if place % 2 else 5):
            files[f"TensorFlow {name} {protocol}"] = path = folder / f"tensorflow{place}_{protocol}.pkl"
            path.write_bytes(pickle.dumps((old, old, old), protocol))
    for name, tensors in state_dicts().items():
        files[name] = folder / f"{name}.pt"
        torch.save(tensors, files[name], _use_new_zipfile_serialization=False)  # a zip file is refused by its sums
    for name, network in snapshots().items():
        files[f"NVIDIA {name}"] = path = folder / f"{name}.pkl"
        path.write_bytes(pickle.dumps({"G_ema": network}, 4))
    up = torch.nn.ConvTranspose2d
    whole = torch.nn.Sequential(up(4, 3, 4), torch.nn.BatchNorm2d(3), torch.nn.LeakyReLU(0.2), up(3, 1, 4, 2, 1))
    files["whole module"] = folder / "whole.pth"
    torch.save({"netG": whole, "epoch": 1}, files["whole module"])
    normed = {f"generator.{n}": t for n, t in torch.nn.utils.spectral_norm(up(4, 4, 4)).state_dict().items()}
    normed |= {f"generator.last.{n}": t for n, t in torch.nn.utils.weight_norm(up(4, 1, 4, 2, 1)).state_dict().items()}
    files["in envelopes"] = folder / "envelopes.ckpt"
    torch.save({"state_dict": {**normed, "discriminator.a": torch.ones(1)}, "loops": {}}, files["in envelopes"])
    files["MMGeneration"] = folder / "mmgeneration.pth"
    names = ("style_mapping.1.bias", "conv1.conv.style_modulation.bias", "conv1.conv.weight", "injected_noise_0")
    torch.save(
        {"meta": {}, "state_dict": {f"generator_ema.{n}": torch.ones(1, 4) for n in names}}, files["MMGeneration"]
    )
    return files


class Witness:
    """Notes every forbidden audit event while it is watching."""

    def __init__(self) -> None:
        self.watching, self.seen = False, Counter[str]()
        sys.addaudithook(self)

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self.watching:
            return
        writes = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
        if writes or event.startswith(tuple(FORBIDDEN)):
            self.seen[f"{event} {arguments[:1]}"[:120]] += 1

    def watch(self, act: Callable[[], str]) -> str:
        """What an act gives."""
        self.watching = True
        try:
            return act()
        finally:
            self.watching = False

    def check(self) -> None:
        """Raises RuntimeError when it sleeps."""
        self.watching = True
        compile("0", "witness", "eval")
        self.watching = False
        if not self.seen:
            raise RuntimeError("the audit hook does not see what it should")
        self.seen.clear()


def read(path: Path) -> str:
    """What became of one file: "refused", "read" (but of no family, or a damaged one), "built", or an error's trace."""
    try:
        tree = read_tree(path)
    except CheckpointError as error:
        return "refused" if "\n" not in str(error) else f"two lines: {error}"
    except BaseException:
        return traceback.format_exc()
    return build(tree, str(path))


def build(tree: Any, where: str) -> str:
    """What became of a tree: "read" (but of no family, or a damaged one), "built", or an error's trace."""
    try:
        build_generator(tree, where)
    except ValueError as error:
        well = str(error).startswith(where) and "\n" not in str(error)
        return "read" if well else f"no line about the file: {error}"
    except BaseException:
        return "family: " + traceback.format_exc()
    return "built"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--count", type=int, default=20_000)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--also", type=Path, help="a folder of more checkpoints")
    given = options.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    chosen, witness = random.Random(given.seed), Witness()
    bad = 0
    witness.check()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = make_files(folder)
        for path in sorted(given.also.rglob("*")) if given.also else ():
            if path.suffix in ENDINGS and path.stat().st_size < 2**20:
                files["/".join(path.parts[-2:])] = path
        damaged, sound = folder / "damaged", {name: path.read_bytes() for name, path in files.items()}
        for path in files.values():  # everything that Python imports late is imported now
            read(path)
        trees = {name: read_tree(path) for name, path in files.items()}
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

        def of_bytes(name: str) -> Callable[[], str]:
            damaged.write_bytes(damage_bytes(sound[name], chosen))
            return lambda: read(damaged)

        def of_tensors(name: str) -> Callable[[], str]:
            tree = damage_tree(trees[name], chosen)
            return lambda: build(tree, "file")

        print("| format | damaged | files | refused | read | built | other | slowest CPU s |")
        print("|---|---|---|---|---|---|---|---|")
        for place, name in enumerate(sound):
            for what, spoil in (("bytes", of_bytes), ("tensors", of_tensors)):
                outcomes, slowest = Counter[str](), 0.0
                for _ in range(given.count // len(sound) + (place < given.count % len(sound))):
                    act, start = spoil(name), time.process_time()
                    outcome = witness.watch(act)
                    slowest = max(slowest, time.process_time() - start)
                    known = outcome in ("refused", "read", "built")
                    outcomes[outcome if known else "other"] += 1
                    if not known:
                        bad += 1
                        print(name, outcome, file=sys.stderr)
                counts = " | ".join(str(outcomes[kind]) for kind in ("refused", "read", "built", "other"))
                print(f"| {name} | {what} | {outcomes.total()} | {counts} | {slowest:.2f} |", flush=True)
    extra = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"\n{given.count} files and as many trees, {bad} other errors")
    print(f"forbidden events: {dict(witness.seen)}, {extra:.0f} MB extra")
    sys.exit(1 if bad or witness.seen else 0)


if __name__ == "__main__":
    main()
