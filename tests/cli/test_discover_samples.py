"""`discover --samples FOLDER`: directions from scores that are there already."""

import json
import shlex

import pytest
import torch

from latentwalk.direction import Directions
from shards_done import COLOURS, tiny_generator


@pytest.fixture
def scored(tmp_path, monkeypatch):
    from latentwalk.jobs.load import load_scorer
    from latentwalk.jobs.shard_scores import score_job
    from shards_done import done

    monkeypatch.chdir(tmp_path)
    tiny = tiny_generator(tmp_path / "tiny.safetensors")
    done(tmp_path / "s1", score_job(tiny, load_scorer(COLOURS, "cpu", tiny), 400, seed=2))
    return "tiny.safetensors"


def test_a_folder_stands_for_scores_and_the_command_that_is_kept_works(run, scored) -> None:
    first = run("discover", scored, "--samples", "s1", "--method", "regression", "--out", "one.safetensors")
    assert first.code == 0, first.err
    one = Directions.load("one.safetensors")
    words = shlex.split(one.origin.command())
    assert words[:3] == ["latentwalk", "discover", scored] and "s1" in words
    again = run(*words[1:], "--out", "two.safetensors")
    assert again.code == 0, again.err
    two = Directions.load("two.safetensors")
    assert torch.equal(one["red"].vector, two["red"].vector)
    assert (two.origin.runs, two.origin.command()) == ("s1", one.origin.command())


def test_usual_methods_run_from_a_folder_without_a_scorer(run, scored) -> None:
    options = ("--option", "sefa.components=2", "--option", "ganspace.components=2")
    ran = run("discover", scored, "--samples", "s1", *options, "--json", "--out", "found")
    assert ran.code == 0, ran.err
    assert set(json.loads(ran.out)["methods"]) == {"interfacegan", "regression", "sefa", "ganspace"}


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        ("s2", "--samples s2: expected how many codes to score, or the folder of latentwalk score"),
        ("1", "--samples 1: expected 2 to 100,000,000 codes, or a folder"),
        ("-5", "--samples -5: expected how many codes"),
        (".", "holds no job"),
    ],
)
def test_what_is_neither_a_number_nor_a_folder_of_scores_is_refused(run, scored, samples, message) -> None:
    ran = run("discover", scored, f"--samples={samples}", "--method", "regression", "--out", "found")
    assert ran.code == 2
    assert message in ran.err and ran.err.count("\n") == 1
