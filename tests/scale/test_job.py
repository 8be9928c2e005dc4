"""A job is what its result depends on, and nothing else."""

import os

import pytest

from latentwalk.files import NoSpace
from latentwalk.origin import Source
from latentwalk.scale.job import JOB, MOST_SHARDS, parse_span, read_job, shard_size
from sharded import forked, small_job, succeeded


def test_rows_of_all_shards_are_all_rows():
    job = small_job()
    assert job.shards == 10 and [row for s in range(10) for row in job.rows_of(s)] == list(range(38))
    for outside in (-1, 10):
        with pytest.raises(ValueError, match=f"the job has the shards 0 to 9, got {outside}"):
            job.rows_of(outside)


OTHERS = {
    "seed": {"seed": 4},
    "dtype": {"dtype": "float16"},
    "device": {"device": "cuda"},
    "batch": {"batch": 4},
    "shard": {"shard": 8},
    "rows": {"rows": 39},
    "latentwalk": {"latentwalk": "9.9"},
    "generator.fingerprint": {"generator": Source(source="some/where.pkl", fingerprint="f" * 16)},
    "scorer.fingerprint": {"scorer": Source(source="scorer.safetensors", fingerprint="f" * 16)},
    "drawing.truncation": {"drawing": {"truncation": 0.7}},
    "settings.numbers": {"settings": {"numbers": 3}},
    "attributes.0": {"attributes": ["two", "one"]},
}


@pytest.mark.parametrize("field", OTHERS)
def test_another_job_is_refused_and_the_field_is_named(field, tmp_path):
    small_job().write(tmp_path)
    before = (tmp_path / JOB).read_bytes()
    other = small_job(**OTHERS[field])
    assert other.name != small_job().name
    with pytest.raises(ValueError, match=rf"holds another job \({field} is .* there, .* here\): give the same"):
        other.write(tmp_path)
    assert (tmp_path / JOB).read_bytes() == before


def test_where_a_file_lies_is_not_what_it_is(tmp_path):
    small_job().write(tmp_path)
    moved = small_job(generator=Source(source="else/where.pkl", fingerprint="0123456789abcdef"))
    moved.write(tmp_path)
    assert moved.name == small_job().name and read_job(tmp_path) == small_job()
    named = [small_job(generator=Source(source=name)).name for name in ("a", "b")]
    assert named[0] != named[1], "without a fingerprint the name is all that there is"


def test_of_several_that_begin_at_once_one_begins(tmp_path):
    """Others, with other seeds, are told; and the file is whole at every moment."""
    started, going = os.pipe()

    def begin(seed: int) -> None:
        os.read(started, 1)  # all wait for each other
        small_job(seed=seed).write(tmp_path)

    processes = [forked(lambda seed=seed: begin(seed)) for seed in range(8)]
    os.write(going, b"x" * 8)
    assert sorted(map(succeeded, processes)) == [False] * 7 + [True]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["claims.lock", JOB]


def test_what_is_no_job_is_said_in_one_line(tmp_path):
    with pytest.raises(ValueError, match=r"holds no job: expected one of latentwalk score or the like$"):
        read_job(tmp_path)
    for text in ("", "{", "[]", '{"kind": "score"}', small_job().model_dump_json()[:-1] + ', "new": 1}'):
        (tmp_path / JOB).write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match=r"job.json is damaged or of another version: [^\n]*$"):
            read_job(tmp_path)


def test_a_full_disk_begins_nothing(tmp_path, room):
    room(100)
    with pytest.raises(NoSpace, match=rf"no space left to write {tmp_path / JOB} \([\d,]+ bytes\)"):
        small_job().write(tmp_path)
    room(None)
    assert [path.name for path in tmp_path.iterdir()] == ["claims.lock"]
    small_job().write(tmp_path)
    assert read_job(tmp_path) == small_job()


def test_a_shard_has_whole_batches_and_a_folder_not_too_many():
    assert shard_size(100, 64) == 1024 and shard_size(100, 60) == 1080
    assert shard_size(100, 64, 100) == 128 and shard_size(100, 64, 1) == 64
    assert -(-(10**9) // shard_size(10**9, 64)) <= MOST_SHARDS
    with pytest.raises(ValueError, match="at least one row, got 0"):
        shard_size(100, 64, 0)


def test_spans():
    assert parse_span("0:10", 10) == range(10) and parse_span("3:4", 10) == range(3, 4)
    for text in ("3", "", ":", "a:b", "-1:3", "1:2:3", "1.5:2", ":3"):
        with pytest.raises(ValueError, match=f"--shards {text}: expected FIRST:END, such as 0:100"):
            parse_span(text, 10)
    for text in ("3:3", "4:3", "0:11", "10:11"):
        with pytest.raises(ValueError, match=f"--shards {text}: this job has 10 shards, expected a part of 0:10"):
            parse_span(text, 10)
