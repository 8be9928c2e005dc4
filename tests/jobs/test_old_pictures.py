"""Pictures of earlier versions, and those that lie in another folder, are made again as they were."""

import shutil
from pathlib import Path

import pytest

from latentwalk.checkpoints import own
from latentwalk.images import save_png
from latentwalk.jobs.load import find_source, load
from latentwalk.jobs.replay import replay
from latentwalk.jobs.sheets import sample_receipt, samples_sheet
from latentwalk.receipts import PictureRecipe
from random_networks import random_dcgan

OLD = sorted((Path(__file__).parents[1] / "old_files").glob("*.png"))

ROUNDING = 1 / 255
"""A value between two levels of brightness can be rounded either way on other hardware."""


@pytest.fixture(params=OLD, ids=[path.stem for path in OLD])
def old(request) -> Path:
    return request.param


def test_there_are_old_pictures_of_every_walk_and_of_a_path() -> None:
    assert {path.stem for path in OLD} >= {"gradient", "boundary", "shift", "path"}


def test_an_old_picture_is_made_again(old: Path) -> None:
    assert replay(old).difference <= ROUNDING + 1e-6


@pytest.fixture
def moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sheet of a generator that was named by a relative path, and another working directory."""
    home = tmp_path / "home"
    own.write(random_dcgan(), home / "small.safetensors")
    monkeypatch.chdir(home)
    generator, how = load("small.safetensors"), PictureRecipe(kind="samples", show=2)
    codes = generator.sample([0, 1])
    (home / "out").mkdir()
    picture, receipt = samples_sheet(generator, codes, how), sample_receipt(generator, codes, how)
    save_png(home / "out" / "sheet.png", picture, receipt.to_json())
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return home


def test_a_picture_is_made_again_from_another_folder(moved: Path) -> None:
    assert replay(moved / "out" / "sheet.png").difference == 0
    (moved / "small.safetensors").rename(moved / "out" / "small.safetensors")
    assert replay(moved / "out" / "sheet.png").difference == 0


def test_what_is_not_found_says_where_was_looked(moved: Path) -> None:
    (moved / "small.safetensors").unlink()
    with pytest.raises(ValueError, match=r"no file 'small.safetensors', looked for from .*elsewhere, and from .*out "):
        replay(moved / "out" / "sheet.png")


def test_names_and_paths_from_here_come_first(moved: Path) -> None:
    here = Path("small.safetensors")
    shutil.copy(moved / here, here)
    assert find_source(str(here), moved) == str(here)
    assert find_source("faces64", moved) == "faces64"
    assert find_source("measurements", moved) == "measurements"
    with pytest.raises(ValueError, match=r"no file '/nowhere/x.pt'$"):
        find_source("/nowhere/x.pt", moved)
