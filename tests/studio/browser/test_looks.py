"""What the page looks like: readable for everybody, on every screen, and still while somebody drags."""

from collections.abc import Callable

import pytest

from studio_browser import bar, grab, picture, settled, shown, until

pytestmark = pytest.mark.xdist_group("browser")

BOXES = """() => {
  const all = [...document.querySelectorAll("input, output, canvas, button")];
  return [...all.filter((each) => !each.closest("#strip")).entries()].filter(([, each]) => !each.hidden)
    .map(([number, each]) => [number, JSON.stringify(each.getBoundingClientRect())]);
}"""
WALKING = f"""() => {{
  document.querySelector('[aria-label^="add black"]').click();  // without scrolling
  return ({BOXES})();
}}"""
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}

SHIFTS = """
  window.shifts = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.shifts += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
"""


def panels(page) -> int:
    return page.get_by_role("tab").count()


def open_panel(page, number: int) -> None:
    tab = page.get_by_role("tab").nth(number)
    tab.click()
    page.get_by_role("tabpanel", name=tab.inner_text()).locator(":scope > *").first.wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])
def test_nothing_keeps_anybody_out(open_page: Callable, screen: dict, scheme: str) -> None:
    """axe-core finds nothing, with every panel open in turn, and something changed."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe-core: pip install '.[dev]'").Axe()
    page = open_page(viewport=screen, color_scheme=scheme, bypass_csp=True)
    page.get_by_role("spinbutton", name="eyeglasses").first.fill("3")
    page.keyboard.press("Enter")
    until(page, lambda: bar(page) > 90)
    for number in range(panels(page)):
        open_panel(page, number)
        found = axe.run(page).response["violations"]
        assert not [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_follows_the_system_in_its_colours(open_page: Callable, scheme: str) -> None:
    page = open_page(color_scheme=scheme)
    colour = page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
    brightness = sum(int(part) for part in colour.removeprefix("rgb(").rstrip(")").split(","))
    assert (brightness > 600) == (scheme == "light") and (brightness < 150) == (scheme == "dark")


def test_a_phone_shows_the_picture_first_and_scrolls_one_way(open_page: Callable) -> None:
    page = open_page(viewport=PHONE)
    until(page, lambda: len(shown(page)) > 5000)
    top = picture(page).bounding_box()
    assert top["y"] + top["height"] < PHONE["height"] / 2 + 100
    for number in range(panels(page)):
        open_panel(page, number)
        first = page.get_by_role("tabpanel").locator("visible=true").first.bounding_box()
        assert first["y"] >= top["y"] + top["height"] and first["x"] >= 0
        assert page.locator("html").evaluate("html => html.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])
def test_nothing_moves_under_the_pointer(open_page: Callable, screen: dict) -> None:
    """While somebody drags, and while a walk goes on, the page stays where it is."""
    page = open_page(script=SHIFTS, viewport=screen)
    settled(page)
    move = grab(page)
    before = page.evaluate(BOXES)
    page.evaluate("() => { window.shifts = 0; }")
    for share in (0.6, 0.75, 0.9, 0.97):
        move(share)
        page.wait_for_timeout(100)
        assert page.evaluate(BOXES) == before
    until(page, lambda: bar(page) > 90)
    page.mouse.up()
    settled(page)
    assert page.evaluate(BOXES) == before
    assert page.evaluate("() => window.shifts") == 0
    walking = dict(page.evaluate(WALKING))
    assert len(walking) == len(before) + 1, "Stop is there"
    assert {number: walking.get(number) for number, _ in before} == dict(before)
    stops = page.get_by_role("button", name="Stop", exact=True)
    stops.evaluate("button => button.click()")
