"""Training that is killed again and again ends with the same bits. Prints Markdown.

    python benchmarks/killed.py dcgan --kills 20

A process trains and gets SIGKILL at random moments, in steps and while it writes; the next goes on. Then the file is
compared with that of a run that nobody disturbed. The pictures are noise: what is learned does not matter.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from latentwalk.jobs.train_generator import train_generator
from latentwalk.progress import Progress
from latentwalk.training import loop
from latentwalk.training.data import Pictures
from latentwalk.training.recipes import RECIPES

Train = Callable[[Path, Progress], object]


def life(train: Train, out: Path) -> tuple[int, Iterator[int]]:
    """A process that trains. Returns its number, and the pictures that it has seen, as they come."""
    reading, writing = os.pipe()
    process = os.fork()  # of one that has learned nothing yet, so that torch need not be started again for each
    if process == 0:
        os.close(reading)

        def say(what: str, done: int, _total: int) -> None:
            if what.startswith("training"):
                os.write(writing, b"%d\n" % done)

        try:
            train(out, say)
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    os.close(writing)
    return process, (int(line) for line in os.fdopen(reading))


def undisturbed(train: Train, out: Path) -> float:
    """Train to the end. Returns the seconds that it took from the first step on."""
    process, seen = life(train, out)
    next(seen)
    begun = time.monotonic()
    for _ in seen:
        pass
    if os.waitpid(process, 0)[1]:
        raise SystemExit("the run failed")
    return time.monotonic() - begun


def killed(train: Train, out: Path, after: int, wait: float) -> tuple[int, int]:
    """Train until so many pictures were seen and a little longer, then SIGKILL. Returns the first and last count."""
    process, seen = life(train, out)
    first = last = next(seen)
    for last in seen if first < after else ():
        if last >= after:
            break
    time.sleep(wait)
    os.kill(process, signal.SIGKILL)
    if os.waitpid(process, 0)[1] != signal.SIGKILL:
        raise SystemExit("the run ended before it could be killed")
    return first, max(last, *seen, 0)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("recipe", choices=[name for name, known in RECIPES.items() if not known.labelled])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--size", type=int, default=16)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--every", type=float, default=0.5, help="seconds between two checkpoints; -1: after each step")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    loop.EVERY, moments = asked.every, random.Random(asked.seed)
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (256, 3, asked.size, asked.size), generator=generator, dtype=torch.uint8)
    pictures, batch = Pictures(images, (), torch.zeros(256, 0)), asked.batch

    def train(out: Path, progress: Progress) -> None:
        how = {"batch": batch, "kimg": asked.steps * batch / 1000}
        train_generator(asked.recipe, pictures, out, asked.size, sheets=0, progress=progress, **how)

    with tempfile.TemporaryDirectory() as folder:
        whole, broken = Path(folder) / "whole.safetensors", Path(folder) / "broken.safetensors"
        step = undisturbed(train, whole) / asked.steps
        print("| kill | began with step | killed after step | steps taken again |\n|---|---|---|---|")
        last = 0
        for number, after in enumerate(sorted(moments.sample(range(1, asked.steps - 5), asked.kills)), 1):
            first, reached = killed(train, broken, after * batch, moments.uniform(0, 2 * step))
            print(f"| {number} | {first // batch} | {reached // batch} | {max(0, last - first + batch) // batch} |")
            last = reached
        undisturbed(train, broken)
        same = whole.read_bytes() == broken.read_bytes()
        remains = [each.name for each in Path(folder).iterdir() if each not in (whole, broken)]
    print(f"\n{asked.steps} steps of {step:.3f} s, a checkpoint every {asked.every:g} s")
    print(
        f"the file is {'the same' if same else 'ANOTHER'}, byte for byte; left over: {', '.join(remains) or 'nothing'}"
    )
    sys.exit(not same or bool(remains))


if __name__ == "__main__":
    main()
