"""A shard is one process's, as long as that lives."""

import errno
import fcntl
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from latentwalk.files import NoSpace
from latentwalk.scale import claims
from latentwalk.scale.claims import LOCK, NOTES, at_work, claimed
from sharded import forked, kill, succeeded


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "PATIENCE", 0.05)


@contextmanager
def another(folder: Path, shards: range) -> Iterator[int]:
    """A process that holds a claim inside the block, and is killed at its end."""
    reading, writing = os.pipe()

    def hold() -> None:
        with claimed(folder, shards):
            os.write(writing, b"x")
            time.sleep(60)

    process = forked(hold)
    os.read(reading, 1)
    try:
        yield process
    finally:
        kill(process)


def free(folder: Path, shards: range) -> bool:
    """Can another process have these?"""

    def take() -> None:
        with claimed(folder, shards):
            pass

    return succeeded(forked(take))


def test_who_comes_second_is_told_who_is_there(tmp_path):
    with another(tmp_path, range(2, 5)) as process:
        who = rf"by process {process} on {socket.gethostname()} since 20..-..-.. ..:..:.. \(shards 2:5\)"
        for span in (range(2, 5), range(3), range(4, 9), range(9), range(3, 4)):
            with pytest.raises(ValueError, match=f"is being worked on {who}: wait"), claimed(tmp_path, span):
                raise AssertionError("two at once")
        assert len(at_work(tmp_path)) == 1
        for span in (range(2), range(5, 9)):
            with claimed(tmp_path, span):
                assert len(at_work(tmp_path)) == 2


def test_who_was_killed_is_gone_at_once(tmp_path):
    with another(tmp_path, range(5)):
        pass
    assert list((tmp_path / NOTES).iterdir()) and at_work(tmp_path) == []
    with claimed(tmp_path, range(3)):
        assert len(list((tmp_path / NOTES).iterdir())) == 1
    assert list((tmp_path / NOTES).iterdir()) == []


def test_a_claim_is_kept_while_others_look(tmp_path):
    """And while the same process looks, whatever notes of others there are: closing the file would give it back."""
    with another(tmp_path, range(5, 9)), claimed(tmp_path, range(5)):
        assert len(at_work(tmp_path)) == 2
        assert succeeded(forked(lambda: at_work(tmp_path)))
        assert not free(tmp_path, range(5)) and not free(tmp_path, range(5, 9))
    assert free(tmp_path, range(9))


def test_to_look_is_to_change_nothing(tmp_path):
    assert at_work(tmp_path) == [] and list(tmp_path.iterdir()) == []
    (tmp_path / NOTES).mkdir()
    (tmp_path / NOTES / "a.json").write_text("half a no", encoding="utf-8")
    assert at_work(tmp_path) == [] and not (tmp_path / LOCK).exists()


def test_one_process_can_hold_several_and_not_the_same_twice(tmp_path):
    with claimed(tmp_path, range(5)):
        with claimed(tmp_path, range(5, 9)):
            assert not free(tmp_path, range(5, 9))
        assert free(tmp_path, range(5, 9)) and not free(tmp_path, range(5))
        refused = []

        def again() -> None:
            try:
                with claimed(tmp_path, range(4, 6)):
                    pass
            except ValueError as error:
                refused.append(str(error))

        thread = threading.Thread(target=again)
        thread.start()
        thread.join()
        assert f"by process {os.getpid()} on" in refused[0]
        assert not free(tmp_path, range(5))
    assert free(tmp_path, range(9))


def test_a_forked_process_has_none_of_the_claims(tmp_path):
    with claimed(tmp_path, range(5)):
        assert not free(tmp_path, range(5)) and free(tmp_path, range(5, 9))
        assert not free(tmp_path, range(5)), "nor did it give ours back"


def test_a_note_of_a_process_with_our_number_stops_nobody(tmp_path):
    """As in a container that is started again: the same host, the same number, another process."""
    (tmp_path / NOTES).mkdir()
    note = f'{{"host": "{socket.gethostname()}", "process": {os.getpid()}, "shards": [0, 9], "since": "then"}}'
    (tmp_path / NOTES / "old.json").write_text(note, encoding="utf-8")
    with claimed(tmp_path, range(5)):
        assert len(list((tmp_path / NOTES).iterdir())) == 1


def test_an_error_inside_gives_it_back(tmp_path):
    with pytest.raises(KeyboardInterrupt), claimed(tmp_path, range(5)):
        raise KeyboardInterrupt
    assert free(tmp_path, range(5)) and list((tmp_path / NOTES).iterdir()) == []


def test_a_full_disk_gives_it_back(tmp_path, room):
    room(10)
    with pytest.raises(NoSpace, match=r"no space left to write .*-0.json \(\d+ bytes\)"), claimed(tmp_path, range(5)):
        raise AssertionError("without a note")
    room(None)
    assert free(tmp_path, range(5)) and list((tmp_path / NOTES).iterdir()) == []


def test_where_nothing_can_be_locked_it_is_said(tmp_path, monkeypatch):
    for number in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP):

        def refuse(*_: object, number: int = number) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(fcntl, "lockf", refuse)
        with pytest.raises(ValueError, match=r"cannot be locked .*choose a folder on another disk"):
            claimed(tmp_path, range(5)).__enter__()


def test_no_shards_are_no_claim(tmp_path):
    for span in (range(0), range(3, 3), range(0, 9, 2)):
        with pytest.raises(ValueError, match="expected some shards without gaps"):
            claimed(tmp_path, span).__enter__()
