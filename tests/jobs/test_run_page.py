"""The page of a training: it grows, is whole at any time, and needs nothing from elsewhere."""

import json
import re
from html.parser import HTMLParser

import pytest
import torch
from PIL import Image

from latentwalk.jobs import run_page
from latentwalk.jobs.run_page import PAGE, RunPage, in_words, read_losses
from latentwalk.jobs.train_generator import train_generator
from latentwalk.pages.lines import HEIGHT, POINTS, WIDTH, between, line
from latentwalk.training import diary
from latentwalk.training.data import Pictures
from latentwalk.training.loop import Interrupted
from latentwalk.training.recipes import RECIPES

RECIPE = RECIPES["stylegan2"].recipe


class Page(HTMLParser):
    """Checks that tags are closed in order, and keeps what a page refers to and says."""

    VOID = frozenset({"meta", "img", "line", "polyline"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.refers: list[str] = []
        self.metas: list[dict[str, str | None]] = []
        self.lines, self.said = 0, ""
        self.feed(text)
        assert not self.open and text.rstrip().endswith("</html>")

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        self.refers += [str(named[key]) for key in ("src", "href") if key in named]
        self.metas += [named] if tag == "meta" else []
        self.lines += tag == "polyline"
        assert tag != "script"
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.said += " ".join(data.split()) + " "

    @property
    def refreshes(self) -> bool:
        return any(meta.get("http-equiv") == "refresh" for meta in self.metas)


def folder(tmp_path, lines: int = 40, sheets: int = 3):
    """A run as `Diary` and the job leave it."""
    rows = [{"step": 50 * i, "kimg": 1.6 * i, "images_per_second": 68.0, "r1": 900.0 / i} for i in range(1, lines)]
    (tmp_path / "losses.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows) + '{"step": 9, "ki')
    (tmp_path / "sheets").mkdir()
    for i in range(sheets):
        Image.new("RGB", (500, 60), (i, 0, 0)).save(tmp_path / "sheets" / f"{20 * i:06}.png")
    return tmp_path


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_all_that_was_written_down_is_on_it(tmp_path):
    run = folder(tmp_path)
    page = RunPage(run, "a <b>bold</b> & 'quoted' name", RECIPE, 24_000, "latentwalk train <x> 'a b'")
    page.write()
    text = (run / PAGE).read_text()
    read = Page(text)
    assert "a <b>bold</b> & 'quoted' name" in read.said and "<b>bold" not in text
    assert "latentwalk train <x> 'a b'" in read.said
    assert read.lines == 2 and "r1" in read.said and "pictures per second" in read.said
    assert len(read.refers) == 3 and all(each.startswith("data:image/jpeg;base64,") for each in read.refers)
    assert not re.search(r"https?://|url\(|@import", text) and read.refreshes
    assert len(read.refers[-1]) < len(read.refers[0]) or "20 thousand" in read.said


def test_a_page_that_is_over_no_longer_refreshes(tmp_path):
    page = RunPage(folder(tmp_path), "a", RECIPE, 100, "go on", "take it")
    said = {}
    for state in ("training", "stopped", "finished"):
        page.write(state)
        said[state] = Page((tmp_path / PAGE).read_text())
    assert [each.refreshes for each in said.values()] == [True, False, False]
    assert "go on" in said["stopped"].said and "take it" in said["finished"].said


def test_it_is_written_now_and_then_and_says_how_long_it_will_take(tmp_path):
    clock = Clock()
    page, written = RunPage(tmp_path, "a", RECIPE, 100, now=clock), []
    for step in range(1, 201):
        clock.now = 5.0 * step
        page(1000 + step, {})
        if not written or (tmp_path / PAGE).stat().st_mtime_ns != written[-1]:
            written.append((tmp_path / PAGE).stat().st_mtime_ns)
    assert len(written) == 1 + 199 * 5 // 30
    steps = RECIPE.steps - 1200
    facts = page.facts("training")
    assert facts["pictures"] == "6.4/s", "32 in five seconds, whatever an earlier session did"
    assert facts["left"] == run_page.clock(5 * steps) and facts[f"of {32 * RECIPE.steps:,} pictures"] == "38,400"


def test_nothing_that_is_wrong_with_the_folder_ends_a_training(tmp_path):
    run = folder(tmp_path)
    (run / "sheets" / "000099.png").write_bytes(b"\x89PNG no picture")
    (run / "losses.jsonl").write_text('[1]\n{"kimg": null}\n{"kimg": 1, "r1": NaN, "images_per_second": 1}\n')
    RunPage(run, "a", RECIPE, 100).write()
    assert Page((run / PAGE).read_text()).lines == 0
    RunPage(run / "losses.jsonl", "a", RECIPE, 100).write()


def test_many_sheets_are_some(tmp_path):
    sheets = RunPage(folder(tmp_path, sheets=61), "a", RECIPE, 100).sheets()
    kimgs = [sheet.kimg for sheet in sheets]
    assert kimgs == sorted(kimgs) and kimgs[-2:] == [1180.0, 1200.0] and len(kimgs) <= run_page.EARLY + 1


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_can_be_said(name):
    text = " ".join(in_words(RECIPES[name].recipe, 24_000))
    assert all(term.loss.replace("_", " ") in text for turn in RECIPES[name].recipe.turns for term in turn.terms)


def test_lines_stay_inside_their_drawing():
    points = [(i / 10, 1e6 if i < 3 else float(i % 7)) for i in range(1, 1000)]
    drawn = line("loss", points, 99.9)
    assert drawn is not None and len(drawn.line.split()) <= POINTS
    places = [tuple(map(float, place.split(","))) for place in drawn.line.split()]
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in places)
    assert max(float(tick.text) for tick in drawn.up) < 10, "what towers above all does not set the scale"
    assert line("flat", [(1, 5.0), (2, 5.0)], 2) is not None and line("alone", [(1, 5.0)], 1) is None
    assert between(-0.3, 1.1) == [0.0, 0.5, 1.0] and between(-2000, 3000) == [-2000, 0, 2000]


@pytest.fixture
def pictures() -> Pictures:
    random = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (24, 3, 8, 8), generator=random, dtype=torch.uint8)
    return Pictures(images, (), torch.zeros(24, 0))


def test_a_training_writes_it_and_goes_on_with_it(pictures, tmp_path, monkeypatch):
    monkeypatch.setattr(diary, "LINES", 2)
    run = tmp_path / "run"

    def stop(_what: str, done: int, _total: int) -> None:
        if done == 12:
            raise KeyboardInterrupt

    given = {"size": 8, "batch": 4, "kimg": 0.02, "z": 6, "run": run, "sheets": 0.004}
    with pytest.raises(Interrupted):
        train_generator("dcgan", pictures, tmp_path / "a.safetensors", progress=stop, command="again", **given)
    # A run that stopped before its first checkpoint leaves nothing; one with a folder of its own keeps the page.
    run.mkdir(exist_ok=True)
    with pytest.raises(Interrupted):
        train_generator("dcgan", pictures, tmp_path / "a.safetensors", progress=stop, command="again", **given)
    page = Page((run / PAGE).read_text())
    assert "Stopped" in page.said and "again" in page.said
    train_generator("dcgan", pictures, tmp_path / "a.safetensors", **given)
    page = Page((run / PAGE).read_text())
    assert "Finished" in page.said and "100%" in page.said and page.lines == 3 and len(page.refers) > 0
    assert set(read_losses(run / "losses.jsonl")) == {"critic_logistic", "generator_logistic", "pictures per second"}
