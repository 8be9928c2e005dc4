"""What a page can take away: files that are what they say, hold nothing of this machine, and can be stopped."""

import getpass
import io
import json
from dataclasses import replace
from pathlib import Path

import imageio
import numpy as np
import pytest
import torch
from PIL import Image

import latentwalk as lw
from latentwalk.direction import Directions
from latentwalk.features.network import PixelFeatures
from latentwalk.images import to_bytes
from latentwalk.origin import Origin, Source
from latentwalk.receipts import Receipt
from latentwalk.studio.jobs import JOBS
from latentwalk.studio.jobs.codes import Codes
from latentwalk.studio.jobs.directions import SaveDirections
from latentwalk.studio.jobs.film import Film, slid
from latentwalk.studio.jobs.grid import Grid
from latentwalk.studio.jobs.job import Job, Stopped
from latentwalk.studio.jobs.restore import Restore
from latentwalk.studio.jobs.save import Save
from latentwalk.studio.model import Model
from latentwalk.studio.session import Session
from latentwalk.studio.sheet import fitted
from latentwalk.studio.state import Slide, State, read
from told import Page, told
from toys import ToyScorer

MOVED = State(seed=4, edits=(Slide(direction="one", amount=1.5), Slide(direction="two", amount=-0.5)))


@pytest.fixture(scope="module")
def session(toy) -> Session:
    scorer = ToyScorer(entangled=True)
    return Session(Model.of(toy, scorer, PixelFeatures(), scorer.directions))


def file_of(page: Page) -> tuple[str, bytes]:
    (word,) = page.of("file")
    assert word.file is not None
    return word.details["name"], word.file


def opened(page: Page) -> Image.Image:
    return Image.open(io.BytesIO(file_of(page)[1]))


def near(picture: Image.Image, pixels: np.ndarray) -> bool:
    """Whether they are the same but for what a palette or a film loses."""
    return float(np.abs(np.asarray(picture.convert("RGB")).astype(int) - pixels.astype(int)).mean()) < 6


def grid(file: bool = True) -> Grid:
    states = tuple(tuple(slid(State(seed=seed), "one", amount) for amount in (-1.0, 0.0, 1.0)) for seed in (4, 5))
    return Grid(states=states, rows=("seed 4", "seed 5"), columns=("-1", "0", "+1"), shown=MOVED, file=file)


def test_a_grid_shows_every_state_in_its_place_and_tells_of_the_code(session: Session) -> None:
    page = told(grid(), session)
    cells = page.of("cell")
    assert [(cell.details["row"], cell.details["column"]) for cell in cells] == [
        (i, j) for i in range(2) for j in range(3)
    ]
    sheet = opened(page)
    receipt = Receipt.parse(sheet.text["latentwalk"], "the sheet")
    assert receipt.picture is None and receipt.studio is not None
    assert read(State, receipt.studio["state"]) == MOVED
    for cell in (cells[1], cells[5]):
        state = grid().states[cell.details["row"]][cell.details["column"]]
        assert near(Image.open(io.BytesIO(cell.file)), to_bytes(session.picture(state)[None])[0])
    wide = 3 * 8 * 20  # enlarged until they can be seen well
    assert sheet.width > wide and sheet.height > wide * 2 / 3
    assert told(grid(False), session).of("file") == []


def test_large_pictures_are_small_on_a_sheet() -> None:
    side = fitted(torch.zeros(1, 4096, 4096), 6).shape[-1]
    assert 6 * side * side <= 2**24 < 6 * (side + 2) ** 2
    assert fitted(torch.zeros(3, 8, 9), 6).shape == (3, 8, 9)


@pytest.mark.parametrize("kind", ["gif", "mp4"])
@pytest.mark.parametrize("slider", [None, "two"])
def test_a_film_goes_from_end_to_end(session: Session, tmp_path: Path, kind: str, slider: str | None) -> None:
    film = Film(state=MOVED, kind=kind, slider=slider, low=-2, high=2, frames=5, back=False, scale=8)
    page = told(film, session)
    assert [word.details["done"] for word in page.of("progress")] == [1, 2, 3, 4, 5]
    name, data = file_of(page)
    (tmp_path / name).write_bytes(data)
    shown = [np.asarray(frame) for frame in imageio.get_reader(str(tmp_path / name))]
    ends = [State(seed=4), MOVED] if slider is None else [slid(MOVED, slider, amount) for amount in (-2, 2)]
    for frame, state in zip((shown[0], shown[-1]), ends, strict=True):
        pixels = np.kron(to_bytes(session.picture(state)[None])[0], np.ones((8, 8, 1), dtype=np.uint8))
        assert near(Image.fromarray(frame[:, :, :3]), pixels)


@pytest.mark.parametrize("slider", [None, "two"])
def test_a_strip_has_its_frames_beside_each_other(session: Session, slider: str | None) -> None:
    film = Film(state=MOVED, kind="strip", slider=slider, low=-2, high=2, frames=3, scale=8)
    strip = opened(told(film, session))
    ends = [State(seed=4), MOVED] if slider is None else [slid(MOVED, slider, amount) for amount in (-2, 2)]
    for left, state in zip((8, 8 + 2 * (64 + 4)), ends, strict=True):
        pixels = np.kron(to_bytes(session.picture(state)[None])[0], np.ones((8, 8, 1), dtype=np.uint8))
        assert near(strip.crop((left, 8, left + 64, 72)), pixels)
    receipt = Receipt.parse(strip.text["latentwalk"], "the strip")
    assert receipt.studio is not None and read(State, receipt.studio["state"]) == MOVED
    with pytest.raises(ValueError, match="at most 16 pictures, got 17"):
        told(Film(state=MOVED, kind="strip", frames=17), session)


def test_a_film_of_a_walk_begins_before_it(session: Session, toy) -> None:
    code = toy.sample([5])
    found = session.keep(State(seed=5), code.with_values(code.values + 0.5))
    draw = Film(state=State(kept=found.id), kind="gif", frames=3)._from_before(session.beside())
    torch.testing.assert_close(draw(0), session.picture(State(seed=5)))
    torch.testing.assert_close(draw(2), session.picture(State(kept=found.id)))


@pytest.mark.parametrize("job", [grid(), Film(state=MOVED, kind="mp4"), Film(state=MOVED, kind="gif", slider="one")])
def test_who_stops_listening_stops_the_work(session: Session, job: Job) -> None:
    page = Page(patience=2)
    with pytest.raises(Stopped):
        job.run(session, page)
    assert len(page.words) == 2


def test_codes_and_directions_are_those_of_the_picture(session: Session, toy, tmp_path: Path) -> None:
    held = MOVED.model_copy(update={"hold": ("three",)})
    for job, name in (
        (Codes(state=held), "code"),
        (Codes(state=held, before=True), "start"),
        (SaveDirections(state=held), "d"),
    ):
        (tmp_path / f"{name}.safetensors").write_bytes(file_of(told(job, session))[1])
    codes = lw.load_codes(toy, tmp_path / "code.safetensors")
    torch.testing.assert_close(toy.render(codes)[0], session.picture(held))
    start = lw.load_codes(toy, tmp_path / "start.safetensors")
    assert start.seeds is not None and start.seeds.tolist() == [4]
    found = lw.Directions.load(tmp_path / "d.safetensors", toy.fingerprint)
    again = lw.edit(toy, start, walk=lw.FixedWalk(found, (1.5, -0.5)))
    torch.testing.assert_close(again.latents.values, codes.values)
    (tmp_path / "all").write_bytes(file_of(told(SaveDirections(state=held, every=True), session))[1])
    assert [each.name for each in lw.Directions.load(tmp_path / "all")] == list(session.sliders)
    with pytest.raises(ValueError, match="no slider is moved"):
        told(SaveDirections(state=State(seed=4)), session)


def test_a_receipt_comes_back_over_the_page(session: Session) -> None:
    page = told(Save(state=MOVED, scale=2), session)
    assert file_of(page)[0] == "toy-seed4-one-two.png" and opened(page).size == (16, 16)
    (word,) = told(Restore(receipt=opened(page).text["latentwalk"]), session).of("restored")
    assert read(State, word.details["state"]) == MOVED and word.details["note"] == ""


def test_names_of_files_are_plain_and_those_that_sliders_are_called_by(session: Session, toy) -> None:
    wild = Session(session.model)
    origin = Origin(method="fewshot", generator=Source.of(toy))
    named = replace(session.sliders["one"], name="../../a b <i>")
    [slider] = wild.own.keep(Directions((named,), origin), "label")
    name, _ = file_of(told(Save(state=slid(State(), slider.slider, 1.0)), wild))
    assert name == "toy-seed0-.._.._a_b_i.png" and "/" not in name


def test_nothing_of_this_machine_is_in_any_file(session: Session, tmp_path: Path) -> None:
    """Nor of where the generator lay, whatever is saved."""
    generator = session.model.generator.with_options()
    generator.source = f"{tmp_path}/mine.pkl"
    elsewhere = Session(Model.of(generator, session.model.scorer, PixelFeatures(), session.model.scorer.directions))
    jobs = [Save(state=MOVED), grid(), Codes(state=MOVED), SaveDirections(state=MOVED)]
    jobs += [Film(state=MOVED, kind=kind, frames=2) for kind in ("gif", "mp4", "strip")]
    strange = [str(tmp_path), "/tmp", str(Path.home()), str(Path.cwd()), "latentwalk-", "EXIF", "Exif\0", "GPS"]
    strange += [getpass.getuser() + "@"]
    for job in jobs:
        name, data = file_of(told(job, elsewhere))
        texts = data + (Image.open(io.BytesIO(data)).text["latentwalk"].encode() if name.endswith(".png") else b"")
        assert not [word for word in strange if word.encode() in texts], name


@pytest.mark.parametrize(
    ("job", "fields", "message"),
    [
        ("save", {"state": {}, "scale": 17}, "scale"),
        ("film", {"state": {}, "kind": "avi"}, "kind"),
        ("film", {"state": {}, "kind": "gif", "frames": 10**9}, "frames"),
        ("film", {"state": {}, "kind": "gif", "low": float("nan")}, "low"),
        ("grid", {"states": [[{}]], "rows": ["a", "b"], "columns": ["c"], "shown": {}}, "a state for every row"),
        ("grid", {"states": [[{}] * 17], "rows": ["a"], "columns": ["c"] * 17, "shown": {}}, "states.0"),
        ("restore", {"receipt": "x" * (2**22 + 1)}, "receipt"),
        ("restore", {"receipt": {}}, "receipt"),
    ],
)
def test_wishes_that_cannot_be_are_refused(job: str, fields: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read(JOBS[job], json.loads(json.dumps(fields)))
