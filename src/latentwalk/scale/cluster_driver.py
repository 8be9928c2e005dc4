"""The process that speaks with Ray for the engine of a cluster: a line of JSON for each shard that is done on stdout.

    python -m latentwalk.scale.cluster_driver

What to do comes as one line on stdin (`Order`). Ray lives here and not in the process that a person started: its
settings are read once per process, it wants a process group of its own, and what it started ends with that group. It
ends when stdin does: when whoever started it is gone, however that came.
"""

import importlib
import json
import os
import shutil
import signal
import socket
import sys
import threading
import time
from _thread import interrupt_main
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from latentwalk.scale.actor import ShardActor
from latentwalk.scale.failures import MOST_DEATHS, failure, too_many_deaths
from latentwalk.scale.opener import ONE_THREAD
from latentwalk.version import VERSION

ANSWER = 5.0
"""Seconds in which an address has to answer."""
PATIENCE = 30.0
"""Seconds without news after which it is asked whether the cluster has room for workers at all."""
GRACE = 8.0
"""Seconds to end Ray in order."""
STORE = 80 * 2**20
"""Bytes for objects in our own cluster, about the least that Ray takes: what travels are numbers of shards."""


@dataclass(frozen=True)
class Order:
    """address: of a cluster; None starts one on this machine. workers: at once; None as many as there is room for.

    gpus: that each takes. opener: its name. folder: of the job. shards: to do. home: see `ShardActor`.
    private: a folder for what Ray writes.
    """

    address: str | None
    workers: int | None
    gpus: float
    opener: str
    folder: str
    shards: list[int]
    home: str
    private: str

    def to_line(self) -> str:
        return json.dumps(asdict(self)) + "\n"


Say = Callable[[dict[str, Any]], None]


def main() -> None:
    """Do what is ordered, and say what is done, told, or wrong."""
    file = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what Ray prints must not come between the lines
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that starts jobs in the background turned it off
    order = Order(**json.loads(sys.stdin.readline()))

    def say(what: dict[str, Any]) -> None:
        file.write(json.dumps(what) + "\n")
        file.flush()

    threading.Thread(target=_end_with_stdin, args=(order.private,), daemon=True).start()
    try:
        _drive(order, say)
    except (KeyboardInterrupt, BrokenPipeError):
        pass
    except Exception as error:
        say(failure(error))
    finally:
        shutil.rmtree(order.private, ignore_errors=True)


def _end_with_stdin(private: str) -> None:
    """Stop when nobody listens any more: in order, and if that takes too long at once; Ray ends with us."""
    sys.stdin.read()
    interrupt_main()
    time.sleep(GRACE)
    shutil.rmtree(private, ignore_errors=True)
    os._exit(1)


def _drive(order: Order, say: Say) -> None:
    ray: Any = importlib.import_module("ray")
    try:
        _connect(ray, order)
        try:
            _work(ray, order, say)
        except ModuleNotFoundError as error:
            raise _not_installed(error) from None
        except (ConnectionError, RuntimeError, ray.exceptions.RayError) as error:
            raise ValueError(f"lost the Ray cluster ({_line(error)}): start the job again, it goes on") from None
    finally:
        ray.shutdown()


def _connect(ray: Any, order: Order) -> None:
    """Start Ray or find it. Raises ValueError when nobody answers, or somebody who does not let us in."""
    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    if order.address is None:
        ray.init(
            "local",
            num_cpus=order.workers,  # more than cores is allowed
            include_dashboard=False,
            object_store_memory=STORE,
            _temp_dir=order.private,
            **quiet,
        )
        return
    where = urlsplit(order.address)
    try:
        # Ray itself would try for minutes.
        socket.create_connection((where.hostname or "", where.port or 0), ANSWER).close()
    except OSError as error:
        raise ValueError(
            f"nobody answers at {order.address} ({error.strerror or error}): is Ray started there?"
        ) from None
    try:
        ray.init(order.address, **quiet)
    except Exception as error:  # ConnectionError, RuntimeError, Ray's own: each version has others
        hint = "; if it asks for a token, set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN as there" if _shut(error) else ""
        raise ValueError(f"cannot use the Ray cluster at {order.address}: {_line(error)}{hint}") from None


def _shut(error: Exception) -> bool:
    """Is it what Ray says where it does not let somebody in? It calls that a timeout."""
    return "timeout" in str(error) or "token" in str(error).lower()


def _work(ray: Any, order: Order, say: Say) -> None:
    """Hand out shards, one at a time to each actor, until all are done."""
    crew = _crew(ray, order, say)
    waiting, left, deaths = deque(order.shards), len(order.shards), Counter[int | None]()
    warned = False
    while left:
        ready, _ = ray.wait(list(crew), timeout=PATIENCE)
        if not ready and not warned and not any(doing.shard is not None for doing in crew.values()):
            say({"tell": f"no worker is ready after {PATIENCE:.0f} s: waiting until the Ray cluster has room for one"})
            warned = True
        for task in ready:
            actor, step, shard = crew.pop(task)
            try:
                said = ray.get(task)
            except ray.exceptions.RayActorError as error:
                if step == "here":  # Ray cannot restart it
                    raise _not_installed(error) if "No module" in str(error) else error from None
                deaths[shard] += 1
                if deaths[shard] >= MOST_DEATHS:
                    raise too_many_deaths(shard, MOST_DEATHS, type(error).__name__) from None
                if shard is not None:
                    waiting.appendleft(shard)  # the next who is free does it
                crew[actor.here.remote()] = _Doing(actor, "here")
                continue
            if "error" in said:
                if order.address and "host" in said:
                    said["error"] = f"on {said['host']}: {said['error']}"
                say(said)
                return
            if step == "here":
                crew[_once(actor.open).remote(VERSION)] = _Doing(actor, "open")
                continue
            if step == "do":
                say(said)
                left -= 1
            else:
                deaths[None] = 0
            if waiting:
                shard = waiting.popleft()
                crew[_once(actor.do).remote(shard)] = _Doing(actor, "do", shard)
            else:
                ray.kill(actor)  # gives its room to those that wait for some to be restarted


def _once(method: Any) -> Any:
    """A method that Ray does not call again when its actor dies: to Ray a lost connection is a death, and many of them
    in a second are many. Here one call that fails is one death."""
    return method.options(max_task_retries=0)


class _Doing(NamedTuple):
    """What an actor is doing: here, open, do."""

    actor: Any
    step: str
    shard: int | None = None


def _crew(ray: Any, order: Order, say: Say) -> dict[Any, _Doing]:
    """Actors that come to be, by what they are doing. Raises ValueError where there is no room for one."""
    room = _room(ray, order.gpus)
    each = "a CPU" + (f" and {order.gpus:g} of a GPU" if order.gpus else "")
    if not room:
        raise ValueError(f"no machine of the Ray cluster has room for a worker, which takes {each}")
    if order.workers and order.workers > room:
        say(
            {
                "tell": f"the Ray cluster has room for {room} workers that take {each}, not for {order.workers}: the "
                "others join in when there is more"
            }
        )
    hire = ray.remote(ShardActor).options(
        num_cpus=1,
        num_gpus=order.gpus,
        max_restarts=-1,
        max_task_retries=-1,
        runtime_env={"env_vars": ONE_THREAD},
    )
    count = min(order.workers or room, len(order.shards))
    actors = [hire.remote(order.opener, order.folder, order.home) for _ in range(count)]
    return {actor.here.remote(): _Doing(actor, "here") for actor in actors}


def _room(ray: Any, gpus: float) -> int:
    """Workers for which the machines of the cluster have room, whoever else uses them."""
    free = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    return sum(int(min(n.get("CPU", 0), n.get("GPU", 0) / gpus + 1e-9 if gpus else n.get("CPU", 0))) for n in free)


def _not_installed(error: Exception) -> ValueError:
    what = next((line for line in str(error).splitlines() if "No module" in line), "").strip()
    return ValueError(
        f"a machine of the Ray cluster does not have latentwalk {VERSION}, or not where Ray's Python looks for it "
        f"({what}): install it on all of them"
    )


def _line(error: Exception, longest: int = 300) -> str:
    """An error of Ray, which are long, in one line: where it quotes a traceback, the end of that."""
    first, trace, quoted = str(error).partition("Traceback")
    text = " ".join((first + quoted.strip().splitlines()[-1] if trace else first).split())
    return text if len(text) <= longest else f"{text[:longest]} ..."


if __name__ == "__main__":
    sys.path.append(str(Path.cwd()))
    main()
