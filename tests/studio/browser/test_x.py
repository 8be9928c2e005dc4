import pytest
pytestmark = pytest.mark.xdist_group("browser")
def test_a(page):
    print(page.evaluate("() => document.title"))
    import time; t=time.time()
    page.wait_for_timeout(800)
    print(page.get_by_role("slider", name="eyeglasses").first.aria_snapshot())
    print(page.locator("body").aria_snapshot())
    page.screenshot(path="/tmp/wt/scr/browser/a.png")
    print(page.evaluate("1+1"))
