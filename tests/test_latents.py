"""Codes know their space, keep their labels and seeds together, and survive a file."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from latentwalk.latents import Latents, LatentSpace, concatenate, in_turn


def codes(n: int = 5, labels: bool = True) -> Latents:
    values = torch.arange(n * 3, dtype=torch.float32).view(n, 3)
    return Latents(values, "z", torch.arange(n) % 2 if labels else None, torch.arange(10, 10 + n))


def test_a_space_counts_its_numbers() -> None:
    assert LatentSpace("w+", (14, 512)).size == 14 * 512


@pytest.mark.parametrize(
    ("index", "rows"),
    [
        (1, [1]),
        (-1, [4]),
        (slice(1, 3), [1, 2]),
        ([3, 0], [3, 0]),
        (torch.tensor([4, 4]), [4, 4]),
        (torch.tensor([True, False, False, True, False]), [0, 3]),
    ],
)
def test_an_index_takes_values_labels_and_seeds_along(index, rows: list[int]) -> None:
    whole = codes()
    part = whole[index]
    assert torch.equal(part.values, whole.values[rows])
    assert part.labels is not None and part.labels.tolist() == [row % 2 for row in rows]
    assert part.seeds is not None and part.seeds.tolist() == [10 + row for row in rows]


def test_an_index_beyond_the_end_is_an_error() -> None:
    with pytest.raises(IndexError, match="code 5 of a batch of 5"):
        codes()[5]


def test_new_values_are_no_longer_those_of_the_seeds() -> None:
    moved = codes().with_values(torch.ones(5, 3))
    assert moved.labels is not None and moved.seeds is None


def test_another_type_keeps_everything_else() -> None:
    double = codes().to("cpu", torch.float64)
    assert double.values.dtype == torch.float64
    assert double.labels is not None and double.labels.dtype == torch.int64
    assert double.seeds is not None


@pytest.mark.parametrize("size", [1, 2, 5, 9])
def test_parts_make_the_whole_again(size: int) -> None:
    parts = list(codes().split(size))
    assert max(map(len, parts)) <= size
    again = concatenate(parts)
    assert torch.equal(again.values, codes().values)
    assert again.labels is not None and again.seeds is not None


def test_parts_need_a_size() -> None:
    with pytest.raises(ValueError, match="at least 1 code, got 0"):
        list(codes().split(0))


def test_labels_in_turn() -> None:
    assert in_turn(None, 3) is None
    assert in_turn(torch.tensor([4, 1]), 5).tolist() == [4, 1, 4, 1, 4]
    assert torch.equal(in_turn(torch.eye(3), 2), torch.eye(3)[:2])


def test_only_codes_of_one_kind_are_put_together() -> None:
    with pytest.raises(ValueError, match=r"one space, got \['w', 'z'\]"):
        concatenate([codes(), Latents(torch.zeros(1, 3), "w")])
    with pytest.raises(ValueError, match="labels to all or to none"):
        concatenate([codes(), codes(labels=False)])
    with pytest.raises(ValueError, match="no codes"):
        concatenate([])
    assert concatenate([codes(), codes().with_values(torch.zeros(5, 3))]).seeds is None


def test_bad_values_are_refused(unchecked: None) -> None:
    with pytest.raises(ValueError, match=r"got \[3\]: add the batch dimension"):
        Latents(torch.zeros(3))
    with pytest.raises(ValueError, match=r"floating point numbers, got torch\.int64"):
        Latents(torch.zeros(2, 3, dtype=torch.long))
    with pytest.raises(ValueError, match="got 1 labels for 2 codes"):
        Latents(torch.zeros(2, 3), labels=torch.zeros(1))


@pytest.mark.parametrize("labels", [True, False])
def test_codes_survive_a_file(tmp_path: Path, labels: bool) -> None:
    path = tmp_path / "codes.safetensors"
    codes(labels=labels)[1:4].save(path)
    again = Latents.load(path)
    assert torch.equal(again.values, codes().values[1:4])
    assert again.space == "z" and (again.labels is not None) == labels
    assert again.seeds is not None and again.seeds.tolist() == [11, 12, 13]


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other"
    with pytest.raises(ValueError, match="not a readable file of latent codes"):
        Latents.load(path)
    path.write_text("no tensors", encoding="utf-8")
    with pytest.raises(ValueError, match="not a readable file of latent codes"):
        Latents.load(path)
    for metadata in (None, {"kind": "latentwalk.latents"}, {"kind": "other", "space": "z"}):
        save_file({"values": torch.zeros(1, 2)}, path, metadata)
        with pytest.raises(ValueError, match="holds no latent codes"):
            Latents.load(path)
