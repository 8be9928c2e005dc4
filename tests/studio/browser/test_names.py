"""What a person calls things, and what panels say of what goes on."""

import pytest

from studio_browser import settled, slider, until

pytestmark = pytest.mark.xdist_group("browser")


def test_a_new_name_is_kept_with_enter_alone_and_the_old_one_is_still_found(page) -> None:
    settled(page)
    page.get_by_role("button", name="More for smiling").click()
    page.get_by_role("menuitem", name="Rename").click()
    page.keyboard.type("grin")
    page.keyboard.press("Enter")
    slider(page, "grin").wait_for()
    assert page.get_by_role("menu").count() == 0  # Enter did not press what got the focus
    page.get_by_label("Find").fill("smil")
    until(
        page,
        lambda: page.get_by_role("tabpanel", name="Sliders").locator("label:visible").all_inner_texts()[1:] == ["grin"],
    )
    page.reload()
    slider(page, "grin").wait_for()


def test_panels_that_are_open_leave_each_others_progress_alone(page) -> None:
    settled(page)
    for tab in ("Photo", "Discover", "Save"):
        page.get_by_role("tab", name=tab).click()
        page.get_by_role("tabpanel", name=tab).get_by_role("button").first.wait_for()
    page.evaluate("""() => {
      window.said = [];
      const listen = () => window.said.push(document.getElementById("status").textContent);
      new MutationObserver(listen).observe(document.getElementById("status"), { childList: true });
    }""")
    with page.expect_download():
        page.get_by_role("button", name="Strip").click()  # an error of the page would fail the test
    said = page.evaluate("window.said")
    assert any(text.startswith("drawing frames: ") for text in said)
    assert not any("undefined" in text or "NaN" in text for text in said)
