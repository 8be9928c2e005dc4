"""Whoever does the shards of a job, in whatever order, however often killed: the same bytes."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

import latentwalk as lw
from latentwalk.files import NoSpace
from latentwalk.jobs import shard_work
from latentwalk.jobs.compact_job import compact_job
from latentwalk.jobs.job_status import job_status
from latentwalk.jobs.run_shards import run_job
from latentwalk.jobs.shard_opened import Made, described_scorer
from latentwalk.jobs.shard_scores import score_job
from latentwalk.scale import claims
from latentwalk.scale.job import JOB
from latentwalk.scale.local import Local
from latentwalk.scale.manifest import MANIFEST, entries
from latentwalk.scale.results import shards_of
from latentwalk.scale.shard import shard_file
from latentwalk.scorers.callable import CallableScorer
from random_networks import EVERY
from sharded import KIND, Here, files_of, forked, kill, open_rows, small_job, succeeded


@pytest.fixture(autouse=True)
def kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(shard_work.KINDS, KIND, open_rows)
    monkeypatch.setattr(claims, "PATIENCE", 0.05)


@pytest.fixture
def undisturbed(tmp_path: Path) -> Path:
    run_job(tmp_path / "undisturbed", small_job(), Here())
    return tmp_path / "undisturbed"


def same(one: Path, other: Path) -> bool:
    return files_of(one) == files_of(other) and job_status(one).digest == job_status(other).digest is not None


@pytest.mark.parametrize("order", [list, lambda s: list(reversed(s)), lambda s: random.Random(1).sample(s, len(s))])
def test_the_order_does_not_matter(order, undisturbed, tmp_path):
    run_job(tmp_path / "a", small_job(), Here(order))
    assert same(tmp_path / "a", undisturbed)


def test_parts_may_be_done_by_several_at_once(undisturbed, tmp_path):
    spans = (range(0, 3), range(3, 4), range(4, 10))
    processes = [forked(lambda s=span: run_job(tmp_path / "a", small_job(), Here(wait=0.01), s)) for span in spans]
    assert all(map(succeeded, processes)) and same(tmp_path / "a", undisturbed)


def test_killed_at_any_moment_it_goes_on(undisturbed, tmp_path):
    """While it starts, in a shard, between a file and its line: at most one shard is done again."""
    chance = random.Random(0)
    for _ in range(5):
        folder = tmp_path / f"killed{chance.random()}"
        for _ in range(6):
            process = forked(lambda f=folder: run_job(f, small_job(), Here(wait=0.002)))
            time.sleep(chance.uniform(0, 0.05))
            kill(process)
        before = len(entries(folder))
        rest = Here()
        run_job(folder, small_job(), rest)
        assert len(rest.seen) <= 10 - before and same(folder, undisturbed)
        lines = (folder / MANIFEST).read_bytes().splitlines()
        assert len(lines) <= 10 + 7, "a line for each, and one more at most for every life"


def test_what_is_done_is_not_done_again(undisturbed):
    again = Here()
    run_job(undisturbed, small_job(), again)
    assert again.seen == []


def test_remains_of_a_killed_worker_are_gone_after_the_next_start(undisturbed):
    before = files_of(undisturbed)
    (undisturbed / "shards" / ".00000004-abcd1234.safetensors").write_bytes(b"half")
    run_job(undisturbed, small_job(), Here())
    assert files_of(undisturbed) == before


def test_damaged_shards_are_found_and_done_again_alone(undisturbed):
    """Garbage, shortened, one bit; and a ledger that is lost at the same time."""
    before, chance = files_of(undisturbed), random.Random(0)
    for turn in range(40):
        shard = chance.randrange(10)
        path = shard_file(undisturbed, shard)
        good = bytearray(path.read_bytes())
        place = chance.randrange(8 * len(good))
        flipped = good.copy()
        flipped[place // 8] ^= 1 << place % 8
        path.write_bytes((flipped, good[: place // 8], chance.randbytes(len(good)))[turn % 3])
        if turn % 2:
            (undisturbed / MANIFEST).unlink()
        told, engine = [], Here()
        run_job(undisturbed, small_job(), engine, tell=told.append)
        assert engine.seen == [shard] and told == [f"damaged, so done again: shards {shard}"]
        assert files_of(undisturbed) == before


def test_a_second_process_is_refused_and_does_no_harm(tmp_path):
    reading, writing = os.pipe()
    first = forked(lambda: run_job(tmp_path, small_job(), Here(wait=0.3), progress=lambda *_: os.write(writing, b"x")))
    os.read(reading, 1)
    with pytest.raises(ValueError, match=rf"is being worked on by process {first} on .* \(shards 0:10\)"):
        run_job(tmp_path, small_job(), Here(), range(9, 10))
    assert len(job_status(tmp_path).at_work) == 1
    kill(first)
    assert job_status(tmp_path).at_work == []
    run_job(tmp_path, small_job(), Here())


def test_another_job_is_refused_before_anything_is_done(undisturbed):
    before, engine = files_of(undisturbed), Here()
    with pytest.raises(ValueError, match="seed is 3 there, 4 here"):
        run_job(undisturbed, small_job(seed=4), engine)
    assert engine.seen == [] and files_of(undisturbed) == before


def test_parts_that_are_not_there(tmp_path):
    for span in (range(11), range(3, 3), range(-1, 3), range(0, 9, 2)):
        with pytest.raises(ValueError, match=r"this job has 10 shards, expected a part of range\(0, 10\), got"):
            run_job(tmp_path / "a", small_job(), Here(), span)
    assert not (tmp_path / "a").exists()


def test_failed_rows_are_kept_with_their_reason(tmp_path):
    job = small_job(settings={"numbers": 2, "bad": [5]})
    run_job(tmp_path, job, Here())
    found = job_status(tmp_path)
    assert (found.failed, found.reasons, found.rows) == (1, {"a picture with NaN": 1}, 38)
    _, shards = shards_of(tmp_path)
    assert [shard.facts["reasons"] for shard, _ in shards if shard.facts["failed"]] == [{"5": "a picture with NaN"}]


def test_too_many_failed_rows_stop_it_whoever_did_them(tmp_path):
    """One of 38 is allowed, as a thousandth is no whole row; the second is not, in another part and at the start."""
    job = small_job(settings={"numbers": 2, "bad": [5, 30]})
    run_job(tmp_path, job, Here(), range(5))
    line = r"^2 rows failed, more than 0.1% of 38: look at latentwalk status .*, which says why$"
    other = Here()
    with pytest.raises(ValueError, match=line):
        run_job(tmp_path, job, other, range(5, 10))
    assert other.seen == [5, 6, 7]
    for span in (None, range(5, 10), range(1)):
        again = Here()
        with pytest.raises(ValueError, match=line):
            run_job(tmp_path, job, again, span)
        assert again.seen == []
    assert job_status(tmp_path).reasons == {"a picture with NaN": 2}


NO_MEMORY = [
    MemoryError(),
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:117] . DefaultCPUAllocator: can't allocate memory: you tried to"),
    RuntimeError("MPS backend out of memory"),
    RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
]


@pytest.mark.parametrize("error", NO_MEMORY, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("lasts", [8, 4, 3])
def test_memory_that_ends_halves_the_batch_once(error, lasts, monkeypatch):
    tried, job = [], small_job(batch=8, shard=8)

    def make(rows: range, batch: int) -> Made:
        tried.append(batch)
        if batch > lasts:
            raise error
        return open_rows(job, Path())(rows, batch)

    if lasts >= 4:
        assert shard_work.make_rows(make, job, 0)[1] == lasts
    else:
        with pytest.raises(MemoryError, match=r"^no memory for 4 rows at once: take fewer --workers, or start"):
            shard_work.make_rows(make, job, 0)
    assert tried == ([8] if lasts == 8 else [8, 4])


def test_other_errors_are_not_tried_twice():
    def make(rows: range, batch: int) -> Made:
        raise RuntimeError("shapes do not fit")

    with pytest.raises(RuntimeError, match="shapes do not fit"):
        shard_work.make_rows(make, small_job(), 0)


def test_a_worker_of_another_version_or_kind_does_nothing(tmp_path):
    for change, text in (
        ({"latentwalk": "0.0.1"}, "was started with latentwalk 0.0.1, this is"),
        ({"kind": "what"}, "no kind of jobs 'what': expected moments, score"),
    ):
        small_job(**change).write(tmp_path)
        with pytest.raises(ValueError, match=text):
            shard_work.open_work(tmp_path)
        (tmp_path / JOB).unlink()


def test_a_function_that_no_worker_finds_is_refused():
    def inside(images):
        return images.mean((1, 2, 3))

    for name in ("__main__:score", "tests:<lambda>", "tests:a.<locals>.inside"):
        with pytest.raises(ValueError, match="no other process can open the scorer"):
            described_scorer(CallableScorer(inside, name))


@pytest.fixture
def small_disk(tmp_path: Path):
    """A folder on a disk of 8 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=8m", "latentwalk-test", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no small disk can be mounted here: what happens on a full one is tried with limits of files only")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path, left: int = 0) -> Path:
    """Fill the disk, up to so many bytes."""
    path = folder / "others"
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(2**16)):
                pass
        except OSError:
            pass
        file.truncate(max(0, file.tell() // 4096 * 4096 - left))
    return path


def test_a_full_disk_says_what_did_not_fit_and_goes_on_when_there_is_room(small_disk, tmp_path):
    job, folder = small_job(rows=400, shard=40, settings={"numbers": 2000}), small_disk / "run"  # 3.2 MB
    run_job(tmp_path / "undisturbed", job, Here())
    others = fill(small_disk)
    with pytest.raises((NoSpace, OSError), match=r"No space left on device|no space left to write"):
        run_job(folder, job, Here())
    others.unlink()
    others = fill(small_disk, 1_500_000)
    with pytest.raises(NoSpace, match=r"no space left to write .*\.safetensors \(3[\d,]+ bytes\): make room"):
        run_job(folder, job, Here())
    done = files_of(folder)
    assert 0 < len(done) < 10 and done.items() <= files_of(tmp_path / "undisturbed").items()
    assert len(entries(folder)) == len(done)
    others.unlink()
    run_job(folder, job, Here())
    assert same(folder, tmp_path / "undisturbed")


@pytest.mark.parametrize("ending", ["safetensors", "parquet"])
def test_a_full_disk_keeps_the_table_that_was_there(ending, small_disk):
    pytest.importorskip("pyarrow" if ending == "parquet" else "safetensors")
    names = [f"a{i}" for i in range(200)]
    job = small_job(kind="score", rows=4000, shard=400, attributes=names, settings={"numbers": 200, "keep": "float32"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(shard_work.KINDS, "score", open_rows)
        run_job(small_disk / "run", job, Here())
    table = small_disk / f"table.{ending}"
    table.write_bytes(b"old")
    others, before = fill(small_disk, 500_000), files_of(small_disk / "run")
    with pytest.raises(NoSpace, match=rf"no space left to write {table} \(3,2[\d,]+ bytes\): make room"):
        compact_job(small_disk / "run", table)
    assert table.read_bytes() == b"old" and files_of(small_disk / "run") == before
    assert not list(small_disk.glob(".table*"))
    others.unlink()
    compact_job(small_disk / "run", table)
    assert table.stat().st_size > 3_000_000


SCRIPT = """
import sys
from pathlib import Path
import latentwalk as lw
from latentwalk.jobs.run_shards import run_job
from latentwalk.jobs.shard_scores import score_job
from latentwalk.scale.local import Local
generator = lw.load(sys.argv[1])
scorer = lw.load_scorer("measurements", generator=generator)
run_job(Path(sys.argv[2]), score_job(generator, scorer, 40, shard=10, batch=5), Local(2))
"""


def test_real_workers_started_by_a_program_from_stdin(tmp_path, tiny):
    """With no file to import and no `if __name__ == "__main__"`; the same bytes as here, in this process."""
    path = tmp_path / "tiny.safetensors"
    lw.convert(tiny, path)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-", str(path), str(tmp_path / "a")]
    subprocess.run(command, input=SCRIPT.encode(), env=environment, check=True)
    generator = lw.load(path)
    job = score_job(generator, lw.load_scorer("measurements", generator=generator), 40, shard=10, batch=5)
    run_job(tmp_path / "b", job, Here())
    assert same(tmp_path / "a", tmp_path / "b")
    for name in ("a", "b"):
        compact_job(tmp_path / name, tmp_path / f"{name}.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    lw.convert(EVERY["dcgan-odd"](), path, force=True)
    (tmp_path / "a" / MANIFEST).unlink()
    shard_file(tmp_path / "a", 2).unlink()
    with pytest.raises(ValueError, match=r"the job was started with the generator .*, what lies there now is"):
        run_job(tmp_path / "a", job, Local(1))
