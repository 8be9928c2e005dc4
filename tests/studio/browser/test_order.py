"""Pictures that come out of order are never painted backwards, and the last one is that of the last state."""

from collections.abc import Callable

import pytest

from late_frames import PAINTED, LateFrames, backwards, numbered
from latentwalk.features.network import PixelFeatures
from latentwalk.studio.model import Model
from latentwalk.studio.serve import Serving
from latentwalk.studio.wire import packed
from studio_browser import grab, running, until
from toys import ToyScorer

pytestmark = pytest.mark.xdist_group("browser")


def test_no_drag_is_painted_backwards_or_ends_on_another_picture(open_page: Callable, toy) -> None:
    scorer = ToyScorer(entangled=True)  # drawn in no time, so that four are on their way at once
    serving = Serving(Model.of(toy, scorer, PixelFeatures(), scorer.directions), 0)
    late = LateFrames(serving.server.config.app)
    serving.server.config.app = late
    came = 0
    with running(serving):
        page = open_page(serving.address, PAINTED)
        for turn in range(4):
            move = grab(page, "one")
            for step in range(15):
                move(0.1 + 0.8 * (step / 14 if turn % 2 else 1 - step / 14))
                page.wait_for_timeout(16)
            page.mouse.up()
            page.wait_for_timeout(400)
            until(page, lambda: page.evaluate("() => window.painted.at(-1)") == late.asked[-1])
            painted = page.evaluate("() => window.painted")
            assert painted[-1] == late.asked[-1] and not backwards(painted)
            assert len(painted) > came  # something was painted on the way
            came = len(painted)


def test_a_page_that_is_late_itself_is_seen() -> None:
    """The counting: of these four numbers two are followed by an older one."""
    assert backwards([1, 3, 2, 5, 4]) == 2 and not backwards([1, 1, 2, 7])
    assert len(numbered(packed({"seq": 3}, b""))) > 300
