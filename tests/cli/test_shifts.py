"""Fixed strengths: without a scorer, in sweeps, and what is said and told of them."""

import json

import pytest

from latentwalk.cli.shifts import Sweep, read_strength
from latentwalk.images import read_receipt
from latentwalk.jobs.load import load
from latentwalk.latents import Latents


@pytest.fixture
def found(small, run, tmp_path):
    """A file with two directions of the small generator, and their names."""
    path = tmp_path / "sefa.safetensors"
    told = run("discover", small, "--method", "sefa", "--option", "sefa.components=2", "--out", path, "--json")
    assert told.code == 0, told.err
    return path, [row["name"] for row in json.loads(told.out)["methods"]["sefa"]["directions"]]


def test_a_generator_without_a_scorer_is_measured(small, found, run, tmp_path):
    path, names = found
    arguments = ("edit", small, "--direction", f"{path}:{names[0]}", "--strength", 2, "--seeds", "0-1")
    code, out, err = run(*arguments, "--show", "before-after", "--out", tmp_path / "out")
    assert (code, err) == (0, "")
    assert out.startswith(f"no scorer comes with {small}: what changes is told by measurements\n")
    assert "2 of 2 codes moved by" in out and "brightness" in out
    assert run("replay", tmp_path / "out" / "before-after.png").out == "bit for bit the same\n"


def test_no_scores_at_all(small, found, run, tmp_path):
    path, names = found
    arguments = ("edit", small, "--scorer", "none", "--direction", f"{path}:{names[0]}", "--seeds", "0-1")
    code, out, err = run(*arguments, "--out", tmp_path / "out")
    assert (code, err) == (0, "") and "moved" in out and "probability" not in out
    pictures = {"before-after.png", "strip.png", "heat.png", "walk.gif"}
    assert {file.name for file in (tmp_path / "out").iterdir()} == pictures | {"receipt.json", "latents.safetensors"}
    assert run("replay", tmp_path / "out" / "strip.png").out == "bit for bit the same\n"
    code, _, err = run(*arguments, "--out", tmp_path / "more", "--show", "chart")
    assert code == 2 and "--show chart is a picture of scores" in err
    code, _, err = run("edit", small, "--scorer", "none", "--set", "hat", "--out", tmp_path / "more")
    assert code == 2 and "--set needs scores" in err and not (tmp_path / "more").exists()


def test_a_sweep_shows_a_row_per_code_with_its_strengths(small, found, run, tmp_path, monkeypatch):
    seen = []
    strips = __import__("latentwalk.pictures.strip", fromlist=["strips"]).strips
    monkeypatch.setattr(
        "latentwalk.jobs.figures.strips",
        lambda rows, texts, *more: seen.append((rows, texts)) or strips(rows, texts, *more),
    )
    path, names = found
    arguments = ("edit", small, "--scorer", "none", "--direction", f"{path}:{names[0]}", "--strength", "-3:3:7")
    code, out, err = run(*arguments, "--seeds", "0-1", "--show", "strip", "--out", tmp_path / "out")
    assert (code, err) == (0, "") and f"{names[0]} from -3 to +3" in out
    ((rows, texts),) = seen
    assert [len(row) for row in rows] == [7, 7]
    assert [text.split()[-1] for text in texts[0]] == ["-3.0", "-2.0", "-1.0", "+0.0", "+1.0", "+2.0", "+3.0"]
    generator = load(small)
    assert rows[0][3].allclose(generator.render(generator.sample([0]))[0], atol=1e-4), "0 is the code itself"
    assert json.loads(read_receipt(tmp_path / "out" / "strip.png"))["recipe"]["walk"]["settings"]["begin"] == [-3]
    assert run("replay", tmp_path / "out" / "strip.png").out == "bit for bit the same\n"


def test_strengths_and_sweeps():
    assert read_strength("-1.5") == Sweep(-1.5, -1.5) and read_strength("-3:3:7") == Sweep(-3, 3, 7)
    for wrong in ("", "much", "nan", "1:2", "1:2:1", "1:2:x", "1:2:3:4", "0:1:102", "::3"):
        with pytest.raises(ValueError, match="expected a number such as 2"):
            read_strength(wrong)


def test_json_tells_what_happened_to_each_code(small, telling, run, tmp_path):
    arguments = ("edit", small, "--scorer", telling, "--seeds", "4,5", "--set", "bright=0.9", "--show", "none")
    told = json.loads(run(*arguments, "--out", tmp_path / "out", "--json").out)
    first, second = told["results"]
    keys = [
        "index",
        "seed",
        "reached",
        "confirmed",
        "steps",
        "way",
        "distance",
        "usual_before",
        "usual",
        "before",
        "after",
    ]
    assert list(first) == keys
    assert (first["index"], first["seed"], second["index"], second["seed"]) == (0, 4, 1, 5)
    assert first["reached"] and first["after"]["bright"] >= 0.9 > first["before"]["bright"]


def test_the_own_attribute_of_a_direction_is_no_side_effect(small, telling, run, tmp_path):
    path = tmp_path / "d.safetensors"
    assert run("discover", small, "--method", "svm", "--scorer", telling, "--samples", 300, "--out", path).code == 0
    arguments = ("edit", small, "--scorer", telling, "--direction", f"{path}:bright", "--seeds", "0", "--show", "none")
    code, out, _ = run(*arguments, "--out", tmp_path / "out")
    along, others = out.split("moved along")[1].split("what else moved")
    assert code == 0 and "bright" in along and "bright" not in others and "red" in others


@pytest.mark.parametrize("ending", [".jpg", ".webp"])
def test_sheets_in_other_formats(small, run, tmp_path, ending):
    sheet = tmp_path / f"sheet{ending}"
    assert run("sample", small, "--seeds", "0-1", "--out", sheet).code == 0
    assert "job sample" in run("info", sheet).out


def test_published_seeds(small, run, tmp_path):
    codes = tmp_path / "codes.safetensors"
    run("sample", small, "--seeds", "numpy:85", "--out", tmp_path / "a.png", "--codes-out", codes)
    import numpy as np

    expected = np.random.RandomState(85).randn(1, 8)
    assert Latents.load(codes).values.numpy() == pytest.approx(expected.astype(np.float32))
