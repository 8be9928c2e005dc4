"""Discovery from a page: an estimate, sliders, a report; and others draw while it goes on."""

import threading

import pytest

from latentwalk.features.network import PixelFeatures
from latentwalk.scores import Unscored
from latentwalk.studio.crew import Crew
from latentwalk.studio.jobs import compare
from latentwalk.studio.jobs.compare import Compare
from latentwalk.studio.jobs.discover import Discover, offered
from latentwalk.studio.jobs.estimate import Estimate
from latentwalk.studio.model import Model
from latentwalk.studio.session import Session
from latentwalk.studio.state import Slide, State
from latentwalk.studio.turns import Turns
from told import Page
from toys import ToyScorer


@pytest.fixture(scope="module")
def model(toy) -> Model:
    scorer = ToyScorer()
    return Model.of(toy, scorer, PixelFeatures(), scorer.directions)


def test_what_is_found_becomes_sliders_named_by_what_they_move(model) -> None:
    session, page = Session(model), Page()
    Discover(methods=("sefa", "regression"), samples=400).run(session, page)
    sliders = [slider for each in page.details("sliders") for slider in each["sliders"]]
    assert {slider["group"] for slider in sliders} == {"sefa", "regression"}
    assert page.details("discovered") == [{"count": len(sliders), "failed": {}}]
    assert [slider["name"] for slider in sliders if slider["group"] == "regression"] == ["one", "two", "three"]
    assert {"one", "two", "three"} <= {slider["name"] for slider in sliders if slider["group"] == "sefa"}
    truth = ToyScorer().directions
    for name in truth:
        for group in ("sefa", "regression"):
            found = session.own.directions[f"own:{group}:{name.name}"]
            assert abs(float(found.vector @ name.vector)) > 0.9
    before, after = (
        session.frame(State(edits=(Slide(direction="own:sefa:one", amount=amount),))).after["one"] for amount in (0, 2)
    )
    assert after > before


def test_what_finds_nothing_says_why_and_costs_nobody_else_anything(model) -> None:
    session, page = Session(model), Page()
    Discover(methods=("sefa", "ica"), samples=200).run(session, page)
    ended = page.details("discovered")[0]
    assert ended["count"] == len(session.own.directions) >= 10
    assert set(ended["failed"]) <= {"ica"}


def test_an_unknown_method_is_refused_before_anything_is_drawn(model) -> None:
    page = Page()
    with pytest.raises(ValueError, match="no method 'magic'"):
        Discover(methods=("magic",)).run(Session(model), page)
    assert not page.words


def test_only_what_has_a_meaning_here_is_offered(toy, model) -> None:
    names = {each["name"]: each["scores"] for each in offered(model)}
    assert "fewshot" not in names and "channels" not in names  # labels of its own; style channels
    assert not names["sefa"] and names["regression"] and names["gradient"]
    unscored = Model.of(toy, Unscored(), PixelFeatures(), ToyScorer().directions)
    assert not any(each["scores"] for each in offered(unscored))


def test_every_method_that_is_offered_gets_an_estimate(model) -> None:
    page = Page()
    names = tuple(each["name"] for each in offered(model) if each["name"] != "learned")
    Estimate(methods=names).run(Session(model), page)
    scoring, *methods = page.details("estimate")
    assert scoring["scoring"] > 0 and tuple(each["method"] for each in methods) == names
    assert all(each["fixed"] >= 0 and each["each"] >= 0 and each["fixed"] + each["each"] > 0 for each in methods)


def test_the_report_compares_sliders_of_all_kinds(model, monkeypatch) -> None:
    monkeypatch.setattr(compare, "judge_of", lambda generator, scorer: "judge")
    monkeypatch.setattr(compare, "load_scorer", lambda name, device, generator: ToyScorer(entangled=True))
    session, page = Session(model), Page()
    session.own.keep(ToyScorer().directions, "sefa")
    Compare(sliders=("own:sefa:one", "two"), codes=20).run(session, page)
    (report,) = page.files("file")
    assert page.details("file") == [{"name": "directions.html"}]
    assert b"<html" in report and b"two" in report and b"one" in report
    with pytest.raises(ValueError, match="no slider 'age'"):
        Compare(sliders=("age",), codes=20).run(session, page)


def test_without_a_judge_there_is_no_report(model) -> None:
    with pytest.raises(ValueError, match="no judge comes with this scorer"):
        Compare(sliders=("one",)).run(Session(model), Page())


def test_who_is_aside_twice_gives_one_turn_away(model) -> None:
    """A job tells its progress from within what does not touch the model."""
    turns, sent = Turns(), []
    drawn = threading.Event()

    def draw() -> None:
        with turns.turn():
            drawn.set()

    class Twice(Estimate):
        def run(self, session, tell) -> None:
            with tell.aside():
                tell("one")
                threading.Thread(target=draw).start()
                assert drawn.wait(5)
                with tell.aside():
                    tell("two")
            tell("three")

    done = threading.Event()

    def send(kind, picture, details) -> None:
        sent.append((kind, details.get("error")))
        if kind == "ended":
            done.set()

    Crew(turns).start(Twice(), Session(model), "twice", send)
    assert done.wait(10)
    assert sent == [("one", None), ("two", None), ("three", None), ("ended", None)]
    with turns.turn():
        pass
