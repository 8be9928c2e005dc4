"""Shapes and types are checked while the tests run; and what several tests share."""

import os
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

# Before numpy and torch are imported, and for the processes that tests start as well: small networks gain nothing from
# more threads, and lose much on a busy machine, where threads that wait for work spin.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import jaxtyping
import pytest
import torch
from beartype import BeartypeConf
from beartype.claw import beartype_package

SHARED = Path(__file__).parents[2] / "shared"
SOURCE = Path(__file__).parents[1] / "src" / "latentwalk"

# While jaxtyping's hook imports a file, compiled files are looked for under a name of its own, also those of others: a
# thousand would be compiled again in every process. So these come first; and what the hooks compile is kept.
for other in (
    "jinja2",
    "matplotlib.backends.backend_agg",
    "matplotlib.figure",
    "PIL.Image",
    "pydantic.main",
    "rich.progress",
    "scipy.optimize",
    "sklearn.linear_model",
    "torchvision",
    "typer.core",
):
    import_module(other)
sys.dont_write_bytecode = False

# Must come before the first import of the package. What is called a hundred thousand times and says no shapes is left
# out: to look for them takes twenty times as long as all else. The readers of files have beartype alone; seeds look
# themselves at whatever they are given.
rooms = {path.stem for path in SOURCE.iterdir()} - {"safeload", "seeds", "__init__"}
jaxtyping.install_import_hook([f"latentwalk.{room}" for room in sorted(rooms)], "checked.checked")
beartype_package("latentwalk.safeload", conf=BeartypeConf(is_pep484_tower=True, claw_is_pep526=False))

from random_networks import EVERY, random_dcgan  # noqa: E402
from toys import ToyGenerator  # noqa: E402

torch.set_num_threads(1)  # also where the line above came too late

LONGEST = ("browser", "test_readme.py")
"""Groups of tests that begin: nothing that takes a minute may be left for the end, when the other workers are done."""


def pytest_configure(config: pytest.Config) -> None:
    """Workers take tests in the order below, not by how many there are in a file."""
    config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file's tests are one worker's: what the file makes for all of them is made once."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(str(item.path.relative_to(Path(__file__).parent))))
    names = {item: next(item.iter_markers("xdist_group")).args[0] for item in items}
    items.sort(key=lambda item: names[item] not in LONGEST)


@pytest.fixture(scope="session")
def faces():
    """The bundled generator."""
    from latentwalk.jobs.load import load

    return load("faces64")


@pytest.fixture(scope="session")
def tiny():
    """A DCGAN of three small layers with random weights: z [8] -> 3x16x16."""
    return random_dcgan()


@pytest.fixture(scope="session")
def toy():
    """The generator with planted truth."""
    return ToyGenerator()


@pytest.fixture(scope="session", params=["toy", *EVERY])
def generator(request):
    """Every kind of every family in turn, for laws that all of them keep (or some: `FAMILIES`)."""
    return request.getfixturevalue("toy") if request.param == "toy" else EVERY[request.param]()


@pytest.fixture(scope="session", params=["dcgan-odd", "stylegan2-resnet"])
def network(request):
    """A plain generator, and one with classes, options and four spaces, for laws that no family can break alone."""
    return EVERY[request.param]()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of foreign checkpoints beside the repository."""
    if not SHARED.is_dir():
        pytest.skip("no folder ../shared beside the repository: its foreign checkpoints are not compared")
    return SHARED


@pytest.fixture
def room() -> Iterator[Callable[[int | None], None]]:
    """Call it with the bytes that a file may have from now on, as on a disk that is full; with None, any number."""
    resource = pytest.importorskip("resource", reason="no limits of files on this system")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(count: int | None) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before[0] if count is None else count, before[1]))

    yield limit
    limit(None)


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
