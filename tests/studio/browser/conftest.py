"""A real browser, and a studio of the bundled faces for it."""

from collections.abc import Callable, Iterator

import pytest

from latentwalk.studio.model import Model
from latentwalk.studio.models import open_model
from latentwalk.studio.serve import Serving
from studio_browser import launch, running


@pytest.fixture(scope="session")
def model() -> Model:
    return open_model("faces64")


@pytest.fixture(scope="module")
def serving(model: Model) -> Iterator[Serving]:
    with running(Serving(model, 0)) as serving:
        yield serving


@pytest.fixture(scope="module")
def browser() -> Iterator:
    """One per file: while it runs, nothing else in this process may have an event loop."""
    playwright = pytest.importorskip("playwright.sync_api", reason="no Playwright: pip install playwright")
    with playwright.sync_playwright() as driver:
        try:
            browser = launch(driver)
        except playwright.Error as error:
            pytest.skip(f"no Chromium to open pages with: {str(error).splitlines()[0]}")
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, serving: Serving) -> Iterator[Callable]:
    """Opens a page of the studio; its errors fail the test. script: runs in the page before its own. Takes options of
    a browser's context."""
    contexts, errors = [], []

    def opened(address: str = serving.address, script: str = "", **options):
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
        contexts.append(context)
        if script:
            context.add_init_script(script)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address)
        page.get_by_role("slider").first.wait_for()
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not errors


@pytest.fixture
def page(open_page: Callable):
    return open_page()
