"""The engine of a Ray cluster: the real one started once, its parts with a Ray that is played."""

import ast
import importlib.util
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import planted_shards
from latentwalk.files import NoSpace
from latentwalk.jobs.engines import read_engine
from latentwalk.pool import Engine, Opener
from latentwalk.scale import cluster_driver
from latentwalk.scale.cluster import Cluster
from latentwalk.scale.cluster_driver import Order
from latentwalk.scale.failures import error_of
from latentwalk.scale.local import Local
from latentwalk.scale.opener import name_of
from latentwalk.scale.shard import shard_file

SOURCE = Path(cluster_driver.__file__).parent.parent
with_ray = pytest.mark.skipif(not importlib.util.find_spec("ray"), reason="needs pip install 'latentwalk[ray]'")
with_client = pytest.mark.skipif(not importlib.util.find_spec("grpc"), reason="needs pip install 'latentwalk[ray]'")


@pytest.fixture(autouse=True)
def _workers_find_the_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [str(SOURCE.parent), str(Path(planted_shards.__file__).parent), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))


def sums(folder: Path, shards: range) -> list[bytes]:
    return [shard_file(folder, shard).read_bytes() for shard in shards]


@with_ray
def test_ray_gives_the_bytes_of_local_though_a_worker_is_killed_and_nothing_stays(tmp_path: Path) -> None:
    told: list[str] = []
    engines: dict[str, Engine] = {"local": Local(2), "ray": Cluster(None, 2, tell=told.append)}
    for name, engine in engines.items():
        (tmp_path / name).mkdir()
        done = list(engine.run(planted_shards.killed_once, tmp_path / name, range(6)))
        assert sorted(each.shard for each in done) == list(range(6))
        assert (tmp_path / name / "killed").exists()
        made = [line.split()[0] for line in (tmp_path / name / "who").read_text().splitlines()]
        assert sorted(made) == sorted(map(str, range(6)))  # none twice, but for the one that died before it was made
    assert sums(tmp_path / "ray", range(6)) == sums(tmp_path / "local", range(6))
    assert any("listens on all interfaces" in text for text in told)
    assert nobody_left(tmp_path)


def nobody_left(folder: Path) -> bool:
    """No worker that wrote into the folder runs any more, within ten seconds."""
    pids = {line.split()[1] for line in (folder / "ray" / "who").read_text().splitlines()}
    for _ in range(100):
        seen = subprocess.run(["ps", "-o", "pid=", "-p", ",".join(pids)], capture_output=True, text=True, check=False)
        if not seen.stdout.strip():
            return True
        time.sleep(0.1)
    return False


class ActorDied(Exception):
    """What Ray says of an actor that ended too often."""


@dataclass(eq=False)
class _Task:
    """What was called: each call is one of its own."""

    name: str
    args: tuple[Any, ...]
    call: Callable[[], Any]


class PlayedRay:
    """As much of Ray as the driver uses, in this process. Tasks are done when they are waited for, the last first."""

    def __init__(self, cpus: list[float], gpus: float = 0.0, dies: Any = ()) -> None:
        self.cpus, self.gpus, self.dies = cpus, gpus, dies
        self.options: dict[str, Any] = {}
        self.killed: list[Any] = []
        self.most = 0
        self.exceptions = SimpleNamespace(RayActorError=ActorDied)

    def nodes(self) -> list[dict[str, Any]]:
        alive = [{"Alive": True, "Resources": {"CPU": cpu, "GPU": self.gpus}} for cpu in self.cpus]
        return [*alive, {"Alive": False, "Resources": {"CPU": 64.0}}]

    def remote(self, kind: type) -> Any:
        def options(**given: Any) -> Any:
            self.options = given
            return SimpleNamespace(remote=lambda *args: self.actor(kind(*args)))

        return SimpleNamespace(options=options)

    def actor(self, real: Any) -> Any:
        def method(name: str) -> Any:
            called = SimpleNamespace(remote=lambda *args: _Task(name, args, lambda: getattr(real, name)(*args)))
            called.options = lambda max_task_retries: called
            return called

        return SimpleNamespace(here=method("here"), open=method("open"), do=method("do"))

    def wait(self, tasks: list[Any], timeout: float) -> tuple[list[Any], list[Any]]:
        self.most = max(self.most, len(tasks))
        return tasks[-1:], tasks[:-1]

    def get(self, task: Any) -> Any:
        if (task.name, *task.args) in self.dies or task.name in self.dies:
            raise ActorDied("The actor is unavailable")
        return task.call()

    def kill(self, actor: Any) -> None:
        self.killed.append(actor)


def play(ray: PlayedRay, opener: Opener, folder: Path, workers: int | None = None, **given: Any) -> Iterator[Any]:
    order = Order(None, workers, 0.0, name_of(opener), str(folder), list(range(6)), str(Path.cwd()), "")
    said: list[dict[str, Any]] = []
    cluster_driver._work(ray, Order(**(vars(order) | given)), lambda what: said.append(json.loads(json.dumps(what))))
    yield from said


@pytest.fixture
def home() -> Iterator[None]:
    """Played actors live in this process: where it is, and where it looks for modules, is put back."""
    import sys

    import torch

    here, paths, threads = Path.cwd(), list(sys.path), torch.get_num_threads()
    yield
    os.chdir(here)
    sys.path[:] = paths
    torch.set_num_threads(threads)


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("cpus", "workers", "crew"), [([2.0], None, 2), ([2.0, 1.5], None, 3), ([8.0], 3, 3), ([64], None, 6)]
)
def test_each_shard_once_by_as_many_as_there_is_room_for(
    cpus: list[float], workers: int | None, crew: int, tmp_path: Path
) -> None:
    ray = PlayedRay(cpus)
    said = list(play(ray, planted_shards.plain, tmp_path, workers))
    assert sorted(each["done"]["shard"] for each in said) == list(range(6))
    assert ray.most == crew
    assert ray.options["num_cpus"] == 1 and ray.options["max_restarts"] == -1
    assert ray.options["runtime_env"]["env_vars"]["OMP_NUM_THREADS"] == "1"


@pytest.mark.usefixtures("home")
def test_more_workers_than_there_is_room_for_is_said(tmp_path: Path) -> None:
    said = list(play(PlayedRay([2.0]), planted_shards.plain, tmp_path, workers=5))
    assert ["room for 2 workers" in each.get("tell", "") for each in said].count(True) == 1
    assert sum("done" in each for each in said) == 6


@pytest.mark.parametrize(("cpus", "gpus", "share"), [([0.0], 0.0, 0.0), ([8.0], 0.0, 1.0), ([8.0], 0.25, 0.5)])
def test_a_cluster_without_room_for_one_worker_is_an_error_and_no_wait(
    cpus: list[float], gpus: float, share: float, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="no machine of the Ray cluster has room"):
        list(play(PlayedRay(cpus, gpus), planted_shards.plain, tmp_path, gpus=share))


def test_gpus_are_shared() -> None:
    ray = PlayedRay([8.0, 8.0], gpus=1.0)
    assert [cluster_driver._room(ray, share) for share in (0.5, 1 / 3, 1.0, 0.0)] == [4, 6, 2, 16]


@pytest.mark.usefixtures("home")
def test_what_ends_every_worker_ends_the_job_and_names_the_shard(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="shard 3 ended 5 workers one after the other"):
        list(play(PlayedRay([2.0], dies=[("do", 3)]), planted_shards.plain, tmp_path))
    with pytest.raises(ValueError, match="opening the job ended 5 workers one after the other"):
        list(play(PlayedRay([2.0], dies=["open"]), planted_shards.plain, tmp_path))


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("opener", "kind", "text"),
    [
        (planted_shards.wrong, ValueError, "shard 1: no such colour"),
        (planted_shards.full, NoSpace, "no space left for"),
        (planted_shards.closed, ValueError, "holds no job"),
    ],
)
def test_errors_are_those_of_local(opener: Opener, kind: type[Exception], text: str, tmp_path: Path) -> None:
    *_, last = play(PlayedRay([1.0]), opener, tmp_path)
    with pytest.raises(kind, match=text) as local:
        list(Local(1).run(opener, tmp_path, range(6)))
    played = error_of(last)
    assert type(played) is type(local.value) and str(played) == str(local.value)


@pytest.mark.usefixtures("home")
def test_an_error_on_another_machine_names_it_and_so_does_another_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    *_, last = play(PlayedRay([1.0]), planted_shards.closed, tmp_path, address="ray://head:10001")
    assert last["error"] == f"on {os.uname().nodename}: {tmp_path} holds no job"
    monkeypatch.setattr(cluster_driver, "VERSION", "9.9")
    *_, last = play(PlayedRay([1.0]), planted_shards.plain, tmp_path)
    assert "9.9 here: install the same" in str(error_of(last))


@with_ray
@with_client
def test_an_address_where_nobody_is_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^nobody answers at ray://127.0.0.1:1 \(Connection refused\)"):
        list(Cluster("ray://127.0.0.1:1").run(planted_shards.plain, tmp_path, [0]))


@pytest.mark.parametrize("address", ["ray://head", "ray://:10001", "ray://head:many", "http://head:10001"])
def test_an_address_has_a_host_and_a_port(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    with pytest.raises(ValueError, match="expected ray://host:port"):
        Cluster(address)


@pytest.mark.parametrize("word", ["ray", "ray://head:10001"])
def test_without_ray_it_says_what_to_type(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(ValueError, match=r"pip install 'latentwalk\[ray\]'"):
        read_engine(word)


def test_ray_is_known_to_one_process_and_never_to_the_studio() -> None:
    files = {str(path.relative_to(SOURCE)): path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py")}
    imported = {
        name: {ast.unparse(node) for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import | ast.ImportFrom)}
        for name, text in files.items()
    }
    assert [name for name, text in files.items() if 'import_module("ray")' in text] == ["scale/cluster_driver.py"]
    assert not [
        name for name, lines in imported.items() if any(line.startswith(("import ray", "from ray")) for line in lines)
    ]
    studio = {line for name, lines in imported.items() if name.startswith("studio") for line in lines}
    assert len(studio) > 20 and not [line for line in studio if "cluster" in line or "engines" in line]
