"""`latentwalk discover` and `latentwalk report`, from a checkpoint to the page."""

import shlex
import shutil
from pathlib import Path

import pytest
import torch

from latentwalk.checkpoints.own import write
from latentwalk.cli.main import main
from latentwalk.direction import Direction, Directions
from latentwalk.evaluation import Evaluation
from latentwalk.origin import Origin, Source
from random_networks import random_biggan

SMALL = ("--codes", 12, "--strengths", 3)
FEW = ("--samples", 200, "--option", "sefa.components=2", "--option", "ganspace.components=2")


@pytest.fixture(scope="module")
def once(small, tmp_path_factory):
    """Directions of a checkpoint that came without a scorer, named by what can be measured."""
    folder = tmp_path_factory.mktemp("found") / "found"
    methods = ("--method", "regression", "--method", "sefa", "--method", "ganspace")
    command = ("discover", small, *methods, "--scorer", "measurements", *FEW, "--out", folder)
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in command])
    assert not ended.value.code
    return folder


@pytest.fixture
def found(once, tmp_path, monkeypatch):
    """The same directions in a folder of one's own."""
    monkeypatch.chdir(tmp_path)
    return sorted(Path(shutil.copytree(once, "found")).absolute().iterdir())


def test_from_a_checkpoint_to_the_page(run, found, small, tmp_path) -> None:
    code, out, err = run("report", *found, *SMALL)
    assert (code, err) == (0, "")
    for ending in ("html", "md", "json"):
        assert f"wrote out/directions.{ending}" in out
    page = (tmp_path / "out" / "directions.html").read_text()
    assert "measurements-judge" in page
    for file in found:
        for direction in Directions.load(file):
            assert f"{file.stem}:{direction.name}" in page


def test_the_commands_on_the_page_find_the_same_directions_again(run, found, tmp_path) -> None:
    assert run("report", *found, *SMALL).code == 0
    lines = (tmp_path / "out" / "directions.md").read_text().split("## Commands")[1].split("\n")
    commands = [shlex.split(line) for line in lines if line.startswith("    latentwalk discover")]
    assert len(commands) == len(found)
    for command in commands:
        assert run(*command[1:], "--out", "again").code == 0
    for file in found:
        one, other = Directions.load(file), Directions.load(tmp_path / "again" / file.name)
        assert [d.name for d in one] == [d.name for d in other]
        assert all((a.vector == b.vector).all() for a, b in zip(one, other, strict=True))


def test_a_generator_is_looked_for_beside_the_file_that_names_it(run, small, tmp_path, monkeypatch) -> None:
    (tmp_path / "home" / "found").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "home" / "g.safetensors").write_bytes(small.read_bytes())
    items = tuple(Direction(f"axis {i}", torch.eye(8)[i]) for i in range(2))
    Directions(items, Origin(generator=Source(source="g.safetensors"))).save(
        tmp_path / "home" / "found" / "d.safetensors"
    )
    monkeypatch.chdir(tmp_path / "elsewhere")
    code, _, err = run("report", "../home/found/d.safetensors", *SMALL)
    assert (code, err) == (0, "")
    (tmp_path / "home" / "g.safetensors").unlink()
    code, _, err = run("report", "../home/found/d.safetensors", *SMALL, "--force")
    assert code == 2
    assert "no file 'g.safetensors'" in err and str(tmp_path / "home" / "found") in err and "--generator" in err


def test_the_command_on_the_page_holds_the_classes(run, tmp_path, monkeypatch) -> None:
    """Of conditional directions: without them another command would be another fit."""
    monkeypatch.chdir(tmp_path)
    write(random_biggan(), tmp_path / "g.safetensors")
    sefa = ("--method", "sefa", "--option", "sefa.components=2", "--samples", 32)
    code, _, err = run("discover", "g.safetensors", *sefa, "--class", "0,2", "--out", "d.safetensors")
    assert code == 0, err
    assert run("report", "d.safetensors", "--codes", 4, "--strengths", 3, "--class", "0,2").code == 0
    page = (tmp_path / "out" / "directions.html").read_text()
    for verb in ("discover", "report"):
        assert "--class 0,2" in next(line for line in page.split("\n") if f"latentwalk {verb} " in line), verb


def test_files_that_exist_are_kept(run, found, tmp_path) -> None:
    (tmp_path / "mine.md").write_text("notes")
    code, _, err = run("report", *found, *SMALL, "--out", "mine.html")
    assert code == 2 and "mine.md" in err
    assert (tmp_path / "mine.md").read_text() == "notes"
    code, _, err = run("report", *found, *SMALL, "--out", "mine.pdf")
    assert code == 2 and "ends in .html" in err


def test_ranges_and_figures_go_into_the_files_when_asked(run, found, tmp_path) -> None:
    found = found[1:]  # two of the files show it
    before = [file.read_bytes() for file in found]
    assert run("evaluate", *found, *SMALL, "--out", "e.json").code == 0
    assert [file.read_bytes() for file in found] == before
    assert run("evaluate", *found, *SMALL, "--out", "e.json", "--force", "--update").code == 0
    ranges = {result.key: result.range for result in Evaluation.read(tmp_path / "e.json").directions}
    for file in found:
        directions = Directions.load(file)
        assert directions.origin.evaluation.judge == "measurements-judge"
        for direction in directions:
            assert direction.range == ranges[f"{file.stem}:{direction.name}"]
            assert "effect" in directions.origin.evaluation.figures[direction.name]


def test_a_strength_beyond_the_range_is_said(run, found, small, tmp_path) -> None:
    file = tmp_path / "found" / "sefa.safetensors"
    name = Directions.load(file)[0].name
    arguments = ("edit", small, "--scorer", "measurements", "--seeds", 0, "--show", "none", "--direction")
    code, _, err = run(*arguments, f"{file}:{name}", "--strength", 9)
    assert code == 0
    assert "was seen to work from -3 to 3, 9 is further" in err
