"""The detector on a photograph and on the bundled generator; skipped where the extra `photos` is not installed."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

from latentwalk.framing.align import Aligned, align
from latentwalk.framing.face import NoFace
from latentwalk.framing.identity import SAME, Identity
from latentwalk.framing.landmarks import SURE, Detector
from latentwalk.framing.template import MIRRORED, Template, face_template
from latentwalk.framing.warp import warp
from latentwalk.numerics.similarity import after, inverse, move, similarity
from latentwalk.photos import read_photo

ASTRONAUT = Path(__file__).parents[2] / "examples" / "photos" / "astronaut.jpg"
CORNERS = np.array([[0, 0], [64, 0], [64, 64], [0, 64]], dtype=np.float64)


@pytest.fixture(scope="module")
def detector() -> Detector:
    try:
        return Detector()
    except ValueError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    return read_photo(ASTRONAUT)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("templates")


@pytest.fixture(scope="module")
def template(faces, detector: Detector, folder: Path) -> Template:
    return face_template(faces, folder, detector)


@pytest.fixture(scope="module")
def straight(faces, detector: Detector, template: Template, folder: Path, photo: Image.Image) -> Aligned:
    return align(photo, faces, folder=folder, detector=detector)


def test_the_bundled_generator_draws_faces_in_one_place(faces, detector: Detector, template: Template) -> None:
    assert template.found >= 95
    other = face_template(faces, detector=detector, seeds=range(100, 200))
    assert np.linalg.norm(template.array - other.array, axis=1).max() < 1


def test_the_astronaut_is_framed_as_faces_are_drawn(straight: Aligned) -> None:
    assert straight.landmarks is not None and straight.landmarks_in_crop is not None and straight.template is not None
    assert np.abs(straight.landmarks[:2].mean(0) - (223, 105)).max() < 4, "between her eyes, as a person sees it"
    assert np.linalg.norm(straight.landmarks_in_crop - straight.template, axis=1).max() < 3
    assert (straight.faces, straight.mask, straight.note) == (1, None, "")


@pytest.mark.parametrize(
    ("angle", "scale", "mirrored"),
    [(0, 0.4, False), (0, 4.0, False), (30, 1.0, False), (-30, 2.0, True), (15, 0.5, True), (90, 1.0, False)],
)
def test_the_crop_does_not_depend_on_how_the_photograph_lies(
    faces, detector: Detector, folder: Path, photo: Image.Image, straight: Aligned, angle, scale, mirrored
) -> None:
    """At 200 to 2,000 pixels, turned and mirrored: landmarks within 1.5 pixels of 64."""
    side = round(512 * scale)
    placed = similarity(scale, angle, (256, 256), (side / 2, side / 2))
    turned = warp(ImageOps.mirror(photo) if mirrored else photo, placed, (side, side))
    found = align(turned, faces, folder=folder, detector=detector)
    assert found.landmarks is not None and straight.landmarks is not None
    back = move(inverse(placed), found.landmarks)
    if mirrored:
        back = np.column_stack([512 - back[:, 0], back[:, 1]])[MIRRORED]
    else:
        moved = move(after(after(found.transform, placed), inverse(straight.transform)), CORNERS) - CORNERS
        assert np.linalg.norm(moved, axis=1).max() < 3
    apart = move(straight.transform, back) - move(straight.transform, straight.landmarks)
    assert np.linalg.norm(apart, axis=1).max() < 1.5


def test_a_photograph_without_a_face_is_refused(faces, detector: Detector, template: Template, folder: Path) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8))
    with pytest.raises(NoFace, match="no face found in 400 x 300 pixels") as caught:
        align(noise, faces, folder=folder, detector=detector)
    assert caught.value.picture.size == (400, 300) and all(face.score < SURE for face in caught.value.faces)


def test_glimpses_are_what_was_found_and_more(detector: Detector, photo: Image.Image) -> None:
    found, glimpses = detector.look(photo), detector.glimpses(photo)
    assert max(face.score for face in found) == glimpses[0].score and len(glimpses) >= len(found)
    assert [face.score for face in detector.look(photo)] == [face.score for face in found], "as strict as before"


def test_one_person_is_more_like_herself_than_like_others(
    faces, detector: Detector, photo: Image.Image, straight: Aligned, folder: Path
) -> None:
    identity = Identity(detector)
    darker = align(photo.rotate(8).point(lambda level: int(0.8 * level)), faces, folder=folder, detector=detector)
    others = faces.render(faces.sample(range(3)))
    herself = identity.compare(straight.crop[None], darker.crop[None])
    assert herself > 0.8 and identity.compare(straight.crop[None], straight.crop[None]) > 0.999
    assert identity.compare(straight.crop.expand(3, -1, -1, -1), others).nan_to_num(0).max() < SAME
    assert identity.compare(straight.crop[None], darker.crop[None], straight.template) > 0.8
    assert identity.compare(straight.crop[None], torch.zeros(1, 3, 64, 64)).isnan().all()


@pytest.mark.parametrize("size", [(1, 1), (3000, 1), (2, 3000), (1300, 20), (40, 40)])
def test_there_is_no_face_in_a_sliver(detector: Detector, size: tuple[int, int]) -> None:
    """OpenCV finds some with coordinates of 1e22 in pictures a few pixels high."""
    assert detector.search(Image.new("RGB", size)) == []
