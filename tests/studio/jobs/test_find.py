"""A photograph's faces: planted ones, several, none, and those whose landmarks a person gives."""

from io import BytesIO
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from latentwalk.direction import Directions
from latentwalk.features.network import PixelFeatures
from latentwalk.kept import PLACE
from latentwalk.numerics.similarity import fit_similarity, inverse, move, similarity
from latentwalk.scores import Unscored
from latentwalk.studio.jobs import find
from latentwalk.studio.jobs.find import Find
from latentwalk.studio.model import Model
from latentwalk.studio.session import Session
from planted_faces import MEAN, SIDE, SpotDetector, blank_generator, faces_generator, spots
from told import Page

SIZE = (200, 160)


@pytest.fixture(scope="module", autouse=True)
def planted(tmp_path_factory: pytest.TempPathFactory):
    """Spots are found instead of faces."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(PLACE, str(tmp_path_factory.mktemp("cache")))
        for module in ("studio.jobs.find", "framing.align", "framing.template"):
            patch.setattr(f"latentwalk.{module}.Detector", SpotDetector)
        yield


@pytest.fixture(scope="module")
def model(planted) -> Model:
    generator = faces_generator()
    return Model.of(generator, Unscored(), PixelFeatures(), Directions(()))


def session_with(model: Model, photo: Image.Image) -> tuple[Session, str]:
    session = Session(model)
    return session, session.photos.put(photo, 1)


def face(scale: float = 3, angle: float = 10) -> np.ndarray:
    """Landmarks of a face that is turned a little, in pixels of the photograph."""
    return move(similarity(scale, angle, (16, 16), (90, 80)), MEAN)


def look(session: Session, **asked) -> tuple[Page, dict]:
    page = Page()
    Find(**asked).run(session, page)
    return page, page.details("found")[-1]


def test_the_face_is_found_and_the_crop_is_as_the_generator_draws(model: Model) -> None:
    session, photo = session_with(model, Image.fromarray(spots(face(), SIZE, 4)))
    page, found = look(session, photo=photo)
    _, shown, told = page.of("photo")[-1]
    assert told["size"] == SIZE and Image.open(BytesIO(shown or b"")).size == SIZE
    np.testing.assert_allclose(found["landmarks"], face(), atol=1.5)
    corners = move(inverse(fit_similarity(face(), MEAN)), SIDE * np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]]))
    np.testing.assert_allclose(found["corners"], corners, atol=4)
    assert found["face"] == 1 and len(found["faces"]) == 1
    assert Image.open(BytesIO(page.files("found")[-1])).size == (SIDE, SIDE)


def test_what_is_sent_back_is_the_same_place_again(model: Model) -> None:
    session, photo = session_with(model, Image.fromarray(spots(face(), SIZE, 4)))
    _, found = look(session, photo=photo)
    page, again = look(session, **found["place"], show=False)
    assert not page.details("photo")
    np.testing.assert_allclose(again["corners"], found["corners"], atol=0.1)


def test_landmarks_of_a_person_overrule_those_that_were_found(model: Model) -> None:
    session, photo = session_with(model, Image.fromarray(spots(face(), SIZE, 4)))
    moved = face(2, -20)
    _, found = look(session, photo=photo, landmarks=tuple(map(tuple, moved.tolist())))
    np.testing.assert_allclose(found["landmarks"], moved, atol=0.01)
    np.testing.assert_allclose(move(fit_similarity(moved, MEAN), np.array(found["corners"]))[0], [0, 0], atol=1.5)


def test_where_no_face_is_the_middle_is_taken_and_said_and_points_are_there_to_be_moved(model: Model) -> None:
    session, photo = session_with(model, Image.new("RGB", SIZE))
    _, found = look(session, photo=photo)
    assert "no face found" in found["note"] and found["faces"] == []
    assert found["place"] == {"photo": photo, "whole": True}
    np.testing.assert_allclose(found["corners"], [[20, 0], [180, 0], [180, 160], [20, 160]])
    middle = similarity(SIDE / 160, 0, (100, 80), (SIDE / 2, SIDE / 2))
    np.testing.assert_allclose(move(middle, np.array(found["landmarks"])), MEAN, atol=1)


def test_without_what_finds_faces_it_says_what_to_install(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise ValueError("finding faces needs OpenCV: use pip install latentwalk[photos]")

    monkeypatch.setattr(find, "Detector", missing)
    session, photo = session_with(model, Image.fromarray(spots(face(), SIZE, 4)))
    _, found = look(session, photo=photo)
    assert "pip install" in found["note"] and found["place"]["whole"]
    _, found = look(session, photo=photo, landmarks=tuple(map(tuple, face().tolist())))
    np.testing.assert_allclose(found["landmarks"], face(), atol=0.01)


def test_of_several_faces_all_are_told_and_one_is_chosen(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    large, small = face(3, 0), face(1, 0) + np.array([80, 60])
    one = SpotDetector()

    class Two(SpotDetector):
        def search(self, picture: Image.Image) -> list:
            pair = [spots(points, SIZE, 2) for points in (large, small)]
            return [found for pixels in pair for found in one.look(Image.fromarray(pixels))]

    for module in ("studio.jobs.find", "framing.align"):
        monkeypatch.setattr(f"latentwalk.{module}.Detector", Two)
    session, photo = session_with(model, Image.new("RGB", SIZE))
    for number, points in ((None, large), (2, small)):
        _, found = look(session, photo=photo, face=number)
        assert len(found["faces"]) == 2 and found["face"] == (number or 1)
        np.testing.assert_allclose(found["landmarks"], points, atol=2.5)


def test_a_generator_without_faces_has_a_frame_of_its_own(planted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("latentwalk.framing.align.learn_frame", lambda *_, **__: SimpleNamespace(framed=False))
    generator = blank_generator()
    model = Model.of(generator, Unscored(), PixelFeatures(), Directions(()))
    session, photo = session_with(model, Image.fromarray(spots(face(), SIZE, 4)))
    page, found = look(session, photo=photo)
    assert "draws no faces" in found["note"] and "landmarks" not in found and found["place"] == {"photo": photo}
    assert page.details("progress"), "samples are looked at, and it says how far it is"


def test_a_photograph_that_is_gone_is_said(model: Model) -> None:
    with pytest.raises(ValueError, match="not kept any more: choose it again"):
        Find(photo="guess").run(Session(model), Page())
