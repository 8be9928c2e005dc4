"""What the panels are for, in a real browser: pictures that bring all back, photographs, sliders of one's own."""

import base64
import re
from pathlib import Path

import pytest
from PIL import Image

from studio_browser import bar, settled, shown, slider, until

pytestmark = pytest.mark.xdist_group("browser")

PHOTO = Path(__file__).parents[3] / "examples" / "photos" / "astronaut.jpg"

FILE = """([data, name, type]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], name, { type }));
  return transfer;
}"""


def drop(page, path: Path, type: str) -> None:
    """As a person drops a file on the page."""
    data = base64.b64encode(path.read_bytes()).decode()
    files = page.evaluate_handle(FILE, [data, path.name, type])
    page.dispatch_event("body", "drop", {"dataTransfer": files})


def test_a_saved_picture_brings_everything_back(page, open_page, tmp_path: Path) -> None:
    settled(page)
    slider(page).focus()
    page.keyboard.press("End")
    page.keyboard.press("Home")
    for _ in range(2):
        page.keyboard.press("PageUp")
    page.get_by_role("button", name="hold smiling").click()
    edited, probability = settled(page), bar(page)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save picture").first.click()
    file = tmp_path / saved.value.suggested_filename
    saved.value.save_as(file)
    with Image.open(file) as image:
        assert image.size == (64, 64) and list(image.info) == ["latentwalk"]
    other = open_page()
    assert settled(other) != edited
    drop(other, file, "image/png")
    until(other, lambda: shown(other) == edited)
    assert float(slider(other).input_value()) == float(slider(page).input_value())
    assert bar(other) == probability
    assert other.get_by_role("button", name="hold smiling").get_attribute("aria-pressed") == "true"


def test_a_photograph_becomes_a_face_that_sliders_move(page) -> None:
    pytest.importorskip("cv2", reason="no latentwalk[photos]")
    before = settled(page)
    drop(page, PHOTO, "image/jpeg")
    page.get_by_role("button", name="Find the code").click(timeout=60_000)
    page.get_by_text(re.compile(r"Found in")).wait_for(timeout=120_000)
    found = settled(page)
    assert found != before
    page.get_by_role("tab", name="Sliders").click()
    page.get_by_role("button", name="add eyeglasses").click()
    page.get_by_text("eyeglasses is there").wait_for(timeout=60_000)
    assert bar(page) >= 95 and settled(page) != found
    assert float(slider(page).input_value()) > 0  # along a direction: a gradient would smear a photograph
    page.get_by_role("button", name="All to 0").click()
    until(page, lambda: settled(page) == found)  # the photograph's own face, not that of a seed


def test_twenty_answers_become_a_slider(page) -> None:
    settled(page)
    page.get_by_role("tab", name="Label").click()
    page.get_by_label("Attribute").fill("grim look")
    page.get_by_role("button", name="Begin").click()
    page.get_by_text("grim look?").wait_for(timeout=60_000)
    said = {"l": 0, "j": 0}
    for answer in range(20):
        key = "l" if answer % 3 else "j"
        page.get_by_text("grim look?").wait_for()
        page.keyboard.press(key)
        said[key] += 1
        page.get_by_text(f"{said['l']} yes, {said['j']} no").wait_for()
    page.get_by_role("tab", name="Sliders").click()
    until(page, lambda: slider(page, "grim look").count() == 1)
    before = settled(page)
    slider(page, "grim look").focus()
    page.keyboard.press("End")
    until(page, lambda: settled(page) != before)
