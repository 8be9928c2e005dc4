"""What the bundled generator's photographs need comes with the package: nobody waits for it, and nothing is written."""

from pathlib import Path

import pytest

from latentwalk.framing.template import SAMPLES, Template, face_template, file_name
from latentwalk.generator import Generator
from latentwalk.inversion.metric import metric
from latentwalk.inversion.ridge import Ridge
from latentwalk.jobs import attribute_directions as learned
from latentwalk.jobs.load import load_scorer
from latentwalk.kept import PLACE, place


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path) -> Path:
    monkeypatch.setenv(PLACE, str(tmp_path / "cache"))
    return tmp_path / "cache"


def must_not(what: str, done: int | None = None, total: int | None = None) -> None:
    raise AssertionError(f"{what}, which comes with the package")


def test_codes_of_photographs_are_found_without_learning(faces: Generator, cache) -> None:
    Ridge().learn(faces, must_not)
    metric(faces, "z", progress=must_not)
    assert not cache.exists()


def test_photographs_are_framed_without_looking_for_faces(faces: Generator, cache) -> None:
    template = face_template(faces, place("templates", file_name(faces)).parent, progress=must_not)
    assert isinstance(template, Template) and template.found > 0.9 * SAMPLES and len(template.points) == 5
    assert not cache.exists()


def test_photographs_walk_along_directions_that_are_there(faces: Generator, cache, monkeypatch) -> None:
    scorer = load_scorer("faces64")
    monkeypatch.setattr(learned, "discover", None)  # whoever learns fails
    found = learned.attribute_directions(faces, scorer, "z")
    monkeypatch.setattr(learned, "metric", None)
    ways = learned.attribute_ways(faces, scorer, found)
    assert [[d.name for d in each] for each in (found, ways)] == [list(scorer.attributes)] * 2
    assert not cache.exists()
