"""Damage checkpoints of every format at random and read them: each is refused or read, and nothing else happens.

    python benchmarks/fuzz.py --count 20000 --also ../shared/fixtures

makes small files of each format (and takes those of the folder as well), damages them `count` times in turn, and reads
each with `read_tree` and, where that works, with the family it claims to be of. The only error that may come is a
ValueError. An audit hook is the witness: no import, no process, no socket, no file opened to write, no code compiled or
run, no pickle of the standard library. Prints one Markdown row per format; the exit code is 1 when anything else came.
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
from pathlib import Path

import numpy
import torch

from latentwalk.checkpoints import own
from latentwalk.checkpoints.formats import build_generator
from latentwalk.safeload.reading import CheckpointError, read_tree
from reading import Persistent, TensorFlowNetwork, install

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

FRAGMENTS = (
    b"cos\nsystem\n(X\x1a\x00\x00\x00touch /tmp/latentwalk_pwnedtR",
    b"cbuiltins\neval\n(X\x01\x00\x00\x001tR",
    b"cbuiltins\ngetattr\n",
    b"\x8c\x05posix\x8c\x06system\x93",
    b"ctorch.storage\n_load_from_bytes\n",
    b"cnumpy\ndtype\n(X\x02\x00\x00\x00O8\x89\x88tR",
    b"(((((((((((((((((((((((",
    b"]2a]2a]2a",
    b"\xff\xff\xff\x7f",
    b"\xff" * 8,
    b"\x00" * 8,
    b"PK\x03\x04",
    b"\x8b\xff\xff\xff\x7f",
    b"\x96\x00\x00\x00\x00\x01\x00\x00\x00",
)
"""Pieces of attacks, put into files at random places."""


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
    old = tensorflow_network()
    for protocol in range(2, 6):
        files[f"pickle {protocol}"] = path = folder / f"protocol{protocol}.pkl"
        path.write_bytes(pickle.dumps(snapshot, protocol))
        files[f"TensorFlow {protocol}"] = path = folder / f"tensorflow{protocol}.pkl"
        path.write_bytes(pickle.dumps((old, old, old), protocol))
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


def tensorflow_network() -> TensorFlowNetwork:
    """A StyleGAN2 of 8 px, whole, so that what damage leaves of it is built."""
    layers = {"4x4/Conv": (3, 2, 2), "8x8/Conv0_up": (3, 2, 2), "8x8/Conv1": (3, 2, 2)}
    layers |= {"4x4/ToRGB": (1, 2, 3), "8x8/ToRGB": (1, 2, 3)}
    synthesis = {"4x4/Const/const": numpy.ones((1, 2, 4, 4), numpy.float32)}
    for number, (layer, (kernel, inside, outside)) in enumerate(layers.items()):
        synthesis |= {f"{layer}/weight": numpy.ones((kernel, kernel, inside, outside), numpy.float32)}
        synthesis |= {f"{layer}/bias": numpy.zeros(outside, ">f4"), f"{layer}/mod_bias": numpy.zeros(inside)}
        synthesis |= {f"{layer}/mod_weight": numpy.ones((3, inside), "f4", order="F")}
        if kernel == 3:
            side = int(layer[0])
            synthesis |= {
                f"{layer}/noise_strength": numpy.float32(0.5),
                f"noise{number}": numpy.ones((1, 1, side, side)),
            }
    mapping = {"Dense0/weight": numpy.ones((5, 3)), "Dense0/bias": numpy.ones(3)}
    parts = {"mapping": TensorFlowNetwork("mapping", mapping), "synthesis": TensorFlowNetwork("synthesis", synthesis)}
    return TensorFlowNetwork("Gs", {"dlatent_avg": numpy.zeros(3), "lod": numpy.float32(0)}, **parts)


def damage(data: bytes, chosen: random.Random) -> bytes:
    """The bytes of a file with one to three things done to them."""
    mutable = bytearray(data)
    for _ in range(chosen.choice((1, 1, 1, 2, 3))):
        size = max(1, len(mutable))
        reach = size if chosen.random() < 0.5 else min(size, 2000)  # most of what steers a reader comes early
        place, length = chosen.randrange(reach), chosen.choice((1, 1, 2, 4, 8, 64))
        kind = chosen.randrange(7)
        if kind == 0:
            del mutable[place:]
        elif kind == 1:
            del mutable[place : place + length]
        elif kind == 2:
            mutable[place : place + length] = chosen.randbytes(length)
        elif kind == 3 and mutable:
            mutable[min(place, len(mutable) - 1)] ^= 1 << chosen.randrange(8)
        elif kind == 4:
            mutable[place:place] = chosen.choice(FRAGMENTS)
        elif kind == 5:
            fragment = chosen.choice(FRAGMENTS)
            mutable[place : place + len(fragment)] = fragment
        else:
            other = chosen.randrange(size)
            mutable[place:place] = mutable[other : other + 8 * length]
    return bytes(mutable)


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
    try:
        build_generator(tree, str(path))
    except ValueError as error:
        return "read" if "\n" not in str(error) else f"two lines: {error}"
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
            if path.suffix in (".pt", ".pth", ".pkl", ".bin") and path.stat().st_size < 2**20:
                files["/".join(path.parts[-2:])] = path
        damaged, sound = folder / "damaged", {name: path.read_bytes() for name, path in files.items()}
        for path in files.values():  # everything that Python imports late is imported now
            read(path)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print("| format | files | refused | read | built | other | slowest CPU s |\n|---|---|---|---|---|---|---|")
        for place, (name, data) in enumerate(sound.items()):
            outcomes, slowest = Counter[str](), 0.0
            for _ in range(given.count // len(sound) + (place < given.count % len(sound))):
                damaged.write_bytes(damage(data, chosen))
                start = time.process_time()
                witness.watching = True
                outcome = read(damaged)
                witness.watching = False
                slowest = max(slowest, time.process_time() - start)
                known = outcome in ("refused", "read", "built")
                outcomes[outcome if known else "other"] += 1
                if not known:
                    bad += 1
                    print(outcome, file=sys.stderr)
            counts = " | ".join(str(outcomes[kind]) for kind in ("refused", "read", "built", "other"))
            print(f"| {name} | {outcomes.total()} | {counts} | {slowest:.2f} |", flush=True)
    extra = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"\n{given.count} files, {bad} other errors, forbidden events: {dict(witness.seen)}, {extra:.0f} MB extra")
    sys.exit(1 if bad or witness.seen else 0)


if __name__ == "__main__":
    main()
