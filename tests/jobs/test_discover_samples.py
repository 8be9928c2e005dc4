"""Directions out of folders of scores, given and made by themselves."""

import shlex

import pytest
import torch

from latentwalk.generators.wrapped import wrap
from latentwalk.jobs.discover import discover
from latentwalk.jobs.load import load_scorer
from latentwalk.jobs.shard_scores import read_scores, score_job
from latentwalk.methods.regression import Regression
from latentwalk.origin import Source
from shards_done import COLOURS, Here, colours, done, tiny_generator


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return tiny_generator(tmp_path_factory.mktemp("tiny") / "tiny.safetensors")


@pytest.fixture(scope="module")
def scorer(tiny):
    return load_scorer(COLOURS, "cpu", tiny)


@pytest.fixture(scope="module")
def folder(tiny, scorer, tmp_path_factory):
    return done(tmp_path_factory.mktemp("s1"), score_job(tiny, scorer, 900, seed=5, shard=256))


@pytest.fixture
def few(monkeypatch, tmp_path):
    """Above 300 codes a job begins by itself, in a cache of its own."""
    monkeypatch.setattr("latentwalk.samples.COUNTED", 300)
    monkeypatch.setenv("LATENTWALK_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_methods_learn_from_the_scores_of_a_folder_without_a_scorer(tiny, folder) -> None:
    found = discover(tiny, ["regression", "svm"], samples=folder)
    alone = Regression().fit(tiny, read_scores(folder, tiny))
    assert torch.equal(found["regression"]["red"].vector, alone["red"].vector)
    assert [direction.name for direction in found["svm"]] == ["red", "green"]


def test_the_origin_says_where_the_scores_came_from_and_how_to_do_it_again(tiny, scorer, folder) -> None:
    origin = discover(tiny, ["regression"], None, ["green"], folder)["regression"].origin
    assert (origin.samples, origin.seed, origin.runs) == (900, 5, str(folder))
    assert origin.scorer and origin.scorer.source == COLOURS
    assert origin.cost.images == 900
    words = shlex.split(origin.command())
    assert words[words.index("--samples") + 1] == str(folder)
    assert words[words.index("--attribute") + 1] == "green"
    assert "--seed" not in words


def test_methods_that_need_codes_alone_take_those_of_the_folder(tiny, scorer, folder) -> None:
    found = discover(
        tiny, ["ganspace", "sefa"], samples=str(folder), options={"ganspace": {"components": 3}}, namer=scorer
    )
    assert len(found["ganspace"]) == 3
    origin = found["ganspace"].origin
    assert origin.scorer is None and origin.cost.images == 0 and origin.names
    assert origin.names.scorer == Source.of(scorer)


def test_methods_that_need_a_scorer_take_that_of_the_job(tiny, scorer, folder) -> None:
    assert len(discover(tiny, ["gradient"], scorer, samples=folder)["gradient"]) == 2
    with pytest.raises(ValueError, match="gradient learns from scores: name a scorer"):
        discover(tiny, ["gradient"], samples=folder)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"seed": 4}, "has seed 5, got 4: leave it out"),
        ({"labels": torch.tensor([1])}, r"has classes \[\], got \[1\]"),
        ({"attributes": ["blue"]}, "has no scores of blue: there are red, green"),
        ({"attributes": []}, "expected at least one attribute, got none: there are red, green"),
        ({"scorer": lambda images: images.mean((1, 2, 3))}, "holds scores of shards_done:colours .* not of"),
    ],
)
def test_what_is_not_that_of_the_folder_is_refused(tiny, folder, wrong, message) -> None:
    with pytest.raises(ValueError, match=message):
        discover(tiny, ["regression"], samples=folder, **wrong)


def test_a_job_keeps_how_its_pictures_are_drawn(tiny, scorer, tmp_path) -> None:
    short = tiny.with_options(truncation=0.5)
    folder = done(tmp_path, score_job(short, scorer, 200, shard=256))
    assert discover(tiny, ["regression"], samples=folder)["regression"].origin.drawing == short.options
    with pytest.raises(ValueError, match="options of the pictures"):
        discover(tiny.with_options(truncation=0.7), ["regression"], samples=folder)


def test_many_codes_go_through_a_folder_that_is_gone_on_with(tiny, scorer, few) -> None:
    told, engine = [], Here()
    first = discover(tiny, ["regression"], scorer, samples=2100, engine=engine, tell=told.append)["regression"]
    assert engine.ran == [0, 1, 2]
    assert len(told) == 1 and str(few / "runs") in told[0]
    again = Here()
    second = discover(tiny, ["regression"], scorer, samples=2100, engine=again)["regression"]
    assert again.ran == []
    assert torch.equal(first["red"].vector, second["red"].vector)
    assert first.origin.runs == "" and "--samples 2100" in first.origin.command()


def test_codes_that_nobody_else_can_draw_are_scored_here_to_the_same_numbers(tiny, scorer, few) -> None:
    shared = discover(tiny, ["regression"], scorer, samples=1500, engine=Here())["regression"]
    alone = discover(tiny, ["regression"], lambda images: colours(images), samples=1500)["regression"]
    wrapped = wrap(torch.nn.Sequential(tiny.layers, torch.nn.Unflatten(1, (3, 4, 4))), 24)
    third = discover(wrapped, ["regression"], scorer, samples=1500)["regression"]
    assert len(list((few / "runs").glob("*"))) == 1
    for one, other, last in zip(shared, alone, third, strict=True):
        assert torch.allclose(one.vector, other.vector, atol=1e-5)
        assert torch.allclose(one.vector, last.vector, atol=1e-5)
        assert one.offset == pytest.approx(other.offset, abs=1e-4)


def test_few_codes_are_scored_as_they_come(tiny, scorer, few) -> None:
    engine = Here()
    discover(tiny, ["regression"], scorer, samples=300, engine=engine)
    assert engine.ran == [] and not few.exists()


@pytest.mark.parametrize(
    "settings",
    [
        {"layer": "layers.0", "codes": 400},
        {"layer": "layers.1"},
        {"layer": "layers.0", "codes": 400, "widest": 8, "columns": 12},
        {"layer": "none", "codes": 400},
    ],
)
def test_a_decomposition_of_many_codes_is_added_up_by_a_job_to_the_same_axes(tiny, few, settings) -> None:
    options, engine, told = {"ganspace": {"components": 3, **settings}}, Here(), []
    shared = discover(tiny, ["ganspace"], samples=350, options=options, engine=engine, tell=told.append)["ganspace"]
    assert engine.ran and len(told) == 1
    wrapped = wrap(torch.nn.Sequential(tiny.layers, torch.nn.Unflatten(1, (3, 4, 4))), 24)
    options["ganspace"]["layer"] = settings["layer"].replace("layers", "module.0")
    alone = discover(wrapped, ["ganspace"], samples=350, options=options, engine=engine)["ganspace"]
    for one, other in zip(shared, alone, strict=True):
        assert abs(float(one.vector @ other.vector)) == pytest.approx(1, abs=1e-4)
    assert shared.origin.parameters["components"] == 3 and "sums" not in shared.origin.parameters
