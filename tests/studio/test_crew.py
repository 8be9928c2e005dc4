"""How jobs end."""

import pytest

from latentwalk.features.network import PixelFeatures
from latentwalk.studio.crew import Running
from latentwalk.studio.jobs.job import Enough, Job, Stopped, Teller
from latentwalk.studio.model import Model
from latentwalk.studio.session import Session
from latentwalk.studio.turns import Turns
from toys import ToyScorer


@pytest.fixture(scope="module")
def session(toy) -> Session:
    return Session(Model.of(toy, ToyScorer(), PixelFeatures(), ToyScorer().directions))


def test_what_has_been_enough_may_tell_what_it_has_and_what_was_stopped_may_not() -> None:
    turns, heard = Turns(), []
    tell = Running(turns, "walk", lambda kind, *_: heard.append(kind))
    with turns.turn():
        tell("step")
        tell.enough()
        with pytest.raises(Enough):
            tell("step")
        tell.enough()
        tell("what it has")
        tell.stop()
        for _ in range(2):
            with pytest.raises(Stopped) as told, tell.aside():
                pass
            assert not isinstance(told.value, Enough)
    assert heard == ["step", "what it has"]


class Endless(Job):
    def run(self, session: Session, tell: Teller) -> None:
        while True:
            tell("step")


@pytest.mark.parametrize("how, told", [("enough", True), ("stop", False)])
def test_a_job_that_is_enough_says_that_it_ended(session: Session, how: str, told: bool) -> None:
    heard = []

    def send(kind: str, _: bytes | None, details: dict) -> None:
        assert details["job"] == "walk"
        heard.append((kind, details.get("stopped")))
        if len(heard) == 3:
            getattr(running, how)()

    running = Running(Turns(), "walk", send)
    running.work(Endless(), session)
    assert heard[3:] == [("ended", True)] * told
