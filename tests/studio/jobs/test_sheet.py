"""Sheets of seeds, and codes that are kept to be mixed."""

from io import BytesIO

import pytest
import torch
from PIL import Image

from latentwalk.features.network import PixelFeatures
from latentwalk.images import to_pictures
from latentwalk.studio.jobs.keep import Keep
from latentwalk.studio.jobs.sheet import Sheet
from latentwalk.studio.model import Model
from latentwalk.studio.session import Session
from latentwalk.studio.state import Share, Slide, State, read
from told import told
from toys import ToyScorer


@pytest.fixture
def session(toy) -> Session:
    scorer = ToyScorer()
    return Session(Model.of(toy, scorer, PixelFeatures(), scorer.directions))


def test_a_sheet_shows_every_seed_with_the_sliders_of_the_state(session: Session) -> None:
    """Whatever the state's own code is."""
    edits = (Slide(direction="one", amount=3.0),)
    seeds = tuple(range(40, 48))
    words = told(Sheet(seeds=seeds, state=State(seed=9, mix=(Share(seed=3),), edits=edits)), session).words
    assert {word.kind for word in words} == {"sheet"}
    shown: list[Image.Image] = []
    for _, strip, details in words:
        assert strip is not None and details["first"] == len(shown)
        picture = Image.open(BytesIO(strip))
        width = picture.width // details["count"]
        shown += [picture.crop((i * width, 0, (i + 1) * width, picture.height)) for i in range(details["count"])]
    assert len(shown) == len(seeds)
    for seed, picture in zip(seeds, shown, strict=True):
        expected = to_pictures(session.frame(State(seed=seed, edits=edits)).image[None])[0]
        apart = torch.tensor(list(picture.tobytes())).float() - torch.tensor(list(expected.tobytes())).float()
        assert apart.abs().mean() < 8  # JPEG


def test_a_sheet_needs_no_code_that_was_forgotten(session: Session) -> None:
    assert len(told(Sheet(seeds=(1,), state=State(kept="photo-1")), session).words) == 1


@pytest.mark.parametrize("seeds", [[], list(range(1000)), [-1]])
def test_sheets_have_bounds(seeds: list[int]) -> None:
    with pytest.raises(ValueError, match="seeds"):
        read(Sheet, {"seeds": seeds, "state": {}})


def test_what_is_kept_has_the_sliders_in_it_and_can_be_mixed(session: Session) -> None:
    state = State(seed=2, edits=(Slide(direction="one", amount=2.0),))
    kind, _, details = told(Keep(state=state, name="pin 1"), session).words[0]
    assert (kind, details["name"]) == ("kept", "pin 1") and set(details) == {"id", "found", "name"}
    frame = session.frame(State(mix=(Share(kept=details["id"]),)))
    torch.testing.assert_close(frame.image, session.frame(state).image, atol=1e-5, rtol=0)
