"""`latentwalk label`: what is shown, what is kept, and what happens when somebody leaves."""

import json

import pytest
from PIL import Image
from rich.console import Console
from typer.testing import CliRunner

from latentwalk.cli import label as command
from latentwalk.cli.blocks import blocks
from latentwalk.cli.main import app
from random_networks import EVERY


@pytest.fixture
def answer(small, tmp_path, monkeypatch):
    """Call the command in a terminal where these keys are pressed: (exit code, text, the lines of the labels)."""
    monkeypatch.setattr(command, "in_terminal", lambda: True)
    table = tmp_path / "labels.csv"

    def call(keys: str, *arguments: object):
        words = [str(word) for word in ("label", small, "--labels", table, *arguments)]
        ran = CliRunner().invoke(app, words, input=keys)
        return ran.exit_code, ran.output, table.read_text().splitlines() if table.exists() else []

    return call


def test_every_key(answer) -> None:
    code, text, lines = answer("yxnsy", "--attribute", "smiling", "--seeds", "3-6")
    assert code == 0
    assert lines == ["seed,smiling", "3,1", "4,0", "6,1"]
    assert "seed 3   smiling?   1 of 4" in text and "smiling: 2 yes, 1 no" in text
    assert "1 are open: the same command goes on with them" in text and "\u2580" in text
    assert "next:" not in text, "two of each kind are needed for what comes next"


def test_the_next_command_is_said_once_there_are_labels(answer, small, tmp_path) -> None:
    text = answer("ynyn", "--attribute", "my hat", "--seeds", "3-6")[1]
    table = tmp_path / "labels.csv"
    assert f"next: latentwalk discover {small} --method fewshot --labels {table} --attribute 'my hat'" in text


def test_back_asks_the_last_one_again(answer) -> None:
    assert answer("ybn" + "q", "--attribute", "hat", "--seeds", "3-6")[2] == ["seed,hat", "3,0"]


def test_quit_keeps_everything_and_the_next_time_goes_on(answer) -> None:
    asked = ("--attribute", "hat", "--seeds", "3-5")
    assert answer("yq", *asked)[2] == ["seed,hat", "3,1"]
    code, text, lines = answer("ny", *asked)
    assert (code, lines) == (0, ["seed,hat", "3,1", "4,0", "5,1"])
    assert "seed 4   hat?   1 of 2" in text and "seed 3   hat?" not in text
    assert "are open" not in text


@pytest.mark.parametrize("leave", ["\x03", ""], ids=["Ctrl-C", "the terminal is gone"])
def test_who_leaves_loses_nothing(answer, leave) -> None:
    code, text, lines = answer("yn" + leave, "--attribute", "hat", "--seeds", "3-9")
    assert (code, lines) == (130, ["seed,hat", "3,1", "4,0"])
    assert "5 are open" in text


def test_several_attributes_and_columns_that_were_there(answer, tmp_path) -> None:
    (tmp_path / "labels.csv").write_text("seed,hair\n7,k\n3,b\n")
    lines = answer("ynny", "--attribute", "hat", "--attribute", "smiling", "--seeds", "3-4")[2]
    assert lines == ["seed,hair,hat,smiling", "7,k,,", "3,b,1,0", "4,,0,1"]


def test_a_sheet_and_room_for_the_labels(small, run, tmp_path) -> None:
    sheet, table = tmp_path / "new" / "sheet.png", tmp_path / "labels.csv"
    table.write_text("seed,hat\n4,1\n")
    arguments = ("label", small, "--attribute", "hat", "--seeds", "3-5", "--labels", table, "--sheet", sheet)
    assert run(*arguments, "--scale", 2, "--columns", 3) == (0, f"wrote {sheet}\nwrote {table}\n", "")
    assert table.read_text() == "seed,hat\n4,1\n3,\n5,\n"
    with Image.open(sheet) as picture:
        assert picture.width == 3 * 32 + 2 * 4 + 2 * 8
    assert run(*arguments).code == 2, "a sheet is not replaced unasked"
    told = run(*arguments, "--force", "--json")
    assert json.loads(told.out) == {"seeds": [3, 4, 5], "files": [str(sheet), str(table)]}


def test_what_to_label_next(small, labels, run, answer, monkeypatch) -> None:
    monkeypatch.setattr(command, "in_terminal", lambda: False)
    arguments = ("label", small, "--attribute", "bright", "--labels", labels, "--next", 3, "--seeds", "100-160")
    code, out, err = run(*arguments)
    seeds = [int(seed) for seed in out.removeprefix("label next: ").split(",")]
    assert (code, err, len(seeds)) == (0, "", 3) and all(119 < seed <= 160 for seed in seeds), "the others have labels"
    assert json.loads(run(*arguments, "--json").out)["seeds"] == seeds
    monkeypatch.setattr(command, "in_terminal", lambda: True)
    lines = answer("yyn", *arguments[2:])[2]
    assert lines[-3:] == [f"{seed},{value}," for seed, value in zip(seeds, (1, 1, 0), strict=True)]


def test_half_blocks_show_two_pixels_in_a_character() -> None:
    picture = Image.new("RGB", (3, 4), "#ff0000")
    picture.putpixel((0, 1), (0, 0, 255))
    text = blocks(picture, 80, 24)
    assert text.plain == "\u2580\u2580\u2580\n" * 2
    assert str(text.spans[0].style) == "#ff0000 on #0000ff"
    console = Console(force_terminal=True, color_system="truecolor", width=80)
    with console.capture() as shown:
        console.print(text)
    assert "38;2;255;0;0;48;2;0;0;255m" in shown.get()


@pytest.mark.parametrize(("columns", "lines", "size"), [(10, 99, (10, 5)), (99, 4, (8, 4)), (200, 99, (64, 32))])
def test_pictures_fit_in_the_terminal(columns, lines, size) -> None:
    rows = blocks(Image.new("RGB", (64, 64)), columns, lines).plain.splitlines()
    assert (len(rows[0]), len(rows)) == size


NAMES = ("--attribute", "hat")
CASES = {
    "no terminal": ((*NAMES,), "needs a terminal: write a sheet with --sheet"),
    "unknown seeds": ((*NAMES, "--seeds", "a-b"), "cannot read the seeds"),
    "seeds backwards": ((*NAMES, "--seeds", "9-3"), "runs backwards"),
    "a name that is a rule": (("--attribute", "hair=k"), "expected a name without ="),
    "a name that is taken": (("--attribute", "seed"), "that is not seed or index"),
    "another format": ((*NAMES, "--labels", "labels.txt"), "ends in .csv"),
    "sheet of another format": ((*NAMES, "--sheet", "sheet.gif"), "ends in .png"),
    "a sheet of too many": ((*NAMES, "--sheet", "s.png", "--seeds", "0-1000"), "at most 1000 pictures"),
    "index": ((*NAMES, "--labels", "index.csv"), "names its codes by index: expected the column 'seed'"),
    "no number": ((*NAMES, "--labels", "words.csv"), "words.csv, line 3: expected a whole number as seed, got 'x'"),
    "twice": ((*NAMES, "--labels", "twice.csv"), "twice.csv, column hat: seed 1 says 1 in line 2 and 0 in line 3"),
    "other values": ((*NAMES, "--labels", "maybe.csv"), "the column hat of maybe.csv holds maybe: expected 0, 1"),
    "no labels yet": ((*NAMES, "--next", "3"), "cannot read the labels"),
    "two attributes": ((*NAMES, "--attribute", "cap", "--next", "3"), "--next is about one attribute, got hat, cap"),
    "too few labels": ((*NAMES, "--labels", "few.csv", "--next", "3"), "'hat' has 1 labels for yes"),
    "too few seeds": ((*NAMES, "--labels", "few.csv", "--next", "3", "--seeds", "0-3"), "2 of the seeds have no label"),
}


@pytest.mark.parametrize(("arguments", "expected"), CASES.values(), ids=CASES.keys())
def test_one_line_and_nothing_written(small, run, tmp_path, monkeypatch, arguments, expected) -> None:
    monkeypatch.setattr(command, "in_terminal", lambda: False)
    monkeypatch.chdir(tmp_path)
    tables = {
        "index": "index,hat\n1,1\n", "words": "seed,hat\n1,1\nx,0\n", "twice": "seed,hat\n1,1\n1,0\n",
        "maybe": "seed,hat\n1,maybe\n", "few": "seed,hat\n0,1\n1,0\n",
    }  # fmt: skip
    for name, text in tables.items():
        (tmp_path / f"{name}.csv").write_text(text)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    code, out, err = run("label", small, *arguments)
    assert (code, out) == (2, ""), err
    assert err.startswith("error: ") and err.count("\n") == 1 and expected in err
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert not (tmp_path / "out").exists()


def test_generators_with_classes_are_refused(small, run, tmp_path, monkeypatch) -> None:
    made = next(make for name, make in EVERY.items() if "biggan" in name)()
    monkeypatch.setattr(command, "load_generator", lambda *_options: made)
    arguments = ("--attribute", "hat", "--sheet", tmp_path / "sheet.png", "--labels", tmp_path / "labels.csv")
    code, out, err = run("label", small, *arguments)
    assert (code, out) == (2, "") and "labels are kept by seed, and this generator has 4 classes" in err
    assert not list(tmp_path.iterdir())
