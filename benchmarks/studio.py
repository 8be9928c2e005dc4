"""The studio in a real browser: how soon a moved slider is a picture, beside the same screen in Gradio.

    python benchmarks/studio.py --gradio .gradio/bin/python

Needs Chromium (Debian's, or Playwright's own) and the packages of [dev]; for the comparison a Python of an environment
with Gradio (python -m venv .gradio; .gradio/bin/pip install gradio), else it is left out. Servers are processes of
their own with one thread each, drags are made with the mouse, both in turns in one browser. Prints Markdown.

From an event to its picture: the slider's `input` event until the first animation frame after the picture was there
(`drawImage` here, the `load` event of the image there), one step of a drag at a time. Then drags at 60 steps a second:
pictures a second, and how long after the last event the last picture came.
"""

import argparse
import os
import platform
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, sync_playwright

from studio_process import ONE_THREAD, seconds_of, studio

TESTS = Path(__file__).parents[1] / "tests"
sys.path.append(str(TESTS))  # what drives a browser there drives it here

from late_frames import PAINTED, LateFrames, backwards  # noqa: E402
from studio_browser import grab, launch, running  # noqa: E402

MARKS = """
  window.events = []; window.paints = []; window.usable = 0;
  document.addEventListener("input", () => window.events.push(performance.now()), true);
  const painted = () => requestAnimationFrame((now) => window.paints.push(Math.max(now, performance.now())));
  const draw = CanvasRenderingContext2D.prototype.drawImage;
  CanvasRenderingContext2D.prototype.drawImage = function (...all) {
    draw.apply(this, all);
    if (this.canvas.id === "picture") painted(); // not small ones
  };
  document.addEventListener("load", ({ target }) => target.tagName === "IMG" && painted(), true);
  window.answered = () => new Promise((resolve) => {
    const look = () => window.paints.at(-1) > window.events.at(-1) ? resolve() : setTimeout(look, 1);
    look();
  });
  const slider = setInterval(() => {
    if (!document.querySelector("input[type=range]")) return;
    window.usable = performance.now();
    clearInterval(slider);
  }, 1);
"""
"""For both pages: when their slider was moved, when a picture was painted, when there was a slider."""

SLIDERS = {"studio": "eyeglasses", "Gradio": "range slider for eyeglasses"}
"""What the slider is called on each page."""

Row = tuple[str, str, str]
STEPS = 12


def opened(browser: Browser, address: str, script: str = MARKS) -> Page:
    page = browser.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True).new_page()
    page.add_init_script(script)
    page.goto(address)
    page.get_by_role("slider").first.wait_for()
    page.wait_for_function("() => (window.paints ?? window.painted).length > 0")
    return page


def shares(turn: int) -> list[float]:
    """Where a drag goes: from the middle to one side."""
    side = 0.4 if turn % 2 else -0.4
    return [0.5 + side * step / STEPS for step in range(1, STEPS + 1)]


def in_steps(page: Page, slider: str, turn: int) -> list[float]:
    """Milliseconds from event to picture of one drag that waits for every picture."""
    page.bring_to_front()
    move, took = grab(page, slider), []
    for share in shares(turn):
        move(share)
        page.evaluate("() => window.answered()")
        took.append(page.evaluate("() => window.paints.at(-1) - window.events.at(-1)"))
    page.mouse.up()
    return took


def at_once(page: Page, slider: str, turn: int, seconds: float = 2) -> tuple[float, float]:
    """Pictures a second while a slider is dragged to and fro; milliseconds from the last event to the last picture."""
    page.bring_to_front()
    move = grab(page, slider)
    page.evaluate("() => { window.paints = []; }")
    end = time.perf_counter() + seconds
    places, place = [*shares(turn), *reversed(shares(turn))], 0
    while time.perf_counter() < end:
        move(places[place % len(places)] + 0.002 * (place // len(places)))
        place += 1
        time.sleep(1 / 60)
    during = page.evaluate("() => window.paints.length")
    page.mouse.up()
    page.wait_for_timeout(1500)
    return during / seconds, page.evaluate("() => window.paints.at(-1) - window.events.at(-1)")


def reset(page: Page, slider: str) -> None:
    """The slider in the middle again."""
    page.get_by_role("slider", name=slider, exact=True).fill("0")
    page.wait_for_timeout(500)


def sliders(pages: dict[str, Page], rounds: int) -> list[Row]:
    """Both pages in turns."""
    steps: dict[str, list[float]] = {name: [] for name in pages}
    rates: dict[str, list[tuple[float, float]]] = {name: [] for name in pages}
    for turn in range(rounds + 1):
        for name, page in pages.items():
            reset(page, SLIDERS[name])
            took = in_steps(page, SLIDERS[name], turn)
            reset(page, SLIDERS[name])
            rate = at_once(page, SLIDERS[name], turn)
            if turn:  # the first one warms up
                steps[name] += took
                rates[name].append(rate)
    rows = []
    for name in pages:
        steps[name].sort()
        p95 = steps[name][int(0.95 * len(steps[name]))]
        frames, late = (statistics.median(column) for column in zip(*rates[name], strict=True))
        rows += [
            (f"{name}: event to picture, ms, median and p95", f"{statistics.median(steps[name]):.0f}, {p95:.0f}", ""),
            (f"{name}: pictures a second of a drag", f"{frames:.0f}", "≥ 25" if name == "studio" else ""),
            (f"{name}: last event to last picture, ms", f"{late:.0f}", ""),
        ]
    if len(pages) == 2:
        ours, theirs = steps.values()
        medians = statistics.median(theirs) / statistics.median(ours)
        ends = theirs[int(0.95 * len(theirs))] / ours[int(0.95 * len(ours))]
        rows.append(("Gradio / studio, of the median and of the p95", f"{medians:.1f}, {ends:.1f}", "≥ 8"))
    return rows


def loading(browser: Browser, address: str) -> list[Row]:
    """A page of a warm server, five times in a new browser profile."""
    weights, usable, first = set(), [], []
    for _ in range(5):
        page = opened(browser, address)
        files = page.evaluate(
            "() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
            ".map((each) => each.transferSize)"
        )
        weights.add((len(files), sum(files)))
        usable.append(page.evaluate("() => window.usable"))
        first.append(page.evaluate("() => window.paints[0]"))
        page.context.close()
    count, weight = max(weights)
    return [
        ("page: kB in requests", f"{weight / 1000:.1f} in {count}", "≤ 60 in ≤ 15"),
        ("page: usable after ms", f"{statistics.median(usable):.0f}", "≤ 1000"),
        ("page: first picture after ms", f"{statistics.median(first):.0f}", "≤ 2000"),
    ]


def orders(browser: Browser, drags: int = 18) -> list[Row]:
    """Drags while pictures come out of order (see tests/late_frames.py), drawn by a generator that takes no time."""
    from latentwalk.features.network import PixelFeatures
    from latentwalk.studio.model import Model
    from latentwalk.studio.serve import Serving
    from toys import ToyGenerator, ToyScorer

    scorer = ToyScorer(entangled=True)
    serving = Serving(Model.of(ToyGenerator(), scorer, PixelFeatures(), scorer.directions), 0)
    serving.server.config.app = late = LateFrames(serving.server.config.app)
    wrong = 0
    with running(serving):
        page = opened(browser, serving.address, PAINTED)
        for turn in range(drags):
            move = grab(page, "one")
            for share in shares(turn):
                move(share)
                page.wait_for_timeout(16)
            page.mouse.up()
            page.wait_for_timeout(1500)
            wrong += page.evaluate("() => window.painted.at(-1)") != late.asked[-1]
        painted = page.evaluate("() => window.painted")
    return [
        (f"{drags} drags, 4 workers, delays of 0 to 150 ms: painted backwards", str(backwards(painted)), "0"),
        ("drags that ended on another picture", str(wrong), "0"),
    ]


@contextmanager
def gradio(python: str) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    script = Path(__file__).with_name("studio_gradio.py")
    packages = [path for path in sys.path if path.endswith(("site-packages", "src"))]
    command = [python, str(script), "--port", str(port), "--packages", *packages]
    environment = {name: value for name, value in ONE_THREAD.items() if name != "PYTHONPATH"}
    with subprocess.Popen(command, env=environment) as process:
        address = f"http://127.0.0.1:{port}/"
        try:
            waiting(lambda: urlopen(address, timeout=5).status == 200, process)
            yield address
        finally:
            process.terminate()


def waiting(true: Callable[[], bool], process: subprocess.Popen) -> None:
    for _ in range(600):
        try:
            if true():
                return
        except (URLError, OSError):
            if process.poll() is not None:
                break
        time.sleep(0.2)
    raise SystemExit("Gradio did not start")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gradio", metavar="PYTHON", help="of an environment with Gradio")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    load = os.getloadavg()[0]
    with studio() as process, sync_playwright() as driver:
        browser = launch(driver)
        torch = seconds_of("import torch")
        rows = [
            ("server: ready after s", f"{process.ready:.1f}", ""),
            ("of that the import of torch", f"{torch:.1f}", ""),
            ("without it", f"{process.ready - torch:.1f}", "≤ 3"),
            *loading(browser, process.address),
        ]
        pages = {"studio": opened(browser, process.address)}
        if options.gradio:
            with gradio(options.gradio) as address:
                rows += sliders({**pages, "Gradio": opened(browser, address)}, options.rounds)
        else:
            rows += sliders(pages, options.rounds)
        rows += orders(browser)
        browser.close()
    print("| | measured | target |\n|---|---|---|")
    print("\n".join(f"| {what} | {value} | {target} |" for what, value, target in rows))
    print(f"\n{platform.machine()}, {os.cpu_count()} cores, load {load:.1f} before, {os.getloadavg()[0]:.1f} after")


if __name__ == "__main__":
    main()
