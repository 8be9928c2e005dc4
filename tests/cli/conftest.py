"""The command line as a person meets it: what it prints, writes and returns."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from safetensors.torch import save_file

from latentwalk.cli.main import main

SCORER = """
import torch


def tell(images):
    bright, red = images.mean((1, 2, 3)), images[:, 0].mean((1, 2)) - images[:, -1].mean((1, 2))
    return torch.stack([300 * (bright - 0.005), 50 * (red + 0.138)], 1)


tell.attributes = ("bright", "red")
"""


class Ran(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(capsys) -> Run:
    """Call the command line in this process."""

    def call(*arguments: object) -> Ran:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        return Ran(int(ended.value.code or 0), *capsys.readouterr())

    return call


@pytest.fixture(scope="session")
def small(tmp_path_factory) -> Path:
    """A checkpoint in the tutorial layout: z [8] -> 3x16x16, random weights."""
    random = torch.Generator().manual_seed(0)
    widths = (8, 12, 6, 3)
    tensors = {
        f"main.{2 * i}.weight": 0.3 * torch.randn(inside, outside, 4, 4, generator=random)
        for i, (inside, outside) in enumerate(itertools.pairwise(widths))
    }
    path = tmp_path_factory.mktemp("checkpoints") / "small.safetensors"
    save_file(tensors, path)
    return path


@pytest.fixture
def telling(tmp_path, monkeypatch) -> str:
    """The name of a scorer that is a Python function: it tells "bright" and "red"."""
    folder = tmp_path / "modules"
    folder.mkdir()
    (folder / "telling_module.py").write_text(SCORER)
    monkeypatch.syspath_prepend(folder)
    return "telling_module:tell"


@pytest.fixture
def labels(small, tmp_path) -> Path:
    """Hand labels of the small generator: is a picture brighter, is it redder than most?"""
    from latentwalk.jobs.load import load

    generator = load(small)
    images = generator.render(generator.sample(range(120)))
    bright, red = images.mean((1, 2, 3)), images[:, 0].mean((1, 2)) - images[:, 2].mean((1, 2))
    values = torch.stack([bright > bright.median(), red > red.median()], 1).int().tolist()
    path = tmp_path / "labels.csv"
    path.write_text("\n".join(["seed,bright,red", *(f"{seed},{a},{b}" for seed, (a, b) in enumerate(values))]) + "\n")
    return path
