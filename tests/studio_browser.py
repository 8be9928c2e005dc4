"""A real browser with the studio in it: how it is started, what a person does there, and what there is to see."""

import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from latentwalk.studio.serve import Serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page, Playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # nothing is looked up, so nothing waits for it
]


def launch(driver: "Playwright") -> "Browser":
    """Chromium of the system, else Playwright's own. Raises Playwright's Error where there is none."""
    return driver.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)


@contextmanager
def running(serving: Serving) -> Iterator[Serving]:
    """Serves in a thread of its own until the block ends."""
    with serving:
        thread = threading.Thread(target=serving.run, daemon=True)
        thread.start()
        yield serving
        serving.server.force_exit = True  # pages that are still open need not say goodbye
        serving.stop()
        thread.join(10)


def slider(page: "Page", name: str = "eyeglasses") -> "Locator":
    return page.get_by_role("slider", name=name, exact=True)


def picture(page: "Page") -> "Locator":
    return page.get_by_role("img", name="The picture of the code")


def shown(page: "Page") -> str:
    """The picture that is painted now."""
    return picture(page).evaluate("canvas => canvas.toDataURL()")


def bar(page: "Page", name: str = "eyeglasses") -> int:
    """The probability that stands beside the bar of an attribute, in percent; -1 before the first picture."""
    row = page.get_by_role("region", name="What changed").locator(".bar").filter(has_text=re.compile(name))
    return int(row.locator("output").inner_text().rstrip("%") or -1)


def until(page: "Page", true: Callable[[], bool]) -> None:
    """Waits for what the page is to show soon."""
    for _ in range(300):
        if true():
            return
        page.wait_for_timeout(50)
    raise AssertionError("the page did not come to show it in fifteen seconds")


def settled(page: "Page") -> str:
    """The picture of what was asked for last."""
    until(page, lambda: picture(page).get_attribute("aria-busy") == "false")
    return shown(page)


def grab(page: "Page", name: str = "eyeglasses") -> Callable[[float], None]:
    """Takes hold of a slider with the mouse. Gives what moves it to a share of its width; `page.mouse.up` lets go."""
    slider(page, name).scroll_into_view_if_needed()
    box = slider(page, name).bounding_box()
    assert box is not None
    held, height = float(slider(page, name).input_value()), box["y"] + box["height"] / 2
    ends = [float(slider(page, name).get_attribute(end) or 0) for end in ("min", "max")]

    def move(share: float) -> None:
        page.mouse.move(box["x"] + box["width"] * share, height)

    move((held - ends[0]) / (ends[1] - ends[0]))
    page.mouse.down()
    return move
