"""The ledger can be torn, lost or wrong; the files say what is true."""

import errno
import fcntl
import json

import pytest
import torch

from latentwalk.files import NoSpace
from latentwalk.pool import Done
from latentwalk.scale.manifest import MANIFEST, append, check_shards, digest, entries
from latentwalk.scale.shard import file_sum, shard_file, write_shard
from sharded import small_job

JOB = small_job()


def make(folder, shard, job=JOB, **facts):
    """A shard's file, and what the worker says."""
    said = {"job": job.name, "rows": len(job.rows_of(shard)), "batch": 2, "failed": 0, "reasons": {}} | facts
    total, size = write_shard(folder, shard, {"scores": torch.full((said["rows"], 2), float(shard))}, said)
    return Done(shard, total, size, said["rows"], 0, 1.5, 2, "here:1")


@pytest.fixture
def folder(tmp_path):
    """All ten shards, each with its line."""
    for shard in range(JOB.shards):
        append(tmp_path, make(tmp_path, shard))
    return tmp_path


def redone(folder, keep=True):
    return [shard for shard, entry in check_shards(folder, JOB, range(JOB.shards), keep) if entry is None]


def test_lines_come_back(folder):
    known = entries(folder)
    assert list(known) == list(range(10)) and redone(folder) == []
    assert all(known[s].sum == file_sum(shard_file(folder, s)) for s in known)
    assert digest(known.values()) == digest(reversed(known.values()))


def test_a_lost_ledger_is_made_again_from_the_files(folder):
    before = digest(entries(folder).values())
    (folder / MANIFEST).unlink()
    assert redone(folder, keep=False) == [] and not (folder / MANIFEST).exists()
    assert redone(folder) == [] and digest(entries(folder).values()) == before
    assert {entry.ended for entry in entries(folder).values()} == {0.0}, "nobody knows when: it has no rate"


def test_a_torn_line_costs_that_line(folder):
    path = folder / MANIFEST
    path.write_bytes(path.read_bytes()[:-20])
    assert list(entries(folder)) == list(range(9))
    append(folder, make(folder, 9))
    assert list(entries(folder)) == list(range(10)) and redone(folder) == []


def test_lines_of_nonsense_are_not_there(folder):
    path = folder / MANIFEST
    line = json.loads(path.read_text(encoding="utf-8").splitlines()[0])
    nonsense = [
        b"", b"{", b"null", b"[1]", b"\xff\xfe\0", json.dumps({"shard": 1}).encode(),
        json.dumps(line | {"new": 1}).encode(), json.dumps(line | {"seconds": float("nan")}).encode(),
    ]  # fmt: skip
    path.write_bytes(b"\n".join(nonsense) + b"\n" + path.read_bytes())
    assert list(entries(folder)) == list(range(10)) and redone(folder) == []


def test_a_line_without_its_file_counts_for_nothing(folder):
    shard_file(folder, 4).unlink()
    assert redone(folder) == [4]


def test_the_last_line_about_a_shard_holds_and_the_file_has_the_last_word(folder):
    old = entries(folder)[3]
    newer = make(folder, 3, reasons={"13": "NaN"})
    assert redone(folder) == [], "whole by the sum inside it"
    assert entries(folder)[3].sum == newer.sum
    append(folder, Done(3, old.sum, old.bytes, old.rows, 0, 1.0, 2, "an old line"))
    assert redone(folder) == [] and entries(folder)[3].sum == newer.sum


@pytest.mark.parametrize(
    "put",
    [
        lambda folder: make(folder, 4, job=small_job(seed=9)),  # of another job
        lambda folder: shard_file(folder, 4).write_bytes(shard_file(folder, 5).read_bytes()),  # of another number
        lambda folder: make(folder, 4, rows=3),
        lambda folder: shard_file(folder, 4).write_bytes(b"garbage"),
        lambda folder: shard_file(folder, 4).write_bytes(b""),
        lambda folder: (shard_file(folder, 4).unlink(), shard_file(folder, 4).mkdir()),
        lambda folder: (shard_file(folder, 4).unlink(), shard_file(folder, 4).symlink_to("nowhere")),
    ],
)
def test_a_file_that_is_not_of_this_job_and_number_is_not_taken(folder, put):
    before = (folder / MANIFEST).read_bytes()
    put(folder)
    assert redone(folder) == [4]
    assert (folder / MANIFEST).read_bytes() == before


def test_a_full_disk_leaves_the_ledger_as_it_was(folder, room):
    """Not half a line, not even when the file is closed; and the next one fits when there is room."""
    path, done = folder / MANIFEST, make(folder, 9)
    before = path.read_bytes()
    room(len(before) + 40)
    with pytest.raises(NoSpace, match=rf"no space left to write {path} \(\d+ bytes\)"):
        append(folder, done)
    room(None)
    assert path.read_bytes() == before
    append(folder, done)
    assert path.read_bytes().startswith(before) and len(path.read_bytes().splitlines()) == 11


def test_where_nothing_can_be_locked_it_is_said(folder, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(ValueError, match=r"cannot be locked \(No locks available\).*mount this one with locks$"):
        append(folder, make(folder, 9))
