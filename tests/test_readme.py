"""README and guides do what they say: commands and snippets run as printed, in their order, in an empty folder.

Small stand-ins lie under the names of a reader's own files. What takes minutes is told to do less of the same.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from latentwalk.checkpoints import own
from latentwalk.cli.main import main
from latentwalk.images import to_pictures
from latentwalk.inversion import INVERTERS, tune
from latentwalk.inversion.optimize import Optimize
from latentwalk.inversion.ridge import Ridge
from latentwalk.jobs import attribute_directions, contrast_photos, invert  # noqa: F401 - before they are hurried
from latentwalk.jobs.load import load
from random_networks import SIZES, random_biggan, random_dcgan, random_stylegan2

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
GUIDES = ("index", "tour", "studio", "your-model", "your-photo", "your-attribute", "scale")
PAGES = {"README.md": README} | {
    f"docs/{name}.md": (ROOT / "docs" / f"{name}.md").read_text("utf-8") for name in GUIDES
}
"""What is run, in this order; what an earlier page has run already is not run again."""

FEW = "--option sefa.components=1 --option ganspace.components=1"
QUICKER = {
    "--samples 20000": "--samples 256",
    "--samples 1000000": "--samples 256",
    "--samples runs/million --out": "--samples runs/million --method regression --out",
    "scorer, 2_000": "scorer, 128",
    "--samples 5000": f"--samples 400 {FEW}",
    "--samples 2000": f"--samples 100 --attribute warmth {FEW}",
    "--codes 100": "--codes 16 --strengths 3",
    "eyeglasses --tune --out": "eyeglasses --out",
    ", tune=True": "",
    "--seeds 0-35": "--seeds 0-3",
    "--seeds 0-15": "--seeds 0-1",
    "--seeds 33,41,47,57,66,74": "--seeds 57,66",
    "--steps 12": "--steps 3",
    "--strength 3": "--strength 3 --seeds 0-1",
    "--set smiling --along": "--seeds 0-1 --set smiling --along",
    "--set glasses": "--seeds 0-1 --max-steps 2 --set glasses",
    "generator.sample(16)": "generator.sample(2)",
    "samples=5_000": "samples=400",
    "train scorer my_dcgan.pt": "train scorer my_dcgan.pt --samples 256 --epochs 1",
    "photos/people --attributes": "photos/people --kimg 0.064 --batch 8 --sheets 0 --attributes",
    "photos/people --flip": "photos/people --flip --size 16 --kimg 0.064 --batch 8 --sheets 0",
    "benchmark avatars64 --method regression --method": "benchmark avatars64 --seeds 1 --samples 256 --codes 128 "
    "--drawings 128 --directions 2 --method",
}
"""What is told to do less."""

NOT_HERE = ("python3 -m venv", ". .venv", "pip install", "make ", "hf://", "latentwalk studio")
"""Commands that install, that need a network, or that serve until they are stopped."""

PHOTO = Path(__file__).parents[1] / "examples" / "photos" / "astronaut.jpg"

STAND_INS = {
    "my_model.pkl": lambda: random_stylegan2(replace(SIZES, mapping=(7, 9, 16))),
    "my_dcgan.pt": random_dcgan,
    "my_classes.pth": random_biggan,
}
"""A small checkpoint under each name that the README gives to a reader's own."""

LABELS = "seed,glasses\n" + "".join(f"{seed},{seed % 2}\n" for seed in range(60))
"""What a person answers when asked."""


def steps(text: str) -> Iterator[str]:
    """Commands (indented by four) and Python snippets (fenced), in their order."""
    for i, part in enumerate(re.split(r"^```python\n(.*?)^```\n", text, flags=re.DOTALL | re.MULTILINE)):
        yield from [part] if i % 2 else re.findall(r"^    (\S.*)$", part, re.MULTILINE)


def arguments(command: str) -> list[str]:
    """What the shell makes of a command: no comment, and names for patterns."""
    words = shlex.split(command, comments=True)[1:]
    return [name for word in words for name in (sorted(map(str, Path().glob(word))) if "*" in word else [word])]


def call(command: str) -> int:
    try:
        main(arguments(command))
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def lay_out() -> None:
    """The files that a reader is said to have: checkpoints, photographs, and what other programs wrote."""
    for name, network in STAND_INS.items():
        own.write(network(), name)
    faces, model = load("faces64"), load("my_model.pkl")
    for folder, seeds in (
        ("photos/glasses", range(5)),
        ("photos/plain", range(5, 10)),
        ("photos/people", range(24)),
        ("boundaries", ()),
        ("e4e", ()),
    ):
        Path(folder).mkdir(parents=True)
        for picture, seed in zip(to_pictures(faces.render(faces.sample(seeds))) if seeds else (), seeds, strict=True):
            picture.save(f"{folder}/{seed}.png")
    for place in (Path("photos/me.jpg"), Path("examples/photos") / PHOTO.name):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(PHOTO.read_bytes())
    rows = (f"{seed}.png {1 if seed % 2 else -1} {1 if seed % 3 else -1}" for seed in range(24))
    Path("photos/list.txt").write_text("\n".join(["24", "glasses hat", *rows]) + "\n")
    layers, width = model.spaces["w+"].shape
    torch.save(torch.randn(1, layers, width), "e4e/latents.pt")
    torch.save(torch.eye(width)[:1], "boundaries/age.pt")
    np.save("my_codes.npy", np.random.default_rng(0).normal(size=(2, width)).astype(np.float32))


@dataclass(frozen=True)
class QuickOptimize(Optimize):
    ridge: Ridge = field(default_factory=partial(Ridge, pairs=500))
    probes: int | None = 60


@dataclass(frozen=True)
class QuickTuning(tune.Tuning):
    steps: int = 10


def hurry() -> None:
    """What is learned once per generator is learned from less."""
    attribute_directions.SAMPLES = 400
    INVERTERS["optimize"] = QuickOptimize
    contrast_photos.Optimize = QuickOptimize
    tune.Tuning = QuickTuning


def run_all() -> None:
    """Every step, in the folder where this process is. Raises AssertionError for one that does not end well."""
    lay_out()
    hurry()
    done: set[tuple[str, ...]] = set()
    for page, text in PAGES.items():
        for printed in steps(text):
            key = tuple(shlex.split(printed, comments=True)) if printed.startswith("latentwalk ") else (printed,)
            if key not in done and not any(word in printed for word in NOT_HERE):
                run_step(printed, page)
            done.add(key)


def run_step(printed: str, page: str) -> None:
    """Raises AssertionError for one that does not end well."""
    step = printed
    for much, little in QUICKER.items():
        step = step.replace(much, little)
    if not printed.startswith("latentwalk "):
        exec(compile(step, page, "exec"), {})
    elif printed.startswith("latentwalk label "):
        Path("labels.csv").write_text(LABELS)
    else:
        code = call(step)
        assert code == 0 or (code == 1 and "my_" in step), f"{page}: {printed}"


def test_everything_runs_as_printed(tmp_path: Path) -> None:
    """No step needs more than the steps before it, none overwrites what another made, and each ends well: exit code 0,
    or 1 where a random stand-in cannot get to a probability. In a process of its own, as a reader's."""
    here = {**os.environ, "LATENTWALK_CACHE": str(tmp_path / "cache")}
    command = [sys.executable, __file__]
    ran = subprocess.run(command, cwd=tmp_path, env=here, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert (tmp_path / "out" / "few-labels" / "strip.png").exists()


def test_every_command_is_shown() -> None:
    from latentwalk.cli.main import app

    names = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    shown = {step.split()[1] for step in steps(README) if step.startswith("latentwalk ")}
    assert names - {"evaluate"} <= shown


if __name__ == "__main__":
    run_all()
