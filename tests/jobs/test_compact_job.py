"""One table of a job that is done: the same bytes, whoever did it."""

import json

import pytest
import torch
from safetensors import safe_open

from latentwalk.jobs import shard_work
from latentwalk.jobs.compact_job import compact_job
from latentwalk.jobs.run_shards import run_job
from latentwalk.numerics.counted import normal_rows
from latentwalk.scale.job import Job
from latentwalk.scale.shard import shard_file
from sharded import Here, open_rows, small_job

SETTINGS = {"numbers": 2, "keep": "float32", "bad": [5]}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setitem(shard_work.KINDS, "score", open_rows)
    run_job(tmp_path / "run", small_job(kind="score", settings=SETTINGS), Here())
    return tmp_path / "run"


def test_rows_are_codes_and_failed_ones_are_named(folder, tmp_path):
    compact_job(folder, tmp_path / "t.safetensors")
    with safe_open(tmp_path / "t.safetensors", "pt") as file:
        assert torch.equal(file.get_tensor("scores"), normal_rows(3, 0, 38, 2))
        assert file.get_tensor("failed").tolist() == [5]
        said = json.loads(file.metadata()["latentwalk"])
    assert said["kind"] == "latentwalk.scores"
    assert Job.model_validate_json(said["job"]) == small_job(kind="score", settings=SETTINGS)


@pytest.mark.parametrize("ending", ["safetensors", "parquet"])
def test_who_did_it_does_not_matter(ending, folder, tmp_path):
    pytest.importorskip("pyarrow" if ending == "parquet" else "safetensors")
    run_job(tmp_path / "other", small_job(kind="score", settings=SETTINGS), Here(lambda s: list(reversed(s))))
    tables = [
        compact_job(path, tmp_path / f"{path.name}.{ending}").read_bytes() for path in (folder, tmp_path / "other")
    ]
    assert tables[0] == tables[1]


def test_a_parquet_table_has_a_column_per_attribute(folder, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(compact_job(folder, tmp_path / "t.parquet"))
    assert table.column_names == ["row", "one", "two"] and table["row"].to_pylist() == list(range(38))
    assert table["two"].to_pylist() == normal_rows(3, 0, 38, 2)[:, 1].tolist()


def test_what_a_killed_one_left_is_removed(folder, tmp_path):
    (tmp_path / ".t-abcd1234.safetensors").touch()
    compact_job(folder, tmp_path / "t.safetensors")
    assert not list(tmp_path.glob(".t-*"))


def test_what_is_not_done_or_damaged_is_no_table(folder, tmp_path):
    out = tmp_path / "t.safetensors"
    good = shard_file(folder, 4).read_bytes()
    shard_file(folder, 4).write_bytes(good[:-1] + b"x")
    with pytest.raises(ValueError, match=r"00000004.safetensors is not what was written.*it is redone alone"):
        compact_job(folder, out)
    run_job(tmp_path / "part", small_job(kind="score", settings=SETTINGS), Here(), range(3))
    with pytest.raises(ValueError, match="has 3 of 10 shards: give the command that started it again"):
        compact_job(tmp_path / "part", out)
    assert not out.exists()
