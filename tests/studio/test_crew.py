"""How jobs end."""

import pytest

from latentwalk.studio.crew import Running
from latentwalk.studio.jobs.job import Enough, Stopped
from latentwalk.studio.turns import Turns


def test_what_has_been_enough_may_tell_what_it_has_and_what_was_stopped_may_not() -> None:
    turns, heard = Turns(), []
    tell = Running(turns, lambda kind, *_: heard.append(kind))
    with turns.turn():
        tell("step")
        tell.enough()
        with pytest.raises(Enough):
            tell("step")
        tell("what it has")
        tell.stop()
        for _ in range(2):
            with pytest.raises(Stopped) as told, tell.aside():
                pass
            assert not isinstance(told.value, Enough)
    assert heard == ["step", "what it has"]
