"""A shard's file is what was written, or it is known not to be."""

import hashlib
import os

import pytest
import torch

from latentwalk.files import NoSpace
from latentwalk.scale.shard import file_sum, read_shard, remove_remains, shard_file, write_shard

TENSORS = {"b": torch.arange(3.0), "a": torch.tensor([[1, 2]]), "half": torch.ones(1, dtype=torch.bfloat16)}
FACTS = {"job": "x", "rows": 2, "reasons": {"1": "NaN"}}


def test_what_was_written_comes_back(tmp_path):
    total, size = write_shard(tmp_path, 3, TENSORS, FACTS)
    path = shard_file(tmp_path, 3)
    assert (file_sum(path), path.stat().st_size) == (total, size)
    assert total == hashlib.sha256(path.read_bytes()).hexdigest()
    tensors, facts = read_shard(path, total)
    assert all(torch.equal(tensors[name], TENSORS[name]) for name in TENSORS)
    assert {key: facts[key] for key in FACTS} == FACTS and facts["shard"] == 3


def test_the_same_is_the_same_bytes_in_whatever_order(tmp_path):
    first = write_shard(tmp_path, 0, TENSORS, FACTS)
    turned = {name: TENSORS[name] for name in reversed(TENSORS)}
    assert write_shard(tmp_path, 0, turned, dict(reversed(FACTS.items()))) == first
    assert write_shard(tmp_path, 1, TENSORS, FACTS)[0] != first[0]


def test_tensors_of_any_layout_and_none(tmp_path):
    odd = {"turned": torch.arange(6.0).view(2, 3).T, "empty": torch.empty(0, 2), "one": torch.tensor(1.0)}
    write_shard(tmp_path, 0, odd, {})
    assert all(torch.equal(read_shard(shard_file(tmp_path, 0)).tensors[name], odd[name]) for name in odd)


def test_every_flipped_bit_is_found(tmp_path):
    """By the sum inside the file alone, in the header, what is said of it, and the numbers."""
    write_shard(tmp_path, 0, TENSORS, FACTS)
    path = shard_file(tmp_path, 0)
    good = path.read_bytes()
    for place in range(8 * len(good)):
        bad = bytearray(good)
        bad[place // 8] ^= 1 << place % 8
        path.write_bytes(bad)
        with pytest.raises(ValueError, match=r"00000000.safetensors is damaged"):
            read_shard(path)


def test_every_shortened_file_and_garbage_is_found(tmp_path):
    write_shard(tmp_path, 0, TENSORS, FACTS)
    path = shard_file(tmp_path, 0)
    good = path.read_bytes()
    for bad in (*(good[:count] for count in range(len(good))), good + b"\0", os.urandom(500), bytes(500)):
        path.write_bytes(bad)
        with pytest.raises(ValueError, match=r"00000000.safetensors is damaged"):
            read_shard(path)


def test_a_sum_is_kept_to(tmp_path):
    total, _ = write_shard(tmp_path, 0, TENSORS, FACTS)
    write_shard(tmp_path, 0, TENSORS, FACTS | {"rows": 3})
    with pytest.raises(ValueError, match="is not what was written"):
        read_shard(shard_file(tmp_path, 0), total)
    with pytest.raises(ValueError, match=r"cannot read .*00000001.safetensors"):
        read_shard(shard_file(tmp_path, 1))


def test_a_full_disk_keeps_what_was_there(tmp_path, room):
    total, _ = write_shard(tmp_path, 0, TENSORS, FACTS)
    room(2000)
    with pytest.raises(NoSpace, match=r"no space left to write .*00000000.safetensors \(4[\d,]+ bytes\)"):
        write_shard(tmp_path, 0, {"a": torch.zeros(10_000)}, FACTS)
    room(None)
    assert [file.name for file in (tmp_path / "shards").iterdir()] == ["00000000.safetensors"]
    read_shard(shard_file(tmp_path, 0), total)


def test_remains_of_these_shards_are_removed(tmp_path):
    write_shard(tmp_path, 5, TENSORS, FACTS)
    for name in (".00000005-abcd1234.safetensors", ".00000006-abcd1234.safetensors", ".other-1.safetensors"):
        (tmp_path / "shards" / name).touch()
    remove_remains(tmp_path, range(6))
    left = sorted(path.name for path in (tmp_path / "shards").iterdir())
    assert left == [".00000006-abcd1234.safetensors", ".other-1.safetensors", "00000005.safetensors"]
