"""Shapes and types are checked while the tests run; and what several tests share."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import jaxtyping
import pytest
import torch

# Must come before the first import of the package. An int is accepted where a float is declared, as type checkers do.
jaxtyping.install_import_hook("latentwalk", "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))")

torch.set_num_threads(1)  # small networks gain nothing from more, and lose much on a busy machine

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(scope="session")
def faces():
    """The bundled generator."""
    from latentwalk.jobs.load import load

    return load("faces64")


@pytest.fixture(scope="session")
def tiny():
    """A DCGAN of three small layers with random weights: z [8] -> 3x16x16."""
    from latentwalk.generators.dcgan import DCGAN, Block

    random = torch.Generator().manual_seed(0)
    widths = (8, 12, 6, 3)
    blocks = [
        Block(
            0.3 * torch.randn(inside, outside, 4, 4, generator=random),
            0.1 * torch.randn(outside, generator=random),
            stride=2 if i else 1,
            padding=1 if i else 0,
        )
        for i, (inside, outside) in enumerate(itertools.pairwise(widths))
    ]
    return DCGAN(blocks).freeze()


@pytest.fixture(scope="session")
def toy():
    """The generator with planted truth."""
    from toys import ToyGenerator

    return ToyGenerator()


@pytest.fixture(params=["toy", "tiny"])
def generator(request):
    """Every small generator in turn, for laws that all of them keep."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of foreign checkpoints beside the repository."""
    if not SHARED.is_dir():
        pytest.skip("no folder ../shared beside the repository: its foreign checkpoints are not compared")
    return SHARED


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Addresses and what their hosts answer, and an empty cache in `tmp_path / "cache"`; see `remote_web`."""
    from remote_web import Web, install

    monkeypatch.setenv("LATENTWALK_CACHE", str(tmp_path / "cache"))
    return install(Web(), monkeypatch)


@pytest.fixture
def unchecked() -> Iterator[None]:
    """Shapes are not checked on the way in, so that the functions' own messages are seen."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)
