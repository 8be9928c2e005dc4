"""Hand labels from a CSV: what every column may mean, and a clear word about every mistake."""

import numpy as np
import pytest
import torch

from latentwalk.labels import LabelTable, read_labels
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
        ("index,smiling\n0,maybe\n1,0\n", ["smiling"], "holds 0, maybe"),
        ("seed,smiling,smiling\n1,1,1\n", [], "give each a name of its own"),
        ("seed,smiling\n1,1,1\n", [], "line 2: '1' stands in a column without a name"),
        ('seed,smiling\n1,"1\n', [], "cannot read the labels"),
        ("seed;smiling\n1.000;1\n", [], "line 2: expected a whole number as seed, got '1.000'"),
        ("index,hair\n0,k\n1,b\n", [], "no column of 0 and 1"),
        ("file,smiling\n0,1\n", [], "first column is seed, index or photo"),
        ("", [], "first column is seed, index or photo"),
        ("index,smiling\n", [], "no rows"),
        ("index,smiling\n0,1\n-1,0\n", [], "line 3: expected a whole number as index, got '-1'"),
        ("\nindex,smiling\n0,1\n\n1.5,0\n", [], "line 5: expected a whole number"),
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
    with pytest.raises(ValueError, match=r"no file .*none.npy: expected latent codes"):
        read_labels(write(TABLE), toy, tmp_path / "none.npy", [])


def test_codes_of_another_generator_are_refused(toy, write, tmp_path):
    np.save(tmp_path / "wide.npy", np.zeros((4, 100), np.float32))
    with pytest.raises(ValueError, match=r"has the shape \[4, 100\]: expected codes of this generator, z \[n, 16\]"):
        read_labels(write(TABLE), toy, tmp_path / "wide.npy", [])
    Latents(torch.zeros(4, 16), "w").save(tmp_path / "w.safetensors")
    with pytest.raises(ValueError, match="got codes of 'w'"):
        read_labels(write(TABLE), toy, tmp_path / "w.safetensors", [])


def test_an_array_of_objects_is_not_executed(toy, write, tmp_path):
    np.save(tmp_path / "objects.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="cannot read the codes"):
        read_labels(write(TABLE), toy, tmp_path / "objects.npy", [])


PLAIN = "seed,smiling,hair,hat\n12,1,k,0\n3,0,b,\n9,,n,1\n"
SPREADSHEET = PLAIN.replace("seed", " Seed ").replace(",1", ", TRUE").replace(",0", ",no ").replace("12,", "12.0,")


def dialects() -> dict[str, bytes]:
    """The table PLAIN as programs and people write it."""
    return {
        "semicolons": PLAIN.replace(",", ";").encode(),
        "semicolons and decimal commas": PLAIN.replace(",", ";").replace(";1", ";1,0").replace(";0", ";0,0").encode(),
        "tabs, UTF-16": PLAIN.replace(",", "\t").encode("utf-16"),
        "UTF-16, big end first": ("\ufeff" + PLAIN).encode("utf-16-be"),
        "UTF-8 with a mark": PLAIN.encode("utf-8-sig"),
        "words and spaces": SPREADSHEET.encode(),
        "capitals": PLAIN.replace("seed", "SEED").replace("1,k", "Yes,k").encode(),
        "Windows": PLAIN.replace("\n", "\r\n").encode(),
        "old Macintosh": PLAIN.replace("\n", "\r").encode(),
        "Excel's hint": ("sep=;\r\n" + PLAIN.replace(",", ";")).encode(),
        "quotes": "".join(f'"{line.replace(",", chr(34) + ", " + chr(34))}"\n' for line in PLAIN.split()).encode(),
        "empty lines and columns": (PLAIN.replace("\n", ",,,\n") + ",,,,,,\n\n" + ",,,,,,\n").encode(),
        "an empty column inside": PLAIN.replace(",", ",,").encode(),
        "a seed twice": (PLAIN + "12,,k,\n3,False,,\n").encode(),
    }


@pytest.mark.parametrize("dialect", dialects())
def test_every_dialect_says_the_same(toy, tmp_path, dialect):
    (tmp_path / "plain.csv").write_text(PLAIN)
    (tmp_path / "other.csv").write_bytes(dialects()[dialect])
    table = LabelTable.read(tmp_path / "other.csv")
    assert table == LabelTable.read(tmp_path / "plain.csv")
    wanted = ["smiling", "hat=hat:yes/no", "black=hair:k"]
    samples, plain = (read_labels(tmp_path / name, toy, None, wanted) for name in ("other.csv", "plain.csv"))
    assert torch.equal(samples.latents.values, plain.latents.values)
    torch.testing.assert_close(samples.scores, plain.scores, equal_nan=True, rtol=0, atol=0)
    table.write(tmp_path / "other.csv")
    assert (tmp_path / "other.csv").read_text() == PLAIN, "what is written is the plain form"


def test_a_seed_with_both_answers_is_named(tmp_path, toy):
    path = tmp_path / "labels.csv"
    path.write_text("seed,hat\n1,0\n12,TRUE\n\n5,1\n12,\n12,0\n")
    with pytest.raises(ValueError, match="column hat: seed 12 says 1 in line 3 and 0 in line 7: keep one"):
        read_labels(path, toy, None, [])


def test_names_are_no_answers(tmp_path):
    """A colour of hair that is called "n" stays that, even where no other one was seen yet."""
    path = tmp_path / "labels.csv"
    path.write_text('\ufeffseed,hair,note\n7, n ,"a, b"\n3,,\n', encoding="utf-8")
    table = LabelTable.read(path)
    assert (table.columns, table.cell(7, "hair"), table.cell(7, "note")) == (("hair", "note"), "n", "a, b")
    table.write(path)
    assert path.read_text() == 'seed,hair,note\n7,n,"a, b"\n3,,\n'


def test_room_for_more_takes_nothing_away():
    table = LabelTable().with_cell(3, "hat", "1").with_rows([3, 4], ["smiling"])
    assert table.columns == ("hat", "smiling") and table.cell(3, "hat") == "1"
