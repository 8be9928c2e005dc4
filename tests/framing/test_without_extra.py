"""Without the extra `photos` a line says what to install; what needs no detector works."""

import importlib

import numpy as np
import pytest
from PIL import Image

from latentwalk.framing import landmarks
from latentwalk.framing.align import align
from latentwalk.framing.identity import Identity
from planted_faces import faces_generator

PHOTO = Image.new("RGB", (40, 40), (90, 120, 30))


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str):
        raise ImportError(name)

    monkeypatch.setattr(landmarks, "import_module", missing)


@pytest.mark.parametrize("settings", [{}, {"how": "face"}, {"face": 1}])
def test_it_says_what_to_install(settings) -> None:
    with pytest.raises(
        ValueError, match=r"finding faces needs OpenCV: use pip install latentwalk\[photos\], or .* \(--align learned\)"
    ):
        align(PHOTO, faces_generator(), **settings)


def test_an_opencv_without_a_detector_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landmarks, "import_module", lambda name: importlib.import_module("math"))
    with pytest.raises(ValueError, match=r"has no face detector: use pip install latentwalk\[photos\]"):
        landmarks.Detector()


def test_frames_of_a_person_need_nothing() -> None:
    generator = faces_generator()
    assert np.allclose(
        align(PHOTO, generator, "none").crop, align(PHOTO, generator, crop=(20, 20, 40, 0)).crop, atol=1e-6
    )


def test_identity_says_so_too() -> None:
    with pytest.raises(ValueError, match=r"pip install latentwalk\[photos\]"):
        Identity()
