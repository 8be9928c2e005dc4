"""What is written down: each step once, whatever happened in between."""

import json

import pytest
import torch

from latentwalk.files import NoSpace
from latentwalk.training import diary
from latentwalk.training.diary import Diary
from latentwalk.training.runs import open_run


@pytest.fixture(autouse=True)
def every_other(monkeypatch):
    monkeypatch.setattr(diary, "LINES", 2)


def keep(one: Diary, first: int, last: int) -> None:
    for done in range(first, last):
        one(done, {"loss": torch.tensor(float(done))})


def test_lines_of_a_resumed_run_are_those_of_an_unbroken_one(tmp_path):
    keep(Diary(tmp_path / "a.jsonl", 10), 1, 12)
    keep(Diary(tmp_path / "b.jsonl", 10), 1, 9)
    with (tmp_path / "b.jsonl").open("a") as file:
        file.write('{"step": 9, "los')  # the power failed
    keep(Diary(tmp_path / "b.jsonl", 10), 5, 12)  # the checkpoint was of step 4
    read = [[json.loads(line) for line in (tmp_path / f).read_text().splitlines()] for f in ("a.jsonl", "b.jsonl")]
    steps = [[(line["step"], line["kimg"], line["loss"]) for line in lines] for lines in read]
    assert steps[0] == steps[1] == [(n, n / 100, float(n)) for n in (2, 4, 6, 8, 10)]


def test_a_full_disk_is_said_in_one_line(tmp_path, room):
    one = Diary(tmp_path / "losses.jsonl", 10)
    keep(one, 1, 4)
    room(100)
    with pytest.raises(NoSpace, match=r"no space left to write .*losses\.jsonl"):
        keep(one, 4, 20)
    room(None)
    keep(Diary(tmp_path / "losses.jsonl", 10), 4, 8)
    steps = [json.loads(line)["step"] for line in (tmp_path / "losses.jsonl").read_text().splitlines()]
    assert steps == [2, 4, 6]


def test_something_is_shown_whenever_enough_was_seen(tmp_path):
    seen: list[float] = []
    keep(Diary(tmp_path / "a.jsonl", 300, seen.append, every=1), 1, 12)
    assert seen == pytest.approx([1.2, 2.1, 3.0])


def test_other_settings_are_refused_by_name(tmp_path):
    checkpoint = open_run(tmp_path, {"recipe": {"batch": 32, "turns": [{"rate": 0.1}]}})
    assert checkpoint is not None
    checkpoint.write_bytes(b"")
    open_run(tmp_path, {"recipe": {"batch": 32, "turns": [{"rate": 0.1}]}})
    with pytest.raises(ValueError, match=r"recipe.turns.0.rate is 0.1 there, 0.2 here"):
        open_run(tmp_path, {"recipe": {"batch": 32, "turns": [{"rate": 0.2}]}})
