"""A picture of the studio carries a receipt: it makes the picture again, and gives the studio its state back."""

import json
from pathlib import Path

import pytest
import torch

import latentwalk as lw
from latentwalk.features.network import PixelFeatures
from latentwalk.images import png, read_receipt, to_pictures
from latentwalk.jobs.figures import save_picture
from latentwalk.jobs.replay import replay
from latentwalk.jobs.sheets import path_receipt, sample_receipt
from latentwalk.receipts import PictureRecipe, Receipt
from latentwalk.scores import Unscored
from latentwalk.studio.model import Model
from latentwalk.studio.models import unsupervised
from latentwalk.studio.recipe import plain_name, restored, taken
from latentwalk.studio.session import Session
from latentwalk.studio.state import Share, Slide, State
from toys import ToyScorer


@pytest.fixture(scope="module")
def toy_model(toy) -> Model:
    scorer = ToyScorer(entangled=True)
    return Model.of(toy, scorer, PixelFeatures(), scorer.directions)


def kept(session: Session) -> str:
    """The id of a code that no seed gives."""
    walk = session.model.generator.sample([5])
    return session.keep(State(seed=5), walk.with_values(walk.values + 0.3)).id


STATES = [
    State(seed=7),
    State(seed=4, edits=(Slide(direction="one", amount=1.5), Slide(direction="two", amount=-0.5))),
    State(
        seed=4, edits=(Slide(direction="one", amount=2.0), Slide(direction="two", amount=1.0)), hold=("two", "three")
    ),
    State(
        seed=1,
        mix=(Share(seed=1, weight=0.6), Share(seed=2, weight=0.4)),
        edits=(Slide(direction="three", amount=1.0),),
    ),
    State(kept="kept"),
    State(kept="kept", edits=(Slide(direction="one", amount=-1.0),)),
]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("scale", [1, 3])
def test_the_picture_is_replayed_and_its_state_comes_back(toy, toy_model, tmp_path, state: State, scale: int) -> None:
    session = Session(toy_model)
    if state.kept:
        state = state.model_copy(update={"kept": kept(session)})
    picture, receipt = taken(session, state, scale)
    if scale == 1:
        assert picture.tobytes() == to_pictures(session.frame(state).image[None])[0].tobytes()
    path = tmp_path / "picture.png"
    path.write_bytes(png(picture, receipt.to_json()))
    again = replay(path, toy, toy_model.scorer)
    assert again.difference == 0 and again.picture.size == (8 * scale, 8 * scale)
    elsewhere = Session(toy_model)
    back = restored(elsewhere, Receipt.read(path))
    assert (back.state, back.note) == (state, "")
    torch.testing.assert_close(elsewhere.frame(back.state).image, session.frame(state).image)
    assert elsewhere.frame(back.state).before == pytest.approx(session.frame(state).before)


def test_every_family_and_space(generator, tmp_path) -> None:
    """Sliders of the space where codes are sampled and of a later one, at once."""
    directions = list(unsupervised(generator))[:2]
    first = generator.input_space
    if directions[0].space != first.name and len(first.shape) == 1:
        vector = torch.nn.functional.normalize(torch.ones(first.size), dim=0)
        directions.append(lw.Direction("first", vector, first.name))
    model = Model.of(generator, Unscored(), PixelFeatures(), lw.Directions(tuple(directions)))
    state = State(seed=3, edits=tuple(Slide(direction=name, amount=1.0) for name in model.sliders))
    picture, receipt = taken(Session(model), state)
    (tmp_path / "picture.png").write_bytes(png(picture, receipt.to_json()))
    assert replay(tmp_path / "picture.png", generator, Unscored()).difference <= 1 / 255
    assert picture.tobytes() == to_pictures(Session(model).frame(state).image[None], transparent=True)[0].tobytes()
    assert restored(Session(model), Receipt.read(tmp_path / "picture.png")).state == state


def test_sliders_that_are_not_here_leave_their_picture(toy, toy_model) -> None:
    state = State(seed=4, edits=(Slide(direction="one", amount=1.5),))
    _, receipt = taken(Session(toy_model), state)
    turned = lw.Directions(tuple(direction.turned() for direction in toy_model.scorer.directions))
    for directions in (turned, lw.Directions(tuple(turned)[1:])):  # of the same name, and of none
        poorer = Session(Model.of(toy, toy_model.scorer, PixelFeatures(), directions))
        back = restored(poorer, receipt)
        assert back.note == "the picture is as it was, without what moved it (one)"
        assert back.state.edits == () and back.found is not None
        frame = poorer.frame(back.state)
        torch.testing.assert_close(frame.image, Session(toy_model).frame(state).image, atol=1e-5, rtol=0)
        assert frame.before == pytest.approx(Session(toy_model).frame(state).before, abs=1e-5)


def test_pictures_of_the_command_line_become_states(toy, toy_model, tmp_path) -> None:
    session, scorer = Session(toy_model), toy_model.scorer
    walked = lw.edit(toy, toy.sample([8, 5]), scorer, "one", 0.95)
    save_picture(walked, tmp_path / "walked.png", PictureRecipe(kind="before-after", show=2))
    back = restored(session, Receipt.read(tmp_path / "walked.png"))
    assert back.note == "the first of 2 codes" and back.found is not None
    torch.testing.assert_close(session.frame(back.state).image, walked.images[0], atol=1e-5, rtol=0)
    assert session.frame(back.state).before == pytest.approx(session.frame(State(seed=8)).before)

    along = lw.FixedWalk(lw.Directions((scorer.directions["two"],)), (1.5,))
    fixed = lw.edit(toy, toy.sample([8]), scorer, walk=along)
    assert restored(session, fixed.receipt).state == State(seed=8, edits=(Slide(direction="two", amount=1.5),))

    keys = toy.sample([3, 9])
    assert restored(session, sample_receipt(toy, keys, PictureRecipe(kind="samples", show=2))).state == State(seed=3)
    way = path_receipt(toy, keys, 4, "slerp", PictureRecipe(kind="path", show=2))
    assert restored(session, way).state == State(seed=3, mix=(Share(seed=3, weight=0.5), Share(seed=9, weight=0.5)))


def hostile(receipt: Receipt, change: dict) -> str:
    data = json.loads(receipt.to_json())
    for place, value in change.items():
        *path, last = place.split(".")
        part = data
        for step in path:
            part = part[int(step)] if isinstance(part, list) else part[step]
        part[last] = value
    return json.dumps(data)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"recipe.generator.fingerprint": "0" * 16}, "choose that one, or start the studio with it"),
        ({"recipe.generator.fingerprint": "f" * 10**6, "recipe.generator.source": "x" * 10**6}, "start the studio"),
        ({"studio.state.edits": [{"direction": "one", "amount": float("nan")}]}, "amount|damaged or foreign"),
        ({"studio.state.seed": 10**40}, "seed"),
        ({"studio.state.run": "rm"}, "run: Extra inputs"),
        ({"studio.edition": 2}, "edition"),
        ({"studio.state.kept": "../../etc"}, "no code"),
        ({"studio": {}, "recipe.codes.seeds": "4"}, "state: Field required"),
        ({"studio": None, "recipe.codes.seeds": "0-99999999999999"}, "one of this generator|too many or too large"),
        ({"studio": None, "recipe.codes.seeds": "-"}, "cannot read the seeds"),
        (
            {"studio": None, "recipe.codes.values": [[1e300] * 16], "recipe.codes.shape": [16]},
            "finite|generator|damaged",
        ),
        ({"studio": None, "recipe.codes.values": [[1.0] * 16], "recipe.codes.shape": [-1, 2**60]}, "damaged"),
        ({"studio": None, "recipe.codes.labels": [10**30]}, "damaged|classes|Input"),
        ({"studio": None, "recipe.walk.directions": [], "codes": []}, "does not say where"),
        ({"studio": None, "recipe.walk.kind": "os:system", "codes.0.end": [1.0]}, "none of this generator"),
        ({"recipe.walk.directions.0.vector": [0.0]}, "norm 1"),
        ({"unknown": 1}, "unknown: Extra inputs"),
        ({"recipe.drawing.truncation": 1e9, "studio": None}, "truncation"),
    ],
)
def test_receipts_that_mean_harm_are_refused_in_one_line(toy_model, change: dict, message: str) -> None:
    _, receipt = taken(Session(toy_model), STATES[1])
    with pytest.raises(ValueError, match=message) as refused:
        restored(Session(toy_model), Receipt.parse(hostile(receipt, change), "the picture"))
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 400


@pytest.mark.parametrize(
    "text", ["", "{", "null", "[" * 100_000, '{"a":' * 100_000, "NaN", '{"latentwalk": "\\ud800"}']
)
def test_texts_that_are_no_receipt_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="damaged or foreign"):
        Receipt.parse(text, "the picture")


def test_no_folder_is_named(toy, toy_model) -> None:
    """Of whatever the generator and the scorer were read from."""
    generator = toy.with_options()
    generator.source, generator.delta = "/home/somebody/models/mine.pkl", "C:\\somebody\\me\\delta.safetensors"
    model = Model.of(generator, toy_model.scorer, PixelFeatures(), toy_model.scorer.directions)
    for state in STATES[:2]:
        picture, receipt = taken(Session(model), state)
        assert b"somebody" not in png(picture, receipt.to_json()) and "somebody" not in receipt.to_json()
        assert receipt.recipe.generator.source == "mine.pkl"
    assert plain_name("hf://owner/model") == "hf://owner/model"


def test_only_the_receipt_is_in_the_file(toy_model, tmp_path: Path) -> None:
    picture, receipt = taken(Session(toy_model), STATES[0])
    picture.info["exif"] = b"Exif\0\0GPS"  # as a photograph brings it
    data = png(picture, receipt.to_json())
    kinds, place = [], 8
    while place < len(data):
        size = int.from_bytes(data[place : place + 4], "big")
        kinds.append(data[place + 4 : place + 8])
        place += size + 12
    assert kinds == [b"IHDR", b"iTXt", b"IDAT", b"IEND"]
    (tmp_path / "p.png").write_bytes(data)
    assert Receipt.model_validate_json(read_receipt(tmp_path / "p.png")) == receipt
