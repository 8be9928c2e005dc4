"""Foreign files with the pictures that they draw, in the folder ../shared beside the repository."""

from pathlib import Path

import numpy as np
import pytest
import torch

from latentwalk.generator import Generator
from latentwalk.jobs.load import load
from latentwalk.latents import Latents


def drawn_as_its_reference(shared: Path, case: str) -> Generator:
    """The generator of a file such as "studiogan-dcgan/a.pth", once it drew the pictures beside it to 1e-4."""
    path = shared / "cases" / case
    if not path.is_file():
        pytest.skip(f"no file {case} in ../shared/cases: its pictures are not compared")
    with np.load(path.with_suffix(".ref.npz")) as arrays:
        codes, images = (torch.from_numpy(arrays[name]).float() for name in ("z", "images"))
    generator = load(path)
    assert (generator.render(Latents(codes)) - images).abs().max() < 1e-4
    return generator
