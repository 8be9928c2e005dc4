"""Workers that are processes: they may die, talk, fail; the shards are done, each once."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import scale_openers as openers
from latentwalk.files import NoSpace
from latentwalk.scale import local
from latentwalk.scale.local import Local


def alive(process: int) -> bool:
    """Is it at work? One that ended and that nobody asked about is not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False


def workers(folder: Path, name: str = "worker") -> list[int]:
    return [int(path.name.split("-")[1]) for path in folder.glob(f"{name}-*")]


def until(what, seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while not what() and time.monotonic() < end:
        time.sleep(0.02)
    return bool(what())


def test_no_workers_do_nothing():
    with pytest.raises(ValueError, match="at least one worker, got 0"):
        Local(0)


@pytest.mark.parametrize("count", [1, 3])
def test_every_shard_is_done_once(count, tmp_path):
    found = list(Local(count).run(openers.plain, tmp_path, [5, 1, 7, 3, 9]))
    assert sorted(each.shard for each in found) == [1, 3, 5, 7, 9]
    assert len(workers(tmp_path)) <= count and {int(each.where) for each in found} <= set(workers(tmp_path))
    assert all(path.read_text(encoding="utf-8") == "done\n" for path in tmp_path.glob("shard-*"))
    assert not any(map(alive, workers(tmp_path)))
    assert list(Local(count).run(openers.plain, tmp_path, [])) == []


def test_one_that_dies_is_replaced_and_its_shard_done_again(tmp_path):
    found = [each.shard for each in Local(1).run(openers.dies_once, tmp_path, range(5))]
    assert found == [0, 1, 2, 3, 4]


def test_any_worker_may_be_killed_at_any_moment(tmp_path):
    done, killed = [], set[int]()
    for each in Local(2).run(openers.plain, tmp_path, range(40)):
        done.append(each.shard)
        if len(done) in (3, 9, 20):
            killed |= (now := {process for process in workers(tmp_path) if alive(process)})
            for process in now:
                os.kill(process, signal.SIGKILL)
    assert sorted(done) == list(range(40)) and len(killed) >= 3


def test_a_death_that_comes_again_and_again_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(local, "MOST_DEATHS", 2)
    with pytest.raises(ValueError, match=r"shard 4 ended 2 workers one after the other \(killed by SIGSEGV\)"):
        list(Local(1).run(openers.dies_always, tmp_path, [4]))
    with pytest.raises(ValueError, match=r"opening the job ended 2 workers one after the other \(exit code 7\)"):
        list(Local(1).run(openers.dies_opening, tmp_path, [4]))


def test_a_child_that_outlives_its_worker_does_not_hold_up_the_job(tmp_path):
    assert [each.shard for each in Local(1).run(openers.dies_with_a_child, tmp_path, [0, 1])] == [0, 1]
    child = int((tmp_path / "died").read_text(encoding="utf-8"))
    assert until(lambda: not alive(child))


def test_what_a_worker_prints_and_reads_is_not_ours(tmp_path, capfd):
    assert len(list(Local(1).run(openers.talks, tmp_path, [0, 1]))) == 2
    ours = capfd.readouterr()
    assert ours.out == "" and "from a child" in ours.err


@pytest.mark.parametrize(
    ("what", "kind", "text"),
    [
        ("value", ValueError, "shard 3: expected more"),
        ("space", NoSpace, r"no space left to write x \(5 bytes\)"),
        ("memory", ValueError, "shard 3: no memory for 2 rows at once"),
        ("disk", ValueError, r"shard 3: \[Errno 5\] Input/output error"),
        ("exit", ValueError, r"shard 3: the code of the job ended its process \(sys.exit\(3\)\)"),
    ],
)
def test_an_error_of_a_worker_is_one_line_here(what, kind, text, tmp_path):
    (tmp_path / "what").write_text(what, encoding="utf-8")
    with pytest.raises(kind, match=f"^{text}$") as caught:
        list(Local(2).run(openers.raises, tmp_path, [3]))
    assert not getattr(caught.value, "__notes__", [])


def test_what_nobody_expects_says_where_it_came_from(tmp_path):
    (tmp_path / "what").write_text("key", encoding="utf-8")
    with pytest.raises(ValueError, match=r"^shard 3: KeyError: 'name'") as caught:
        list(Local(1).run(openers.raises, tmp_path, [3]))
    assert "scale_openers.py" in caught.value.__notes__[0]
    with pytest.raises(ValueError, match=r"the code of the job ended its process .*not today"):
        list(Local(1).run(openers.exits_opening, tmp_path, [3]))


def test_leaving_ends_all_workers(tmp_path):
    for each in Local(3).run(openers.plain, tmp_path, range(100)):
        assert each
        break
    assert not any(map(alive, workers(tmp_path)))


def test_a_worker_finds_what_its_driver_finds_and_not_what_lies_around(tmp_path, monkeypatch):
    """A file named as a module, in the folder where the command is given."""
    (tmp_path / "json.py").write_text("raise RuntimeError('the wrong one')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert len(list(Local(1).run(openers.plain, tmp_path, [0]))) == 1


DRIVER = """
import sys
from pathlib import Path
import scale_openers
from latentwalk.scale.local import Local
list(Local(2).run(scale_openers.long_ones, Path(sys.argv[1]), range(4)))
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_worker_outlives_who_started_it(how, tmp_path):
    """In the middle of a shard, asleep or computing; the program comes from stdin, as no file that could be read."""
    driver = subprocess.Popen(
        [sys.executable, "-", str(tmp_path)],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert driver.stdin
    driver.stdin.write(DRIVER.encode())
    driver.stdin.close()
    assert until(lambda: len(workers(tmp_path, "busy")) == 2, 60)
    driver.send_signal(how)
    driver.wait()
    assert until(lambda: not any(map(alive, workers(tmp_path))))
