"""Pictures of an edit say what they show: how many codes, which attribute, how strong, who did not arrive."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import latentwalk as lw
from latentwalk.jobs import figures
from latentwalk.jobs.captions import captions, percent, share_shown, signed, strengths, subjects, under
from latentwalk.jobs.figures import PICTURES, before_the_line, frames_of, picture_of, save_film, save_picture
from latentwalk.jobs.load import measurements_of
from latentwalk.jobs.replay import replay
from latentwalk.latents import Latents
from latentwalk.pictures.text import RED
from latentwalk.receipts import PictureRecipe, Receipt
from random_networks import EVERY
from toys import ToyScorer

SCORER = ToyScorer()
STRIP = PictureRecipe(kind="strip", show=2)


@pytest.fixture(scope="module")
def edited(toy):
    return lw.edit(toy, toy.sample(range(4)), SCORER, "one", 0.9, frames=True)


@pytest.fixture(scope="module")
def fixed(toy):
    walk = lw.FixedWalk(lw.Directions(SCORER.directions.items[:2]), (2.0, -1.0))
    return lw.edit(toy, toy.sample(range(3)), SCORER, walk=walk, frames=True)


@pytest.fixture(scope="module")
def unscored(toy):
    walk = lw.FixedWalk(lw.Directions(SCORER.directions.items[:1]), (2.0,))
    return lw.edit(toy, toy.sample(range(3)), walk=walk, frames=True)


def is_marked(picture) -> bool:
    return bool((np.asarray(picture) == RED).all(2).any())


def test_a_picture_of_some_codes_says_of_how_many(edited) -> None:
    assert share_shown(edited[:2]) == "2 of 4 codes"
    assert share_shown(edited) == ""
    bare = PICTURES["heat"](edited[:2], PictureRecipe(kind="heat", show=2))
    assert picture_of(edited[:2], PictureRecipe(kind="heat", show=2)).height > bare.height


def test_captions_name_the_attribute_and_old_ones_do_not(edited) -> None:
    logits = torch.full((1, 3), 6.0)
    assert captions(edited, logits, subjects(edited), STRIP) == ["one .998"]
    assert captions(edited, logits, subjects(edited), STRIP.model_copy(update={"edition": 1})) == ["p 0.998"]
    assert [percent(p) for p in (0.0, 0.99999, 1.0)] == [".000", ".999", "1.000"]


def test_captions_of_a_fixed_walk_say_how_strong(fixed) -> None:
    codes = frames_of(fixed, fixed.path(0), 5, STRIP)
    lines = strengths(fixed, codes, fixed.start[[0] * 5])
    assert lines[0] == "one +0.0\ntwo +0.0" and lines[2] == "one +1.0\ntwo -0.5" and lines[-1] == "one +2.0\ntwo -1.0"
    assert under(fixed, fixed.latents, fixed.start, fixed.after, STRIP)[0].startswith("one +2.0\ntwo -1.0\none ")


def test_a_code_that_did_not_arrive_is_marked_in_a_strip(edited) -> None:
    lost = replace(edited, walk=replace(edited.walk, reached=torch.tensor([True, False, True, True])))
    assert is_marked(picture_of(lost, STRIP))
    assert not is_marked(picture_of(edited, STRIP))


def test_a_plane_says_who_arrived_before_the_line(edited) -> None:
    behind, before = np.array([[-1.0, 0], [1, 0]]), np.array([[-2.0, 0], [-1, 0]])
    assert before_the_line(edited, "one", [behind] * 4) == ""
    assert before_the_line(edited, "one", [behind, before, before, behind]).startswith("2 of 4 walks reach one without")


def test_codes_that_have_their_labels_inside_walk_in_a_plane_too(monkeypatch) -> None:
    monkeypatch.setattr(figures, "PLANE_SAMPLES", 200)
    generator = EVERY["vae"]()
    codes = Latents(generator.map(generator.sample(3, 1), "zy").values, "zy")
    edited = lw.edit(generator, codes, measurements_of(generator), "brightness", 0.6, frames=True)
    assert picture_of(edited, PictureRecipe(kind="plane", show=3)).width > 1


@pytest.mark.parametrize("kind", ["before-after", "strip", "heat"])
def test_without_a_scorer_there_are_pictures(unscored, toy, kind, tmp_path) -> None:
    assert picture_of(unscored, PictureRecipe(kind=kind, show=3)).width > 1
    save_picture(unscored, tmp_path / "p.png", PictureRecipe(kind=kind, show=3))
    assert replay(tmp_path / "p.png", toy).difference == 0


def test_without_a_scorer_charts_and_planes_say_what_they_need(unscored, tmp_path) -> None:
    for kind, message in (("chart", "a chart shows what a scorer tells"), ("plane", "at least two attributes")):
        with pytest.raises(ValueError, match=message):
            picture_of(unscored, PictureRecipe(kind=kind, show=3))
    save_film(unscored, tmp_path / "w.gif", "gif", 2, scale=1)
    assert (tmp_path / "w.gif").stat().st_size > 0


@pytest.mark.parametrize("ending", ["jpg", "webp"])
def test_a_lossy_picture_is_made_again_but_for_the_loss(edited, toy, ending, tmp_path) -> None:
    path = tmp_path / f"p.{ending}"
    save_picture(edited, path, PictureRecipe(kind="before-after", show=2))
    again = replay(path, toy, SCORER)
    assert 0 < again.difference < 64 / 255 and not again.lossless
    assert Receipt.read(path) == again.receipt


def test_no_strength_is_minus_zero() -> None:
    assert [signed(value) for value in (-1e-7, 0.0, 1.04, -0.06)] == ["+0.0", "+0.0", "+1.0", "-0.1"]
