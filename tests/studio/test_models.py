"""Several models: offered by name, opened when they are wanted, and a broken one leaves the old one where it was."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from latentwalk.checkpoints.own import write
from latentwalk.features.network import PixelFeatures
from latentwalk.scores import Unscored
from latentwalk.studio import models
from latentwalk.studio.jobs.open import Open
from latentwalk.studio.model import Model
from latentwalk.studio.model_words import describe
from latentwalk.studio.models import Models, unsupervised
from latentwalk.studio.session import Session
from told import Page


@pytest.fixture
def opened(tiny, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What was loaded, in its order; nothing is, but a network of three layers in its place."""
    loaded: list[str] = []

    def load(source: str, *_: object) -> Model:
        loaded.append(source)
        return Model.of(tiny, Unscored(), PixelFeatures(), unsupervised(tiny))

    monkeypatch.setattr(models, "open_model", load)
    yield loaded


def test_without_names_there_are_those_that_come_with_the_package() -> None:
    assert Models().names == ["faces64", "avatars64"]


def test_files_of_a_folder_are_offered_by_their_names_alone(tmp_path: Path) -> None:
    for name in ("b.pkl", "a.safetensors", "notes.txt"):
        (tmp_path / name).touch()
    (tmp_path / "folder.pt").mkdir()
    offered = Models(["faces64", str(tmp_path / "b.pkl"), "other/b.pkl"], tmp_path)
    assert offered.names == ["faces64", "b.pkl", "b.pkl (2)", "a.safetensors"]
    with pytest.raises(ValueError, match="no folder"):
        Models(folder=tmp_path / "nothing")


def test_a_model_is_opened_once_and_few_stay_open(opened: list[str]) -> None:
    offered = Models([f"m{i}" for i in range(6)])
    assert opened == []
    looked_at = offered.open("m0")
    for name in ("m1", "m1", "m2", "m3", "m4"):
        offered.open(name)
    gc.collect()
    assert offered.open("m0") is looked_at  # somebody still does
    offered.open("m4")
    assert opened == ["m0", "m1", "m2", "m3", "m4"]
    offered.open("m1")
    assert opened[-1] == "m1" and len(opened) == 6


@pytest.mark.parametrize("name", ["../m0", "/etc/passwd", "m0\0", "", "m" * 150])
def test_only_names_that_are_offered_are_opened(opened: list[str], name: str, toy) -> None:
    offered = Models(["m0"])
    with pytest.raises(ValueError, match="no generator"):
        offered.open(name)
    session = Session(Model.of(toy, Unscored(), PixelFeatures(), unsupervised(toy)), models=offered.openers)
    with pytest.raises(ValueError, match="no generator"):
        Open(name=name).run(session, Page())
    assert opened == []


def test_a_page_goes_on_to_another_model_and_a_broken_one_is_said(tiny, toy, tmp_path: Path) -> None:
    (tmp_path / "broken.safetensors").write_bytes(b"nothing")
    write(tiny, tmp_path / "tiny.safetensors")
    offered = Models(["faces64"], tmp_path)
    session = Session(Model.of(toy, Unscored(), PixelFeatures(), unsupervised(toy)), models=offered.openers)
    page = Page()
    with pytest.raises(ValueError, match=r"broken\.safetensors") as error:
        Open(name="broken.safetensors").run(session, page)
    assert "\n" not in str(error.value) and str(tmp_path) not in str(error.value)
    assert session.model.generator is toy
    Open(name="tiny.safetensors").run(session, page)
    assert [word.kind for word in page.words] == ["opening", "opening", "model"]
    assert page.words[-1].details == describe(session)
    assert describe(session)["name"] == "tiny.safetensors" and describe(session)["size"] == [3, 16, 16]
    assert str(tmp_path) not in str(describe(session))
