"""`latentwalk evaluate`, as a person meets it."""

import json
from pathlib import Path

import pytest
import torch

from latentwalk.checkpoints.own import write
from latentwalk.direction import Direction, Directions
from latentwalk.evaluation import Evaluation
from latentwalk.jobs.load import load
from latentwalk.origin import Origin, Source
from random_networks import random_stylegan2
from shards_done import Here

SMALL = ("--codes", 12, "--strengths", 3)


@pytest.fixture
def directions(small, tmp_path, monkeypatch):
    """A file of three directions of the small generator, in the working directory."""
    monkeypatch.chdir(tmp_path)
    generator = load(small)
    items = [Direction(name, torch.eye(8)[i]) for i, name in enumerate(("bright", "red", "red too"))]
    made_for = Source(source=str(small), fingerprint=generator.fingerprint)
    Directions(tuple(items), Origin(method="svm", generator=made_for, seed=0)).save("found.safetensors")
    return "found.safetensors"


def test_a_table_and_a_file(run, directions, telling, tmp_path) -> None:
    code, out, err = run("evaluate", directions, "--judge", telling, *SMALL)
    assert (code, err) == (0, "")
    for text in ("direction", "off/on", "crosses", "found:bright", "found:red", "12 held-out codes", " to "):
        assert text in out
    assert "wrote out/evaluation.json" in out
    kept = Evaluation.read(tmp_path / "out" / "evaluation.json")
    assert [result.key for result in kept.directions] == ["found:bright", "found:red", "found:red too"]
    assert kept.seed == 1


def test_directions_of_one_attribute_are_compared(run, directions, telling) -> None:
    code, out, _ = run("evaluate", directions, directions, "--judge", telling, *SMALL)
    assert code == 0
    assert "all at a change of" in out
    assert "best" in out
    assert "found:bright (2)" in out


def test_json_alone(run, directions, telling) -> None:
    code, out, err = run("evaluate", directions, "--judge", telling, *SMALL, "--json", "--out", "a.json")
    assert (code, err) == (0, "")
    assert json.loads(out)["codes"] == 12
    assert Evaluation.model_validate(json.loads(out)) == Evaluation.read("a.json")


def test_bundled_judge_and_generator(run, faces, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    vector = torch.nn.functional.normalize(torch.ones(faces.input_space.size), dim=0)
    name = Source(source="faces64")
    Directions((Direction("hat", vector),), Origin(generator=name, scorer=name)).save("d.safetensors")
    code, out, err = run("evaluate", "d.safetensors", "--codes", 4, "--strengths", 3)
    assert (code, err) == (0, "")
    assert "judged by faces64-judge" in out
    code, out, err = run("evaluate", "d.safetensors", "--judge", "faces64", "--force")
    assert (code, out) == (2, "")
    assert "were fitted on the scorer faces64: judge them with another one" in err


CASES = {
    "unknown judge": (("--judge", "nobody"), "no scorer 'nobody'"),
    "no such file": (("nowhere.safetensors",), "no file nowhere.safetensors: expected a file of directions"),
    "even strengths": (("--judge", "TELLING", "--strengths", 4), "an odd number of strengths"),
    "seed of the fit": (("--judge", "TELLING", "--seed", 0), "the seed 0 drew the codes"),
    "classes of none": (("--judge", "TELLING", "--class", "3"), "this generator has no classes"),
    "features that are not installed": (("--judge", "TELLING", "--features", "imagenet"), "latentwalk[features]"),
    "another format": (("--out", "a.txt"), "ends in .json"),
    "file that exists": (("--judge", "TELLING", "--out", "there.json"), "--force"),
    "another generator": (("--judge", "TELLING", "--generator", "faces64"), "--force-generator"),
    "forced, but of another size": (
        ("--judge", "TELLING", "--generator", "faces64", "--force-generator"),
        "moves z codes by 8 numbers",
    ),
}


@pytest.mark.parametrize(("arguments", "expected"), CASES.values(), ids=CASES.keys())
def test_one_line_and_nothing_written(run, directions, telling, tmp_path, monkeypatch, arguments, expected) -> None:
    (tmp_path / "there.json").write_text("old")
    monkeypatch.setattr("latentwalk.features.imagenet.find_spec", lambda name: None)
    before = sorted(tmp_path.rglob("*"))
    given = [telling if argument == "TELLING" else argument for argument in arguments]
    code, out, err = run("evaluate", directions, *given)
    assert (code, out) == (2, ""), err
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert expected in err
    assert [path for path in sorted(tmp_path.rglob("*")) if "__pycache__" not in str(path)] == before


def test_a_file_that_names_no_generator(run, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    Directions((Direction("one", torch.eye(8)[0]),)).save("old.safetensors")
    assert run("evaluate", "old.safetensors") == (
        2,
        "",
        "error: the files name no generator: choose one with --generator\n",
    )


def test_pictures_are_drawn_with_the_options_that_directions_were_found_with(
    run, telling, tmp_path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    generator = random_stylegan2()
    write(generator, tmp_path / "g.safetensors")
    arguments = ("discover", "g.safetensors", "--method", "sefa", "--option", "sefa.components=2", "--samples", 50)
    assert run(*arguments, "--truncation", 0.5, "--out", "half.safetensors").code == 0
    assert run(*arguments, "--out", "whole.safetensors").code == 0
    assert run("evaluate", "half.safetensors", "--judge", telling, *SMALL, "--out", "half.json").code == 0
    assert Evaluation.read("half.json").drawing.truncation == 0.5
    code, _, err = run("evaluate", "half.safetensors", "whole.safetensors", "--judge", telling, *SMALL)
    assert code == 2
    assert "different truncation" in err
    half = Path("half.safetensors").read_bytes()
    Path("damaged.safetensors").write_bytes(half.replace(rb"\"truncation\":0.5", rb"\"truncation\":[1]"))
    code, _, err = run("evaluate", "damaged.safetensors", "--judge", telling, *SMALL, "--out", "d.json")
    assert code == 2
    assert "damaged, or newer than this version: drawing.truncation" in err and err.count("\n") == 1


def test_workers_that_are_named_write_the_same_figures_and_the_same_line_goes_on(
    run, directions, telling, tmp_path, monkeypatch
) -> None:
    engine = Here()
    monkeypatch.setattr("latentwalk.jobs.engines.read_engine", lambda *how: engine)
    monkeypatch.setenv("LATENTWALK_CACHE", str(tmp_path / "cache"))
    line = ("evaluate", directions, "--judge", telling, *SMALL, "--force")
    alone, shared, again = (run(*line, *who, "--out", "a.json") for who in ((), ("--workers", 1), ("--workers", 1)))
    assert (alone.code, alone.err) == (0, "")
    assert shared.code == again.code == 0
    assert alone.out == shared.out == again.out
    assert engine.ran == [0]
    assert "12 codes are looked at in" in shared.err and str(tmp_path / "cache" / "runs") in shared.err


def test_more_codes_than_fit_are_refused_before_anything_is_drawn(run, directions, telling) -> None:
    code, out, err = run("evaluate", directions, "--judge", telling, "--codes", 10**6)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "1,000,000 codes along 3 directions take" in err and "(--codes), or fewer directions at once" in err
