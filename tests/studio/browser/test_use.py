"""What a person does on the page, in a real browser."""

import re

import pytest

from latentwalk.studio.serve import Serving
from studio_browser import bar, grab, settled, shown, slider, until

pytestmark = pytest.mark.xdist_group("browser")


def test_the_first_picture_comes_by_itself_and_nothing_from_elsewhere(browser, serving: Serving) -> None:
    asked = []
    page = browser.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(serving.address)
    until(page, lambda: len(shown(page)) > 5000)  # an empty canvas is a short PNG
    until(page, lambda: bar(page, "smiling") > 50)
    own = f"http://127.0.0.1:{serving.port}/"
    assert len(asked) > 5 and all(url.startswith((own, f"blob:{own}")) for url in asked)
    assert "token" not in page.url  # it is not left where it is seen and shared
    page.close()


def test_a_drag_with_the_mouse_changes_the_picture_and_its_bar(page) -> None:
    before, probability = settled(page), bar(page)
    move = grab(page)
    for share in (0.6, 0.7, 0.8, 0.9):
        move(share)
    until(page, lambda: bar(page) > 90)  # before it is let go of
    page.mouse.up()
    assert settled(page) != before and probability < 10
    assert float(slider(page).input_value()) > 1
    page.get_by_role("button", name="All to 0").click()
    until(page, lambda: bar(page) == probability)
    assert settled(page) == before


def test_everything_of_a_slider_by_keyboard_alone(page) -> None:
    before = settled(page)
    for _ in range(40):  # from the top of the page
        page.keyboard.press("Tab")
        if slider(page).evaluate("element => element === document.activeElement"):
            break
    else:
        raise AssertionError("no Tab leads to the first slider")
    page.keyboard.press("ArrowRight")
    small = float(slider(page).input_value())
    page.keyboard.press("PageUp")
    large = float(slider(page).input_value())
    assert 0 < small < large
    page.keyboard.press("End")
    until(page, lambda: bar(page) > 90)
    after = settled(page)
    assert after != before
    page.keyboard.down(" ")
    until(page, lambda: page.get_by_text("before", exact=True).is_visible() and bar(page) < 10)
    page.keyboard.up(" ")
    until(page, lambda: not page.get_by_text("before", exact=True).is_visible() and bar(page) > 90)
    assert settled(page) == after
    page.keyboard.press("Home")
    until(page, lambda: bar(page) < 10)
    page.keyboard.press("Delete")
    until(page, lambda: settled(page) == before)
    assert float(slider(page).input_value()) == 0


def test_a_walk_goes_there_and_is_undone_and_redone(page) -> None:
    before = settled(page)
    page.get_by_role("button", name=re.compile("add eyeglasses")).click()
    page.get_by_text("eyeglasses is there").wait_for()
    assert bar(page) > 95
    after = settled(page)
    page.keyboard.press("Control+z")
    until(page, lambda: settled(page) == before)
    page.get_by_role("button", name="Redo", exact=True).click()
    until(page, lambda: settled(page) == after)


def test_a_walk_is_stopped_on_its_way(page) -> None:
    before, slow = settled(page), "black.hair"
    page.get_by_role("button", name=re.compile(f"add {slow}")).click()
    page.get_by_text(re.compile(f"walking to {slow}")).wait_for()
    page.get_by_role("button", name="Stop", exact=True).click()
    until(page, lambda: settled(page) == before)
    assert not page.get_by_role("button", name="Stop", exact=True).is_visible()
    assert page.get_by_role("button", name="Undo", exact=True).is_disabled()  # nothing was done


def test_a_page_that_is_loaded_again_is_where_it_was(page) -> None:
    page.get_by_role("button", name=re.compile("add eyeglasses")).click()
    page.get_by_text("eyeglasses is there").wait_for()
    grab(page, "smiling")(0.1)
    page.mouse.up()
    until(page, lambda: bar(page, "smiling") < 50)
    after = settled(page)
    page.reload()
    until(page, lambda: shown(page) == after)
    assert float(slider(page, "smiling").input_value()) < -1
    assert bar(page) > 90
