"""Jobs as folders of shards: rate, kills, damage, full disks. Prints Markdown.

    python benchmarks/scale.py --only kills --engines local,ray
    python benchmarks/scale.py --only rate --samples 100000 --blocks 4

`rate` scores codes of faces64 in jobs of one and two workers in turns, beside a plain loop over the same codes. `kills`
ends workers and drivers by SIGKILL at random moments. `damage` spoils shards. `full` fills a disk of 8 MB. `photos`
inverts a folder of photographs of which some are no pictures. All compare sums with an undisturbed run.
"""

import argparse
import hashlib
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path

import torch
from safetensors.torch import save_file

import latentwalk as lw
from latentwalk.images import to_pictures
from latentwalk.jobs.compact_job import compact_job
from latentwalk.jobs.engines import read_engine
from latentwalk.jobs.invert import Framing
from latentwalk.jobs.job_status import job_status
from latentwalk.jobs.run_shards import run_job
from latentwalk.jobs.shard_inversions import invert_job, learn_before
from latentwalk.jobs.shard_scores import score_job
from latentwalk.samples import counted_codes
from latentwalk.scale.job import Job, read_job
from latentwalk.scale.manifest import MANIFEST, entries
from latentwalk.scale.shard import shard_file

GRACE = 10.0
"""Seconds after which nothing may run that a killed process had started."""


def line(*cells: object) -> None:
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def head(*cells: str) -> None:
    line(*cells)
    line(*["---"] * len(cells))


def sums(folder: Path) -> dict[str, str]:
    """Every file of a shard by its sha256, hidden ones too."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (folder / "shards").iterdir()}


# Processes, as /proc tells of them ----------------------------------------------------------------------------------


def below(process: int) -> list[int]:
    """All processes that one started, that those started, and so on."""
    parents = dict[int, int]()
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError):
            parents[int(path.name)] = int((path / "stat").read_text().rpartition(")")[2].split()[1])
    found = [process]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found[1:]


def called(process: int) -> str:
    """The command line of a process; "" once it ended."""
    try:
        return (Path("/proc") / str(process) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def workers_of(driver: int) -> list[int]:
    """The processes that do shards, local ones and actors of Ray."""
    return [each for each in below(driver) if re.search(r"latentwalk\.scale\.worker|ray::ShardActor", called(each))]


def peak(process: int) -> float:
    """Most memory that a process had, GB."""
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    except OSError:
        return 0.0
    return int(found[1]) * 1024 / 1e9 if found else 0.0


def command(folder: Path, generator: Path | str, args: argparse.Namespace, engine: str, workers: int) -> list[str]:
    words = [sys.executable, "-m", "latentwalk", "score", str(generator), "--scorer", "measurements"]
    words += ["--samples", str(args.rows), "--shard-size", str(args.shard), "--batch", str(args.batch)]
    return [*words, "--engine", engine, "--workers", str(workers), "--out", str(folder)]


def start(words: list[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def finish(words: list[str]) -> None:
    """Run to the end. Raises SystemExit where it fails."""
    ended = subprocess.run(words, capture_output=True, check=False)
    if ended.returncode:
        raise SystemExit(f"{' '.join(words)}\n{ended.stderr.decode()}")


def small_generator(place: Path) -> Path:
    """A DCGAN of 32 px with random weights: z [16], in the tutorial layout."""
    random_ = torch.Generator().manual_seed(0)
    widths = (16, 64, 32, 16, 3)
    tensors = {
        f"main.{2 * i}.weight": 0.2 * torch.randn(inside, outside, 4, 4, generator=random_)
        for i, (inside, outside) in enumerate(pairwise(widths))
    }
    path = place / "small.safetensors"
    save_file(tensors, path)
    return path


# Rate ---------------------------------------------------------------------------------------------------------------


def rate(args: argparse.Namespace, place: Path) -> None:
    """One and two workers in turns, a plain loop, and Ray beside both."""
    generator = lw.load("faces64")
    scorer = lw.load_scorer("faces64", generator=generator)
    size = max(args.shard_rate, args.samples // (2 * args.blocks))
    ways = {"1 worker": ("local", 1), "2 workers": ("local", 2)}
    if "ray" in args.engines:
        ways["2 workers of ray"] = ("ray", 2)
    speeds = {name: list[float]() for name in ["plain loop", *ways]}
    starts = {name: list[float]() for name in ways}
    most = dict.fromkeys(ways, 0.0)
    digests = set[str | None]()
    for block in range(args.blocks):
        job = score_job(generator, scorer, size, shard=args.shard_rate, seed=block)
        speeds["plain loop"].append(plain(generator, scorer, job, min(size, args.plain)))
        told = set[str | None]()
        for name in sorted(ways, reverse=bool(block % 2)):
            folder = place / f"rate-{block}-{name.replace(' ', '-')}"
            begun, speed, memory = timed(folder, job, *ways[name])
            speeds[name].append(speed)
            starts[name].append(begun)
            most[name] = max(most[name], memory)
            told.add(job_status(folder).digest)
        digests |= told if len(told) > 1 else set()
        print(f"<!-- block {block}: { {n: round(v[-1], 1) for n, v in speeds.items()} } -->", flush=True)
    print(f"\n{args.blocks} blocks of {size:,} codes of faces64, medians; each way in turns with the others\n")
    head("", "codes per second", "of the plain loop", "start-up, s", "memory of a worker, GB")
    base = statistics.median(speeds["plain loop"])
    for name, found in speeds.items():
        middle = statistics.median(found)
        begun = f"{statistics.median(starts[name]):.1f}" if name in starts else ""
        line(name, f"{middle:.1f}", f"{middle / base:.1%}", begun, f"{most[name]:.2f}" if name in most else "")
    one, two = (statistics.median(speeds[name]) for name in ("1 worker", "2 workers"))
    paired = [b / a for a, b in zip(speeds["1 worker"], speeds["2 workers"], strict=True)]
    print(f"\n2 workers: {two / one:.2f}x one (pairs {', '.join(f'{p:.2f}' for p in paired)}); overhead of one worker "
          f"over the plain loop {1 - one / base:.1%}")  # fmt: skip
    if "ray" in args.engines:
        print(f"ray: {statistics.median(speeds['2 workers of ray']) / two:.2f}x local with 2 workers")
    print(f"sums: {'differ' if digests else 'all ways agree in every block'}")


def timed(folder: Path, job: Job, engine: str, workers: int) -> tuple[float, float, float]:
    """Seconds until the first shard is begun, codes per second after that, and most memory of a worker."""
    most, going = [0.0], threading.Event()

    def watch() -> None:
        while not going.wait(0.5):
            most[0] = max([most[0], *map(peak, workers_of(os.getpid()))])

    watcher = threading.Thread(target=watch)
    watcher.start()
    begun = time.time()
    try:
        run_job(folder, job, read_engine(engine, workers))
    finally:
        going.set()
        watcher.join()
    done = sorted(entries(folder).values(), key=lambda entry: entry.ended)
    opened = min(entry.ended - entry.seconds for entry in done)
    return opened - begun, job.rows / (done[-1].ended - opened), most[0]


def plain(generator: lw.Generator, scorer: Callable[..., torch.Tensor], job: Job, count: int) -> float:
    """The same codes, batch by batch, in this process with one thread: codes per second."""
    torch.set_num_threads(1)
    with torch.no_grad():
        scorer(generator.synthesize(counted_codes(generator, job.seed, 0, job.batch)))
        begun = time.perf_counter()
        for first in range(0, count, job.batch):
            scorer(generator.synthesize(counted_codes(generator, job.seed, first, job.batch)))
    return count / (time.perf_counter() - begun)


# Kills --------------------------------------------------------------------------------------------------------------


def kills(args: argparse.Namespace, place: Path) -> None:
    """SIGKILL for all workers, for one of two, and for the driver; each run goes on by itself or is started again."""
    generator = small_generator(place)
    calm = place / "undisturbed"
    finish(command(calm, generator, args, "local", 2))
    wanted = sums(calm)
    print(f"\n{args.rows:,} rows in {len(wanted)} shards, two workers; the same sum as the undisturbed run\n")
    head(
        "engine",
        "killed",
        "rounds",
        "same bytes",
        "done shards redone per worker, most",
        "files left",
        "processes left",
    )
    for engine in args.engines:
        for what, rounds in (("all workers", args.all), ("one of two workers", args.one), ("the driver", args.driver)):
            found = [killed(place / f"{engine}-{what.split()[0]}-{i}", generator, args, engine, what, wanted, i)
                     for i in range(rounds)]  # fmt: skip
            if found:
                good, redone, files, processes = zip(*found, strict=True)
                line(engine, what, rounds, f"{sum(good)} of {rounds}", f"{max(redone):g}", sum(files), sum(processes))


def killed(
    folder: Path, generator: Path, args: argparse.Namespace, engine: str, what: str, wanted: dict[str, str], seed: int
) -> tuple[bool, float, int, int]:
    """One round. Returns: the same bytes, shards done again per worker, temporary files and processes left."""
    chance, words = random.Random(f"{engine} {what} {seed}"), command(folder, generator, args, engine, 2)
    driver = running(words, folder, chance.randrange(len(wanted)))
    time.sleep(chance.uniform(0, 0.2))
    started = {each: called(each) for each in below(driver.pid)}
    workers = workers_of(driver.pid)
    victims = {"all workers": workers, "one of two workers": workers[:1], "the driver": [driver.pid]}[what]
    before = times(folder)
    for victim in victims:
        with suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
    _, err = driver.communicate()
    left = lasting(lambda: [each for each, name in started.items() if name and called(each) == name])
    if what == "the driver":
        finish(words)
    elif driver.returncode:
        raise SystemExit(f"{' '.join(words)}\n{err.decode()}")
    after, good = times(folder), sums(folder) == wanted
    again = sum(after[name] != when for name, when in before.items() if not name.startswith("."))
    hidden = sum(name.startswith(".") for name in after)
    shutil.rmtree(folder)
    return good, again / max(1, len(victims) if what != "the driver" else 2), hidden, len(left)


def running(words: list[str], folder: Path, aim: int) -> "subprocess.Popen[bytes]":
    """A driver that has so many shards done and is not ready yet."""
    while True:
        driver = start(words)
        until(lambda aim=aim, driver=driver: len(entries(folder)) >= aim or driver.poll() is not None, 120)
        if driver.poll() is None:
            return driver
        if driver.returncode:
            raise SystemExit(f"{' '.join(words)}\n{driver.stderr.read().decode() if driver.stderr else ''}")
        shutil.rmtree(folder)  # it was done before we looked
        aim //= 2


def times(folder: Path) -> dict[str, int]:
    """When the file of each shard was written."""
    found = {}
    for path in (folder / "shards").glob("*") if folder.exists() else ():
        with suppress(OSError):  # a temporary file that is renamed just now
            found[path.name] = path.stat().st_mtime_ns
    return found


def until(what: Callable[[], object], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not what() and time.monotonic() < end:
        time.sleep(0.02)
    return bool(what())


def lasting(what: Callable[[], list[int]]) -> list[int]:
    """What is still there after the seconds of grace."""
    until(lambda: not what(), GRACE)
    return what()


# Damage -------------------------------------------------------------------------------------------------------------


def damage(args: argparse.Namespace, place: Path) -> None:
    """Garbage, shortened files and single bits: found by the sum, done again alone."""
    generator, folder = small_generator(place), place / "damaged"
    finish(command(folder, generator, args, "local", 2))
    wanted, job, chance = sums(folder), read_job(folder), random.Random(0)
    hows = ("garbage", "shortened", "one bit")
    found, good, others = dict.fromkeys(hows, 0), dict.fromkeys(hows, 0), 0
    for turn in range(args.tries):
        how, shard = hows[turn % 3], chance.randrange(job.shards)
        path = shard_file(folder, shard)
        data = bytearray(path.read_bytes())
        place_ = chance.randrange(8 * len(data))
        data[place_ // 8] ^= 1 << place_ % 8
        bad = {"garbage": chance.randbytes(len(data)), "shortened": data[: place_ // 8], "one bit": data}[how]
        path.write_bytes(bad)
        if turn % 2:
            (folder / MANIFEST).unlink()  # found by the sum inside it then
        engine = Counting()
        run_job(folder, job, engine)
        found[how] += shard in engine.done
        others += len(engine.done) - (shard in engine.done)
        good[how] += sums(folder) == wanted
    print("\nSpoiled shards, with the ledger and, every second time, without it\n")
    head("how", "tries", "found and done again", "same bytes after that")
    for i, how in enumerate(hows):
        line(how, len(range(i, args.tries, 3)), found[how], good[how])
    print(f"\nshards that were done again without need: {others}")


class Counting:
    """An engine in this process that knows what it did."""

    def __init__(self) -> None:
        self.done: list[int] = []

    def run(self, opener, folder, shards) -> Iterator[object]:
        run = opener(folder) if shards else None
        for shard in shards:
            self.done.append(shard)
            yield run(shard)


# A full disk --------------------------------------------------------------------------------------------------------


@contextmanager
def small_disk(place: Path) -> Iterator[Path]:
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "latentwalk-benchmark", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill(folder: Path, left: int) -> Path:
    """Fill the disk, up to so many bytes."""
    path = folder / "others"
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(2**16)):
                pass
        except OSError:
            file.truncate(max(0, file.tell() // 4096 * 4096 - left))
    return path


def full(args: argparse.Namespace, place: Path) -> None:
    """While a job begins, in a shard, at the ledger, and in the table."""
    generator, calm = small_generator(place), place / "calm"
    words = command(calm, generator, args, "local", 2)
    finish(words)
    wanted, bytes_ = sums(calm), sum(path.stat().st_size for path in (calm / "shards").iterdir())
    print(f"\nA disk of 8 MB; the shards take {bytes_ / 1e6:.2f} MB\n")
    head("full at", "what is said", "earlier files", "goes on when there is room")
    with small_disk(place / "disk") as disk:
        folder = disk / "run"
        words[-1] = str(folder)
        for at, left in (("the start", 0), ("a shard or its line", 24_000), ("a shard or its line", 56_000)):
            others = fill(disk, left)
            ended = subprocess.run(words, capture_output=True, check=False)
            kept = sums(folder).items() <= wanted.items() if (folder / "shards").exists() else True
            others.unlink()
            said = ended.stderr.decode().strip().splitlines()[-1].replace(str(disk), "DISK")
            if at == "the start":
                finish(words)
                good = sums(folder) == wanted
                shutil.rmtree(folder)
            else:
                some = len(entries(folder))
                finish(words)
                good = sums(folder) == wanted and some < len(wanted)
                shutil.rmtree(folder)
            line(at, said, "kept" if kept else "LOST", "same bytes" if good else "NO")
        finish(words)
        for ending in ("safetensors", "parquet"):
            table = disk / f"table.{ending}"
            table.write_bytes(b"old")
            others = fill(disk, 4096)
            said = ""
            try:
                compact_job(folder, table)
            except ValueError as error:
                said = str(error).replace(str(disk), "DISK")
            kept = table.read_bytes() == b"old" and sums(folder) == wanted and not list(disk.glob(".*"))
            others.unlink()
            compact_job(folder, table)
            line(f"compact, .{ending}", said, "kept" if kept else "LOST", f"{table.stat().st_size:,} bytes")


# Photographs --------------------------------------------------------------------------------------------------------


def photos(args: argparse.Namespace, place: Path) -> None:
    """Pictures of faces64 as photographs, one in a hundred of them no picture, inverted in a job."""
    generator, folder = lw.load("faces64"), place / "photographs"
    folder.mkdir()
    bad = set(random.Random(0).sample(range(args.photos), args.photos // 100))
    for first in range(0, args.photos, 64):
        images = generator.render(generator.sample(range(first, min(first + 64, args.photos))))
        for i, image in enumerate(images, first):
            path = folder / f"{i:05}.png"
            if i in bad:
                path.write_bytes(random.Random(i).randbytes(2000))
            else:
                to_pictures(image[None])[0].save(path)
    names = [str(path) for path in sorted(folder.iterdir())]
    job = invert_job(generator, names, args.inverter, framing=Framing("none"))
    learn_before(job, place / "inverted", generator)
    begun = time.perf_counter()
    run_job(place / "inverted", job, read_engine("local", 2))
    seconds, status = time.perf_counter() - begun, job_status(place / "inverted")
    print(f"\n{args.photos:,} photographs, {len(bad)} of them no pictures, {seconds:,.0f} s\n")
    head("done", "failed", "reasons", "digest")
    line(status.rows - status.failed, status.failed, status.reasons, (status.digest or "")[:16])


PARTS = {"rate": rate, "kills": kills, "damage": damage, "full": full, "photos": photos}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=PARTS, action="append", help="parts to run; all by default")
    parser.add_argument("--engines", default="local,ray", type=lambda text: text.split(","))
    parser.add_argument("--samples", type=int, default=100_000, help="rate: codes of one and two workers together")
    parser.add_argument("--blocks", type=int, default=4, help="rate: turns")
    parser.add_argument("--shard-rate", type=int, default=1024, help="rate: codes in a shard")
    parser.add_argument("--plain", type=int, default=6400, help="rate: codes of the plain loop in a turn")
    parser.add_argument("--inverter", default="ridge", help="photos: how")
    parser.add_argument("--rows", type=int, default=6400, help="kills, damage, full: rows")
    parser.add_argument("--shard", type=int, default=128, help="the same: rows in a shard")
    parser.add_argument("--batch", type=int, default=32, help="the same: rows at once")
    parser.add_argument("--all", type=int, default=20, help="kills of all workers")
    parser.add_argument("--one", type=int, default=10, help="kills of one worker of two")
    parser.add_argument("--driver", type=int, default=5, help="kills of the driver")
    parser.add_argument("--tries", type=int, default=100, help="damage: shards")
    parser.add_argument("--photos", type=int, default=10_000)
    args = parser.parse_args()
    for name in args.only or PARTS:
        print(f"\n## {name}")
        with tempfile.TemporaryDirectory(prefix="latentwalk-scale-") as place:
            PARTS[name](args, Path(place).resolve())


if __name__ == "__main__":
    main()
