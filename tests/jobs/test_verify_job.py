"""Shards that are made again are the same, or it is said which are not."""

import pytest

from latentwalk.jobs import shard_work
from latentwalk.jobs.run_shards import run_job
from latentwalk.jobs.shard_opened import Made
from latentwalk.jobs.verify_job import verify_job
from latentwalk.origin import Source
from latentwalk.scale.manifest import MANIFEST, entries
from latentwalk.scale.shard import shard_file
from sharded import KIND, Here, files_of, open_rows, small_job

JOB = small_job()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setitem(shard_work.KINDS, KIND, open_rows)
    run_job(tmp_path, JOB, Here())
    return tmp_path


def off_by(amount):
    """The kind that gives other numbers now, as another kind of processor."""

    def opened(job, folder):
        make = open_rows(job, folder)
        return lambda rows, batch: Made({name: t + amount for name, t in make(rows, batch).tensors.items()})

    return opened


def test_the_same_machine_makes_the_same_bytes(folder):
    found = verify_job(folder, share=1.0)
    assert found.checked == list(range(10)) and found.same == 10 and found.exact and found.good
    assert len(verify_job(folder).checked) == 1
    chosen = [verify_job(folder, share=0.3, seed=seed).checked for seed in (0, 0, 1)]
    assert chosen[0] == chosen[1] != chosen[2] and len(chosen[0]) == 3


@pytest.mark.parametrize(("amount", "good"), [(1e-5, True), (1e-3, False), (float("nan"), False)])
def test_other_numbers_are_measured(amount, good, folder, monkeypatch):
    monkeypatch.setitem(shard_work.KINDS, KIND, off_by(amount))
    found = verify_job(folder, share=1.0)
    assert (found.exact, found.good, found.same) == (False, good, 0)
    assert found.largest == pytest.approx(amount if amount == amount else float("inf"), rel=0.1)


def test_a_shard_that_was_made_in_halves_is_made_in_halves_again(tmp_path, monkeypatch):
    """How many are made at once changes the last bits, so it is as the file says."""

    def opened(job, folder):
        def make(rows, batch):
            if short and rows.start == 8 and batch == job.batch:
                raise MemoryError
            made = open_rows(job, folder)(rows, batch)
            return Made({name: t + batch for name, t in made.tensors.items()})

        return make

    short = [True]
    monkeypatch.setitem(shard_work.KINDS, KIND, opened)
    run_job(tmp_path, JOB, Here())
    assert [entry.batch for entry in entries(tmp_path).values()] == [2, 2, 1, *[2] * 7]
    short.clear()
    assert verify_job(tmp_path, share=1.0).exact
    (tmp_path / MANIFEST).unlink()
    assert verify_job(tmp_path, share=1.0).exact


def test_damaged_and_missing_shards_are_told_apart_and_nothing_is_written(folder):
    shard_file(folder, 3).write_bytes(b"garbage")
    shard_file(folder, 4).unlink()
    (folder / MANIFEST).unlink()
    before = files_of(folder), sorted(folder.iterdir())
    found = verify_job(folder, share=1.0)
    assert (found.damaged, found.missing, len(found.checked)) == ([3], 1, 8)
    assert found.exact and not found.good
    assert (files_of(folder), sorted(folder.iterdir())) == before


def test_an_older_version_can_be_verified(tmp_path, monkeypatch):
    monkeypatch.setitem(shard_work.KINDS, KIND, open_rows)
    monkeypatch.setattr(shard_work, "VERSION", "0.0.1")
    run_job(tmp_path, small_job(latentwalk="0.0.1"), Here())
    monkeypatch.undo()
    monkeypatch.setitem(shard_work.KINDS, KIND, open_rows)
    assert verify_job(tmp_path, share=1.0).exact


def test_nothing_done_is_nothing_to_verify(tmp_path):
    with pytest.raises(ValueError, match="holds no job"):
        verify_job(tmp_path)
    JOB.write(tmp_path)
    with pytest.raises(ValueError, match="has no shard that could be made again"):
        verify_job(tmp_path)


def test_code_is_not_run_because_a_folder_says_so(tmp_path):
    small_job(scorer=Source(source="os:getcwd", fingerprint="x")).write(tmp_path)
    with pytest.raises(ValueError, match="scored by the Python code os:getcwd: if you trust it, say --trust os:getcwd"):
        verify_job(tmp_path)


def test_nothing_is_fetched_because_a_folder_says_so(tmp_path):
    address = "https://example.org/model.pkl"
    small_job(generator=Source(source=address, fingerprint="x")).write(tmp_path)
    with pytest.raises(ValueError, match=f"lies at {address}: if you trust it, say --trust {address}"):
        verify_job(tmp_path)
    with pytest.raises(ValueError, match="none is done"):
        verify_job(tmp_path, trusted=(address,))
