"""Pictures of earlier versions are made again as they were: their receipts still say everything."""

from pathlib import Path

import pytest

from latentwalk.jobs.replay import replay

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
