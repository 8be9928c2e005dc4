"""Hand labels from a CSV: what every column may mean, and a clear word about every mistake."""

import numpy as np
import pytest
import torch

from latentwalk.labels import count_labels, read_labels
from latentwalk.latents import Latents

TABLE = "index,smiling,hair\n0,1,k\n2,0,b\n1,,n\n3,1,x\n"


@pytest.fixture
def codes(tmp_path):
    path = tmp_path / "codes.npy"
    np.save(path, np.arange(64, dtype=np.float32).reshape(4, 16))
    return path


@pytest.fixture
def write(tmp_path):
    def write(text: str):
        path = tmp_path / "labels.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_columns_of_zero_and_one_are_taken_and_gaps_stay_unknown(toy, write, codes):
    samples = read_labels(write(TABLE), toy, codes, [])
    assert samples.attributes == ("smiling",)
    np.testing.assert_array_equal(samples.scores[:, 0].numpy(), [1, 0, np.nan, 1])
    assert samples.latents.values[:, 0].tolist() == [0, 32, 16, 48], "the order is that of the rows"
    assert count_labels(samples.scores) == [(2, 1)]


def test_names_become_attributes(toy, write, codes):
    samples = read_labels(write(TABLE), toy, codes, ["black=hair:k", "dark=hair:k,n/b", "smile=smiling"])
    assert samples.attributes == ("black", "dark", "smile")
    np.testing.assert_array_equal(samples.scores[:, 0].numpy(), [1, 0, 0, 0])
    np.testing.assert_array_equal(samples.scores[:, 1].numpy(), [1, 0, 1, np.nan])


def test_seeds_need_no_file_of_codes(toy, write):
    samples = read_labels(write("seed,smiling\n7,1\n3,0\n"), toy, None, [])
    assert torch.equal(samples.latents.values, toy.sample([7, 3]).values)


def test_codes_may_be_saved_latents(toy, write, tmp_path):
    codes = toy.sample(range(4))
    codes.save(tmp_path / "codes.safetensors")
    samples = read_labels(write(TABLE), toy, tmp_path / "codes.safetensors", [])
    assert torch.equal(samples.latents.values[1], codes.values[2])


@pytest.mark.parametrize(
    ("text", "wanted", "says"),
    [
        (TABLE, ["smilling"], "no column 'smilling': there are smiling, hair"),
        (TABLE, ["hair"], "holds b, k, n, x: expected 0, 1 or nothing"),
        (TABLE, ["red=hair:r"], "never holds r"),
        (TABLE, ["black=hair:k/q"], "never holds q"),
        (TABLE, ["smiling", "smiling"], "smiling twice"),
        ("index,smiling\n0,yes\n1,0\n", ["smiling"], "holds 0, yes"),
        ("index,hair\n0,k\n1,b\n", [], "no column of 0 and 1"),
        ("file,smiling\n0,1\n", [], "first column is 'seed' or 'index'"),
        ("", [], "first column is 'seed' or 'index'"),
        ("index,smiling\n", [], "no rows"),
        ("index,smiling\n0,1\n-1,0\n", [], "line 3: expected a whole number as index, got '-1'"),
        ("index,smiling\n0,1\n1.5,0\n", [], "line 3: expected a whole number"),
        ("index,smiling\n²,1\n", [], "line 2: expected a whole number"),
        ("index,smiling\n0,1\n4,0\n", [], "names the code 4, but .*codes.npy holds 4"),
    ],
)
def test_every_mistake_is_named(toy, write, codes, text, wanted, says):
    with pytest.raises(ValueError, match=says):
        read_labels(write(text), toy, codes, wanted)


def test_missing_files_are_named(toy, write, tmp_path, codes):
    with pytest.raises(ValueError, match="cannot read the labels"):
        read_labels(tmp_path / "none.csv", toy, codes, [])
    with pytest.raises(ValueError, match="give the file of the codes with --codes"):
        read_labels(write(TABLE), toy, None, [])
    with pytest.raises(ValueError, match="cannot read the codes"):
        read_labels(write(TABLE), toy, tmp_path / "none.npy", [])


def test_codes_of_another_generator_are_refused(toy, write, tmp_path):
    np.save(tmp_path / "wide.npy", np.zeros((4, 100), np.float32))
    with pytest.raises(ValueError, match=r"has the shape \[16\], got \[100\]"):
        read_labels(write(TABLE), toy, tmp_path / "wide.npy", [])
    Latents(torch.zeros(4, 16), "w").save(tmp_path / "w.safetensors")
    with pytest.raises(ValueError, match="got codes of 'w'"):
        read_labels(write(TABLE), toy, tmp_path / "w.safetensors", [])


def test_an_array_of_objects_is_not_executed(toy, write, tmp_path):
    np.save(tmp_path / "objects.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="cannot read the codes"):
        read_labels(write(TABLE), toy, tmp_path / "objects.npy", [])
