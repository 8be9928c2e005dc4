"""What a notebook shows: bounded cards of our own tags only, whatever names hold, and pictures that are those meant."""

import base64
import io
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

import latentwalk as lw
from latentwalk.direction import Direction, Directions
from latentwalk.effects import Effect
from latentwalk.images import to_bytes, to_pictures
from latentwalk.inversion.ridge import Ridge
from latentwalk.inverter import Inversion
from latentwalk.latents import Latents
from latentwalk.notebook import MOST_PICTURES, WIDTH, Shown, bar, heat, image, text
from latentwalk.origin import Origin, Source
from toys import ToyGenerator, ToyScorer

EVIL = "<img src=x onerror=alert(1)>&\"'</td><script>" + "x" * 10_000
TAGS = {"div", "span", "strong", "table", "thead", "tbody", "tr", "th", "td", "br", "img"}
ATTRIBUTES = {"style", "src", "width", "alt"}


class Seen(HTMLParser):
    """The tags of a card, in order and closed; its pictures; and what a person reads."""

    def __init__(self, card: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.pictures: list[Image.Image] = []
        self.read = ""
        self.feed(card)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS and {name for name, _ in attrs} <= ATTRIBUTES
        values = dict(attrs)
        if tag == "img":
            kind, data = (values["src"] or "").split(";base64,")
            assert kind in ("data:image/png", "data:image/jpeg")
            self.pictures.append(Image.open(io.BytesIO(base64.b64decode(data))))
        elif tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.read += data + " "


def inversion(count: int) -> Inversion:
    pictures = torch.rand(2, count, 3, 6, 5) * 2 - 1
    rows = (torch.ones(count, dtype=torch.bool), torch.zeros(1, count), torch.ones(count, dtype=torch.long))
    return Inversion(Latents(torch.randn(count, 4)), *pictures, None, *rows)


def directions(name: str) -> Directions:
    effects = (Effect(name, 0.5, 0.4, 0.6), Effect("hat", -0.25, -0.3, -0.2))
    items = tuple(Direction(name, torch.eye(4)[i % 4], effects=effects) for i in range(40))
    return Directions(items, Origin(method=name, generator=Source(source=name)))


class Named(ToyScorer):
    """The toy's, with a name that means harm."""

    def __init__(self) -> None:
        super().__init__()
        self.attributes, self.source = (EVIL, "hat", "smile"), EVIL


def things(toy: ToyGenerator) -> list[Shown]:
    """One of each, of many codes, with harm wherever a name may come from a file."""
    scorer = Named()
    found = directions(EVIL)
    edited = lw.edit(toy, toy.sample(20), scorer, EVIL, 0.9, walk=lw.BoundaryWalk(scorer.directions))
    judged = lw.evaluate(toy, [Directions(scorer.directions.items)], scorer, codes=16, strengths=3)
    photos = lw.invert(toy, to_pictures(toy.render(toy.sample(8))), align="none", inverter=Ridge(pairs=100))
    return [toy.sample(range(2000)), found, found[0], edited, edited[:0], inversion(40), photos, judged]


@pytest.fixture(scope="module")
def shown(toy: ToyGenerator) -> list[Shown]:
    return things(toy)


def card(thing: Shown) -> str:
    return thing._repr_html_()  # pyright: ignore[reportAttributeAccessIssue]


def test_a_card_is_ours_alone_and_bounded(shown: list[Shown]) -> None:
    for thing in shown:
        page = card(thing)
        seen = Seen(page)
        assert len(seen.pictures) <= MOST_PICTURES and len(page) < 100_000
        assert all(picture.width <= 2 * WIDTH for picture in seen.pictures)
        page.encode()  # a notebook keeps it as UTF-8


def test_a_card_says_what_it_leaves_out(shown: list[Shown]) -> None:
    left = {type(thing).__name__: re.findall(r"and ([\d,]+) more", Seen(card(thing)).read) for thing in shown[:4]}
    assert left == {"Latents": ["1,988"], "Directions": ["28"], "Direction": [], "Edited": ["14"]}


def test_names_are_shown_as_they_are() -> None:
    assert Seen(text('a < b & "c"')).read.strip() == 'a < b & "c"'
    assert Seen(text("\ud800") + text("x" * 500)).read.count("x") < 200


def test_an_edit_shows_its_own_pictures(toy: ToyGenerator) -> None:
    edited = lw.edit(toy, toy.sample([4, 7]), ToyScorer(), "one", 0.9)
    seen = Seen(card(edited))
    pictures = torch.stack([edited.images_before, edited.images], 1).flatten(0, 1)
    assert np.array_equal(np.stack([np.asarray(picture) for picture in seen.pictures]), to_bytes(pictures))
    assert "seed 4" in seen.read and "2 of 2" in seen.read and "one" in seen.read


def test_a_picture_is_kept_exactly_when_small_and_made_smaller_when_large() -> None:
    small, large = (Image.effect_noise((width, 2 * width), 50).convert("RGB") for width in (64, 1000))
    (kept,), (reduced,) = Seen(image(small)).pictures, Seen(image(large)).pictures
    assert np.array_equal(np.asarray(kept), np.asarray(small))
    assert reduced.size == (2 * WIDTH, 4 * WIDTH) and reduced.format == "JPEG"


@pytest.mark.parametrize(("value", "left", "width"), [(1.0, 50, 25), (-2.0, 0, 50), (5.0, 50, 50), (0.0, 50, 0)])
def test_a_bar_goes_from_the_middle_and_stays_inside(value: float, left: float, width: float) -> None:
    assert f"left:{left:.1f}%;width:{width:.1f}%" in bar(value, 2.0)


def test_heat_is_white_where_nothing_changed() -> None:
    picture = np.asarray(heat(np.array([[0.0, 1.0], [2.0, 0.0]])))
    assert (picture[0, 0] == 255).all() and (picture[1, 0] < picture[0, 1]).any()
    assert (np.asarray(heat(np.zeros((2, 3)))) == 255).all()


def test_what_an_edit_saves_can_be_made_again(toy: ToyGenerator, tmp_path: Path) -> None:
    scorer = ToyScorer()
    edited = lw.edit(toy, toy.sample(3), scorer, "one", 0.9, walk=lw.BoundaryWalk(scorer.directions))
    edited.save(tmp_path / "two.png", show=2)
    again = lw.replay(tmp_path / "two.png", generator=toy, scorer=scorer)
    assert again.difference == 0 and again.receipt.codes == edited.receipt.codes[:2]


def test_a_direction_comes_back_from_its_file(tmp_path: Path) -> None:
    one = directions("hat")[3]
    one.save(tmp_path / "one.safetensors")
    (back,) = Directions.load(tmp_path / "one.safetensors")
    assert torch.equal(back.vector, one.vector) and back.effects == one.effects


def test_given_and_found_pictures_stand_side_by_side(tmp_path: Path) -> None:
    found = inversion(20)
    found.save(tmp_path / "found.png")
    picture = np.asarray(Image.open(tmp_path / "found.png"))
    assert picture.shape == (6 * MOST_PICTURES, 10, 3)
    assert np.array_equal(picture[6:12, :5], to_bytes(found.targets)[1])
    assert np.array_equal(picture[6:12, 5:], to_bytes(found.images)[1])


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What a notebook was given to display."""
    displayed: list[object] = []
    ipython, display = ModuleType("IPython"), ModuleType("IPython.display")
    ipython.get_ipython = lambda: SimpleNamespace(kernel=object())  # pyright: ignore[reportAttributeAccessIssue]
    display.display = displayed.append  # pyright: ignore[reportAttributeAccessIssue]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    return displayed


def test_in_a_notebook_show_displays(notebook: list[object], shown: list[Shown]) -> None:
    for thing in shown:
        thing.show()
    assert [id(thing) for thing in notebook] == [id(thing) for thing in shown]


def test_elsewhere_show_opens_the_picture_or_prints(
    shown: list[Shown], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened: list[Image.Image] = []
    monkeypatch.setattr("latentwalk.notebook.ImageShow.show", lambda picture: not opened.append(picture))
    found = inversion(2)
    found.show()
    assert np.array_equal(np.asarray(opened[0]), np.asarray(found.picture()))
    directions("hat").show()
    assert "40 directions" in capsys.readouterr().out and len(opened) == 1
    monkeypatch.setattr("latentwalk.notebook.ImageShow.show", lambda picture: False)
    with pytest.raises(ValueError, match=r"no program here shows pictures: write it to a file with \.save"):
        found.show()
