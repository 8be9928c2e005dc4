"""Sliders of one page: what it keeps of them is a file of a direction, and is read as carefully as any other."""

import base64
from dataclasses import replace

import pytest
import torch

from latentwalk.direction import Directions
from latentwalk.features.network import PixelFeatures
from latentwalk.origin import Origin, Source
from latentwalk.studio.frame import Forgotten
from latentwalk.studio.model import Model
from latentwalk.studio.own_sliders import OwnSliders, WrittenSlider, to_bytes, together
from latentwalk.studio.session import Session
from latentwalk.studio.state import Slide, State
from toys import ToyScorer


@pytest.fixture(scope="module")
def found(toy) -> Directions:
    directions = ToyScorer(entangled=True).directions
    figures = {direction.name: {"sigma": i} for i, direction in enumerate(directions)}
    return Directions(directions.items, Origin(method="sefa", figures=figures, generator=Source.of(toy)))


@pytest.fixture
def session(toy) -> Session:
    scorer = ToyScorer(entangled=True)
    return Session(Model.of(toy, scorer, PixelFeatures(), scorer.directions))


def test_a_found_slider_moves_what_its_direction_moves(session, toy, found) -> None:
    session.own.keep(found, "sefa")
    frame = session.frame(State(seed=3, edits=(Slide(direction="own:sefa:two", amount=1.5),)))
    torch.testing.assert_close(frame.image, toy.render(found["two"].shift(toy.sample([3]), 1.5))[0])


def test_another_page_does_not_see_it(session, found) -> None:
    session.own.keep(found, "sefa")
    with pytest.raises(Forgotten, match="own:sefa:one"):
        Session(session.model).frame(State(edits=(Slide(direction="own:sefa:one", amount=1.0),)))


def test_a_page_brings_it_back_with_where_it_comes_from(session, toy, found) -> None:
    written = session.own.keep(found, "sefa")
    later = OwnSliders()
    for each in written:
        later.bring(WrittenSlider.model_validate_json(each.model_dump_json()), toy)
    assert list(later.directions) == ["own:sefa:one", "own:sefa:two", "own:sefa:three"]
    again = together([later.take(id) for id in later.directions])
    assert again.origin.figures == found.origin.figures and again.origin.method == "sefa"
    for mine, theirs in zip(again, found, strict=True):
        torch.testing.assert_close(mine.vector, theirs.vector)


def test_a_new_name_is_in_the_file_and_the_id_stays(session, toy, found) -> None:
    session.own.keep(found, "sefa")
    written = session.own.rename("own:sefa:one", "rosy cheeks")
    assert written.slider == "own:sefa:one"
    one = written.read(toy)
    assert one[0].name == "rosy cheeks" and one.origin.figures == {"rosy cheeks": {"sigma": 0}}


def test_a_slider_that_is_found_again_keeps_the_name_that_it_was_given(session, found) -> None:
    session.own.keep(found, "sefa")
    session.own.rename("own:sefa:one", "rosy cheeks")
    session.own.keep(Directions((found[0].turned(),), found.origin), "sefa")
    one = session.own.take("own:sefa:one")[0]
    assert one.name == "rosy cheeks" and torch.equal(one.vector, -found[0].vector)


def test_what_different_methods_found_names_the_generator_alone(toy, found) -> None:
    other = Directions(found.items[:1], Origin(method="ica", generator=Source.of(toy)))
    both = together([found, other])
    assert len(both) == 4 and both.origin.method == "" and both.origin.generator == Source.of(toy)


def text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


@pytest.mark.parametrize("name", ["nothing", "rubbish", "pickle", "many", "infinite", "shape", "stranger"])
def test_files_that_are_no_slider_are_refused_in_one_line(toy, found, name: str) -> None:
    one = found[0]
    vector = torch.zeros(5)
    vector[0] = 1
    stranger = Origin(generator=Source(source="other", fingerprint="0" * 16))
    files = {
        "nothing": b"",
        "rubbish": b"\x00" * 100,
        "pickle": b"\x80\x04cos\nsystem\n",
        "many": to_bytes(found),
        "infinite": to_bytes(Directions((replace(one, unit=float("inf")),))),
        "shape": to_bytes(Directions((replace(one, vector=vector),))),
        "stranger": to_bytes(Directions((one,), stranger)),
    }
    with pytest.raises(ValueError) as refused:
        OwnSliders().bring(WrittenSlider(slider="own:x:y", file=text(files[name])), toy)
    assert "\n" not in str(refused.value) and "/tmp" not in str(refused.value)


def test_only_so_many_are_kept(toy, found, monkeypatch) -> None:
    monkeypatch.setattr("latentwalk.studio.own_sliders.MOST", 2)
    own = OwnSliders()
    own.keep(found, "sefa")
    assert list(own.directions) == ["own:sefa:two", "own:sefa:three"]


def test_both_ends_of_a_slider_whatever_it_is_at(session, toy) -> None:
    edits = (Slide(direction="one", amount=2.5), Slide(direction="two", amount=1.0))
    images = session.ends(State(seed=3, edits=edits), Slide(direction="one", amount=0), (-2.0, 2.0))
    one, two = session.model.sliders["one"], session.model.sliders["two"]
    for image, amount in zip(images, (-2.0, 2.0), strict=True):
        expected = toy.render(one.shift(two.shift(toy.sample([3]), 1.0), amount))[0]
        torch.testing.assert_close(image, expected, atol=1e-5, rtol=0)
