"""The code of a photograph: shown on the way, kept for sliders and walks, drawn by a tuned generator if asked for."""

from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image

from latentwalk.direction import Directions
from latentwalk.features.network import PixelFeatures
from latentwalk.generator import Generator
from latentwalk.images import to_pictures
from latentwalk.inversion.optimize import Optimize
from latentwalk.inversion.ridge import Ridge
from latentwalk.inversion.tune import Tuning
from latentwalk.kept import PLACE
from latentwalk.scores import Unscored
from latentwalk.studio.jobs import invert
from latentwalk.studio.jobs.invert import Invert
from latentwalk.studio.jobs.job import Stopped
from latentwalk.studio.jobs.put_back import PutBack
from latentwalk.studio.model import Model
from latentwalk.studio.session import UNTUNED, Session
from latentwalk.studio.shelf import WrittenFound
from latentwalk.studio.state import Slide, State, read
from told import Page
from toys import ToyGenerator, ToyScorer


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory):
    """What generators need is learned once for all tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(PLACE, str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def model(toy: ToyGenerator) -> Model:
    scorer = ToyScorer()
    return Model.of(toy, scorer, PixelFeatures(), scorer.directions)


@pytest.fixture
def seen(toy: ToyGenerator) -> Image.Image:
    """A picture of the generator."""
    return to_pictures(toy.render(toy.sample([3])))[0]


@pytest.fixture
def strange(seen: Image.Image) -> Image.Image:
    """One that it cannot draw, wider than its own: the middle is what it is to draw."""
    noise = np.random.default_rng(0).integers(-40, 40, (8, 8, 3))
    wide = Image.new("RGB", (16, 8), "green")
    wide.paste(Image.fromarray((np.asarray(seen).astype(int) + noise).clip(0, 255).astype(np.uint8)), (4, 0))
    return wide


def inverted(session: Session, photo: Image.Image, **how) -> tuple[Page, dict]:
    page = Page()
    Invert(photo=session.photos.put(photo, 1), whole=True, **how).run(session, page)
    return page, page.details("inverted")[-1]


def apart(image: torch.Tensor, photo: Image.Image) -> float:
    pixels = torch.from_numpy(np.array(photo)).permute(2, 0, 1) / 127.5 - 1
    return float((image - pixels).square().mean())


def test_the_code_of_a_picture_is_found_and_kept(model: Model, seen: Image.Image, toy: ToyGenerator) -> None:
    session = Session(model)
    _, told = inverted(session, seen)
    frame = session.frame(State(kept=told["id"]))
    assert apart(frame.image, seen) < 1e-4 and told["psnr"] > 40
    assert frame.before == frame.after and frame.distance == 0, "changes are measured from the photograph"
    moved = session.frame(State(kept=told["id"], edits=(Slide(direction="one", amount=2.0),)))
    assert moved.distance == pytest.approx(2, abs=1e-4) and moved.after["one"] > frame.after["one"]
    later = Session(model)
    assert later.shelf.bring(read(WrittenFound, told["found"]), toy) == told["id"]
    torch.testing.assert_close(later.frame(State(kept=told["id"])).image, frame.image, atol=1e-6, rtol=0)


def test_pictures_on_the_way_come_nearer(tiny: Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invert, "EVERY", 0.0)
    quick = Optimize(ridge=Ridge(pairs=300), probes=60, budget=40)
    monkeypatch.setattr(invert, "read_inverter", lambda *_: quick)
    session = Session(Model.of(tiny, Unscored(), PixelFeatures(), Directions(())))
    page, told = inverted(session, to_pictures(tiny.render(tiny.sample([3])))[0])
    steps = page.details("step")
    levels = [float(step["note"].split(": ")[1].removesuffix(" dB")) for step in steps]
    assert levels == sorted(levels) and levels[-1] > levels[0] + 5
    assert levels[-1] == pytest.approx(told["psnr"], abs=0.2)
    assert [step["done"] for step in steps] == list(range(1, len(steps) + 1)) and steps[0]["total"] >= len(steps)


def test_it_ends_at_the_next_look_when_nobody_wants_it(model: Model, strange: Image.Image, toy, monkeypatch) -> None:
    inverted(Session(model), strange)  # what is learned once is learned
    page, looks = Page(patience=3), []
    monkeypatch.setattr(invert.Showing, "_look", _counted(invert.Showing._look, looks))
    with pytest.raises(Stopped):
        session = Session(model)
        Invert(photo=session.photos.put(strange, 1), whole=True, tune=True).run(session, page)
    assert 1 <= len(looks) <= 4 and not page.details("inverted")


@pytest.mark.parametrize("tune", [False, True])
def test_what_was_found_until_it_is_stopped_is_kept(
    tiny: Generator, tune: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invert, "EVERY", 0.0)
    quick = Optimize(ridge=Ridge(pairs=300), probes=60, budget=40)
    monkeypatch.setattr(invert, "read_inverter", lambda *_: quick)
    session = Session(Model.of(tiny, Unscored(), PixelFeatures(), Directions(())))
    page = Page(enough=lambda page: len(page.details("step")) == 3)
    photo = session.photos.put(to_pictures(tiny.render(tiny.sample([3])))[0], 1)
    Invert(photo=photo, whole=True, tune=tune).run(session, page)
    steps, end = page.details("step"), page.details("inverted")[-1]
    assert len(steps) == 3 and end["stopped"] and end["untuned"] is None
    assert end["psnr"] == pytest.approx(float(steps[-1]["note"].split(": ")[1].removesuffix(" dB")), abs=0.1)
    assert session.frame(State(kept=end["id"])).note == ""


def test_one_that_is_stopped_while_it_is_tuned_keeps_the_code(
    model: Model, strange: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invert, "EVERY", 0.0)
    _, whole = inverted(Session(model), strange)
    session = Session(model)
    page = Page(enough=lambda page: any("tuning" in step["note"] for step in page.details("step")))
    Invert(photo=session.photos.put(strange, 1), whole=True, tune=True).run(session, page)
    end = page.details("inverted")[-1]
    assert end["stopped"] and not whole["stopped"]
    assert end["found"]["tuned"] is None and end["id"] == whole["id"]


def _counted(look, looks: list[int]):
    def counted(*given) -> None:
        looks.append(1)
        look(*given)

    return counted


@pytest.fixture
def tuned(model: Model, strange: Image.Image, monkeypatch: pytest.MonkeyPatch) -> tuple[Session, dict, Generator]:
    """A session with a tuned code, and the generator that draws it."""
    monkeypatch.setattr(invert, "EVERY", 0.0)
    monkeypatch.setattr(invert, "Tuning", lambda: Tuning(steps=40))
    session = Session(model)
    page, told = inverted(session, strange, tune=True)
    assert any("tuning" in step["note"] for step in page.details("step"))
    return session, told, session.tuned.take(told["found"]["tuned"])


def test_a_tuned_generator_draws_what_is_made_of_its_photograph(
    tuned: tuple[Session, dict, Generator], model: Model, strange: Image.Image, toy: ToyGenerator
) -> None:
    session, told, drawing = tuned
    assert told["psnr"] > told["untuned"] + 0.5
    state = State(kept=told["id"])
    code = session.code(state)
    torch.testing.assert_close(session.frame(state).image, drawing.render(code)[0])
    middle = strange.crop((4, 0, 12, 8))
    assert apart(drawing.render(code)[0], middle) < apart(toy.render(code)[0], middle)
    # sliders
    moved = session.frame(state.model_copy(update={"edits": (Slide(direction="two", amount=1.0),)}))
    torch.testing.assert_close(moved.image, drawing.render(model.sliders["two"].shift(code, 1.0))[0])
    # walks, and what is kept of them
    *_, (frame, walk) = session.climb(state, "one", 0.9, ())
    torch.testing.assert_close(frame.image, drawing.render(walk.latents)[0])
    end = session.keep(state, walk.latents)
    torch.testing.assert_close(session.frame(State(kept=end.id)).image, frame.image)
    torch.testing.assert_close(session.frame(State(kept=end.id, start=True)).image, drawing.render(code)[0])
    # and nothing else
    torch.testing.assert_close(session.frame(State(seed=5)).image, toy.render(toy.sample([5]))[0])


def test_a_server_that_has_forgotten_the_tuned_generator_draws_by_the_other_and_says_so(
    tuned: tuple[Session, dict, Generator], model: Model, toy: ToyGenerator
) -> None:
    session, told, _ = tuned
    other = Session(model)
    other.shelf.bring(read(WrittenFound, told["found"]), toy)
    frame = other.frame(State(kept=told["id"]))
    torch.testing.assert_close(frame.image, toy.render(session.code(State(kept=told["id"])))[0], atol=1e-5, rtol=0)
    assert frame.note == UNTUNED and session.frame(State(kept=told["id"])).note == ""
    same = Session(model, tuned=session.tuned)  # another page of the same server
    same.shelf.bring(read(WrittenFound, told["found"]), toy)
    assert same.frame(State(kept=told["id"])).note == ""


def test_what_nothing_changed_is_the_photograph_bit_for_bit_without_metadata(
    model: Model, strange: Image.Image
) -> None:
    session, page = Session(model), Page()
    _, told = inverted(session, strange)
    photo = session.photos.put(strange, 1)
    PutBack(photo=photo, whole=True, state=State(kept=told["id"]), save=True).run(session, page)
    _, file, details = page.of("file")[-1]
    back = Image.open(BytesIO(file or b""))
    assert details["name"].endswith(".png") and back.info == {} and dict(back.getexif()) == {}
    assert np.array_equal(np.asarray(back), np.asarray(strange))


@pytest.mark.parametrize("change", [True, False])
def test_edits_change_the_photograph_inside_the_frame_alone(model: Model, strange: Image.Image, change: bool) -> None:
    session, page = Session(model), Page()
    _, told = inverted(session, strange)
    photo, state = session.photos.put(strange, 1), State(kept=told["id"], edits=(Slide(direction="one", amount=4),))
    PutBack(photo=photo, whole=True, state=state, change=change, save=True).run(session, page)
    back, before = np.asarray(Image.open(BytesIO(page.files("file")[-1]))).astype(int), np.asarray(strange)
    assert np.array_equal(back[:, :4], before[:, :4]) and np.array_equal(back[:, 12:], before[:, 12:])
    assert (back[2:6, 6:10, 0] - before[2:6, 6:10, 0]).mean() > 10, "more red"
    PutBack(photo=photo, whole=True, state=state, change=change).run(session, page)
    seen = np.asarray(Image.open(BytesIO(page.files("put-back")[-1]))).astype(int)
    assert np.abs(seen - back).mean() < 8  # JPEG
