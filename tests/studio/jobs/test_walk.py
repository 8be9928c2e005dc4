"""Walks of the studio: with the slider of that name, and along the gradient where that is not enough."""

import math

import pytest
import torch

from latentwalk.crowd import Crowd
from latentwalk.direction import Directions
from latentwalk.features.network import PixelFeatures
from latentwalk.studio.jobs.walk import STEP, Walk
from latentwalk.studio.model import Model
from latentwalk.studio.session import Session
from latentwalk.studio.state import Slide, State
from told import told
from toys import ToyScorer


@pytest.fixture(scope="module")
def session(toy) -> Session:
    scorer = ToyScorer(entangled=True)
    return Session(Model.of(toy, scorer, PixelFeatures(), scorer.directions))


def within(most: float) -> Crowd:
    """Finds a code usual as long as it is within a distance of the origin."""
    return Crowd(torch.zeros(16), torch.eye(16), most, 1e-9)


@pytest.mark.parametrize("target", [0.9, 0.1])
def test_a_slider_moves_until_it_is_enough_and_no_further(session: Session, target: float) -> None:
    state = State(seed=5, edits=(Slide(direction="two", amount=0.5),))
    page = told(Walk(attribute="one", target=target, along=True, state=state), session)
    end = page.of("slid")[0].details
    there = session.frame(
        state.model_copy(update={"edits": (*state.edits, Slide(direction="one", amount=end["amount"]))})
    )
    short = end["amount"] - STEP * (1 if end["amount"] > 0 else -1)
    before = session.frame(state.model_copy(update={"edits": (*state.edits, Slide(direction="one", amount=short))}))
    above = session.frame(state).after["one"] < target
    assert end["reached"] and (there.after["one"] >= target) == above and (before.after["one"] >= target) != above
    assert page.of("step")[-1].details["after"] == pytest.approx(there.after)


def test_it_stops_where_the_slider_was_seen_to_work(session: Session) -> None:
    page = told(Walk(attribute="one", target=1 - 1e-12, along=True, state=State(seed=5)), session)
    end = page.of("slid")[0].details
    assert not end["reached"] and end["amount"] <= session.sliders["one"].range[1] + 1


def test_where_the_slider_is_not_enough_or_not_there_it_is_the_gradient(session: Session) -> None:
    gentle = told(Walk(attribute="one", target=0.9, state=State(seed=5)), session)
    assert gentle.of("slid")[0].details["reached"] and not gentle.of("walked")
    session.model._crowds["z"] = within(math.inf)
    steep = told(Walk(attribute="one", target=1 - 1e-9, state=State(seed=5)), session)
    assert steep.of("walked")[0].details["reached"] and not steep.of("slid")
    with pytest.raises(ValueError, match="no attribute 'age'"):
        told(Walk(attribute="age", target=0.9, along=True, state=State(seed=5)), session)


@pytest.mark.parametrize("slider", [False, True])
def test_a_walk_does_not_leave_the_samples(toy, slider: bool) -> None:
    scorer = ToyScorer(entangled=True)
    directions = [each for each in scorer.directions if slider or each.name != "one"]
    session = Session(Model.of(toy, scorer, PixelFeatures(), Directions(tuple(directions))))
    walk = Walk(attribute="one", target=1 - 1e-7, state=State(seed=5))

    def length(id: str | None = None) -> float:
        return float(session.code(State(seed=5, kept=id)).values.norm())

    session.model._crowds["z"] = within(math.inf)
    free = told(walk, session).of("walked")[0].details
    session.model._crowds["z"] = within((length() + length(free["id"])) / 2)
    page = told(walk, session)
    assert not free["outside"] and length() < length(free["id"])
    if slider:
        assert page.of("slid") and not page.of("walked")
    else:
        end = page.of("walked")[0].details
        assert end["outside"] and not end["reached"] and length(end["id"]) < length(free["id"])
        assert all(step.details["usual"] == 1 for step in page.of("step"))
    session.model._crowds["z"] = within(0)  # as codes of photographs: outside from the start
    assert told(walk, session).of("walked")[0].details == free
