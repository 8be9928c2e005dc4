"""What no file says of itself can be said to every command that opens a generator, and is kept in what it writes."""

import json
import shlex
from pathlib import Path

import numpy as np
import pytest
import torch
import typer
from PIL import Image

from latentwalk.cli import main
from latentwalk.cli.file_options import FileOptions
from latentwalk.cli.groups import options
from latentwalk.jobs.load import load
from latentwalk.studio.lines import lines
from latentwalk.studio.models import Models
from latentwalk.studio.session import Session
from latentwalk.studio.state import State

FILE = "two.pt"
ARGUMENTS: dict[str, tuple[str, ...]] = {
    "sample": (FILE, "--out", "new/a.png"),
    "interpolate": (FILE, "--seeds", "0-1", "--out", "new/a.png"),
    "discover": (FILE, "--method", "sefa", "--out", "new"),
    "invert": (FILE, "photo.png", "--out", "new"),
    "edit": (FILE, "--scorer", "measurements", "--set", "brightness", "--out", "new"),
    "label": (FILE, "--attribute", "grey", "--sheet", "new/a.png", "--labels", "new/a.csv"),
    "inspect": (FILE,),
    "convert": (FILE, "new/a.safetensors"),
    "info": (FILE,),
    "evaluate": ("directions.npy", "--generator", FILE, "--out", "new/a.json"),
    "report": ("directions.npy", "--generator", FILE, "--out", "new/a.html"),
    "benchmark": (FILE, "--out", "new"),
    "replay": ("picture.png", "--generator", FILE),
    "score": (FILE, "--scorer", "measurements", "--samples", "8", "--out", "new"),
    "studio": (FILE, "--no-browser", "--port", "0"),
    "train scorer": (FILE, "--labels", "labels.csv", "--out", "new/a.safetensors"),
}
"""Every command that takes a generator, on a file with two of them."""

REFUSED = {
    (): "choose one with part='first_ema' (on the command line --part first_ema)",
    ("--part", "third"): "has no part 'third'",
    ("--part", "first_ema", "--activation", "sine"): "the activation is 'relu' or 'leaky_relu:SLOPE'",
    ("--part", "first_ema", "--side", "8"): "leave the side out",
    ("--part", "first_ema", "--classes", "2"): "leave classes out",
    ("--part", "first_ema", "--bgr"): "bgr is for a StyleGAN2 or a DCGAN with 3 colours",
}
"""Choices that are wrong, and what is said of them."""

CHOICES = ("--part", "second_ema", "--activation", "leaky_relu:0.2")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run) -> Path:
    """The working directory, with a file of two grey DCGANs, and what commands work on beside it."""
    monkeypatch.chdir(tmp_path)
    random = torch.Generator().manual_seed(0)
    sizes = ((8, 6), (6, 4), (4, 1))
    nets = {
        f"{name}_ema": {
            f"main.{i}.weight": 0.3 * torch.randn(*pair, 4, 4, generator=random) for i, pair in enumerate(sizes)
        }
        for name in ("first", "second")
    }
    torch.save(nets, FILE)
    np.save("directions.npy", np.ones((1, 8), np.float32))
    Image.new("L", (16, 16)).save("photo.png")
    Path("labels.csv").write_text("seed,grey\n0,1\n1,0\n")
    run("sample", FILE, *CHOICES, "--seeds", "0-1", "--out", "picture.png")
    return tmp_path


def commands(group=None, path=()):
    group = group or typer.main.get_command(main.app)
    for name, command in getattr(group, "commands", {}).items():
        yield " ".join((*path, name)), {each.name for each in command.params}
        yield from commands(command, (*path, name))


def test_every_command_that_takes_a_generator_takes_them() -> None:
    names = {each.name for each in options(FileOptions)}
    assert {name for name, params in commands() if params & {"generator", "generators", "thing"}} == set(ARGUMENTS)
    assert {name for name, params in commands() if names <= params} == set(ARGUMENTS)


@pytest.mark.parametrize("command", ARGUMENTS)
def test_they_reach_the_file(place: Path, run, command: str) -> None:
    for choices, expected in REFUSED.items():
        code, out, err = run(*command.split(), *ARGUMENTS[command], *choices)
        assert (code, out) == (2, "") and err.count("\n") == 1 and expected in err, (choices, err)
    assert not any(path.is_file() for path in place.glob("new/*"))


def test_what_is_written_opens_the_same_network(place: Path, run) -> None:
    made = load(FILE, part="second_ema", activation="leaky_relu:0.2")
    assert run("replay", "picture.png") == (0, "bit for bit the same\n", "")
    found = ("--method", "sefa", "--option", "sefa.components=3", "--out", "sefa.safetensors")
    assert run("discover", FILE, *CHOICES, *found).code == 0
    command = json.loads(run("info", "sefa.safetensors", "--json").out)["directions"]["command"]
    assert command.startswith(f"latentwalk discover {FILE} {shlex.join(CHOICES)} --method sefa")
    judged = ("--codes", 20, "--strengths", 3, "--features", "pixels")
    code, out, err = run("evaluate", "sefa.safetensors", *judged, "--json")
    assert code == 0 and json.loads(out)["generator"]["fingerprint"] == made.fingerprint, err
    along = ("--direction", "sefa.safetensors:0", "--strength", 1)
    code, _, err = run("edit", FILE, *CHOICES, "--seeds", "0-1", *along, "--show", "strip", "--out", "moved")
    assert code == 0 and run("replay", "moved/strip.png").out == "bit for bit the same\n", err
    code, out, _ = run("invert", FILE, *CHOICES, "photo.png", "--align", "none", "--inverter", "ridge", "--out", "me")
    assert out.endswith(f"next: latentwalk edit {FILE} {shlex.join(CHOICES)} --codes me --set NAME\n")


def test_a_picture_of_another_network_of_the_file_says_which(place: Path, run) -> None:
    code, _, err = run("replay", "picture.png", "--generator", FILE, "--part", "first_ema")
    assert code == 2 and f"was made with the generator {FILE} {shlex.join(CHOICES)} (" in err
    code, _, err = run("replay", "picture.png", *CHOICES)
    assert code == 2 and "says how a --generator is read: name its file" in err


def test_they_mean_nothing_for_other_things(place: Path, run) -> None:
    code, _, err = run("info", "picture.png", "--part", "G")
    assert code == 2 and err == "error: picture.png is no generator: leave out --part G\n"
    assert run("convert", FILE, *CHOICES, "a.safetensors").code == 0
    code, _, err = run("inspect", "a.safetensors", "--part", "G")
    assert code == 2 and "is read as a whole: leave the part out, got 'G'" in err


def test_the_studio_says_them_of_its_first_generator(place: Path, run) -> None:
    made = load(FILE, part="second_ema", activation="leaky_relu:0.2")
    models = Models((FILE, "faces64"), choices=made.choices)
    first, other = (models.open(name) for name in models.names)
    assert first.generator.fingerprint == made.fingerprint and other.generator.source == "faces64"
    said = lines(Session(first), State(seed=3))
    assert f'lw.load("{FILE}", part="second_ema", activation="leaky_relu:0.2")' in said.python
    assert said.command.startswith(f"latentwalk sample {FILE} {shlex.join(CHOICES)} --seeds 3")
