"""The studio is stopped and started again while a page is open."""

import re

import pytest

from latentwalk.studio.model import Model
from latentwalk.studio.serve import Serving
from studio_browser import running, settled, slider, until

pytestmark = pytest.mark.xdist_group("browser")

TOKEN = "planted-token-0123"


@pytest.mark.parametrize("token", [None, TOKEN], ids=["a new token", "the same token"])
def test_a_page_goes_on_with_what_it_had(open_page, model: Model, token: str | None) -> None:
    """With a new token, once its address was opened anywhere in this browser."""
    with running(Serving(model, 0, token=token)) as first:
        page = open_page(first.address)
        number = page.get_by_role("spinbutton", name=re.compile("^eyeglasses"))
        page.get_by_role("button", name=re.compile("remove smiling")).click()
        page.get_by_text(re.compile("smiling is there")).wait_for()  # a code that only this page and server know
        number.fill("2")
        number.press("Enter")
        before = settled(page)
    page.get_by_text("The studio has stopped. Start it again").wait_for()
    number.fill("-3")  # while nobody is there
    number.press("Enter")
    with running(Serving(model, first.port, token=token)) as second:
        if token is None:
            page.get_by_text("The studio was started again: open the address").wait_for()
            page.context.new_page().goto(second.address)
        page.get_by_text(re.compile(r"^[\d.]+ ms$")).wait_for()
        assert float(slider(page).input_value()) == -3
        assert settled(page) != before
        number.fill("2")
        number.press("Enter")
        until(page, lambda: settled(page) == before)
