"""Codes and walks seen from above."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from latentwalk.pictures.figure import ACCENT
from latentwalk.pictures.plane import halfway, plane

RANDOM = np.random.default_rng(0)
POINTS, SCORES = RANDOM.normal(size=(60, 2)), RANDOM.uniform(size=60)
PATHS = [np.array([[-1.0, 0.5], [0.2, 0.6], [1.5, 0.4]]), np.array([[-2.0, -1.0], [0.5, -1.5]])]
NAMES = ("eyeglasses", "smiling")


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    """Two walks over the points; every other picture differs from it in one thing."""
    return plane(POINTS, SCORES, PATHS, NAMES)


def accent(picture: Image.Image) -> int:
    """Pixels in the colour of what was not reached."""
    return int((np.asarray(picture) == np.round(np.array(to_rgb(ACCENT)) * 255)).all(2).sum())


def test_every_argument_is_seen(picture: Image.Image) -> None:
    assert plane(POINTS, SCORES, PATHS, NAMES).tobytes() == picture.tobytes()
    for other in (
        plane(POINTS[:-1], SCORES[:-1], PATHS, NAMES),
        plane(POINTS, 1 - SCORES, PATHS, NAMES),
        plane(POINTS, SCORES, PATHS[:1], NAMES),
        plane(POINTS, SCORES, [path[::-1] for path in PATHS], NAMES),
        plane(POINTS, SCORES, PATHS, ("hat", "smiling")),
        plane(POINTS, SCORES, PATHS, ("eyeglasses", "hat")),
        plane(POINTS, SCORES, PATHS, NAMES, boundary=0.5),
        plane(POINTS, SCORES, PATHS, NAMES, reached=[True, False]),
        plane(POINTS, SCORES, PATHS, NAMES, correlation=0.3),
    ):
        assert other.size == picture.size
        assert other.tobytes() != picture.tobytes()


def test_walks_that_did_not_arrive_have_their_colour(picture: Image.Image) -> None:
    assert accent(picture) == 0
    assert accent(plane(POINTS, SCORES, PATHS, NAMES, reached=[True, True])) == 0
    one = accent(plane(POINTS, SCORES, PATHS, NAMES, reached=[True, False]))
    assert 100 < one < accent(plane(POINTS, SCORES, PATHS, NAMES, reached=[False, False]))


def test_a_walk_without_steps_and_a_plane_without_walks_are_drawn() -> None:
    none, still, resting = (
        plane(POINTS[:0], SCORES[:0], paths, NAMES) for paths in ([], [np.zeros((1, 2))], [np.zeros((3, 2))])
    )
    assert len({none.tobytes(), still.tobytes(), resting.tobytes()}) == 3


def test_points_without_a_score_are_seen(picture: Image.Image) -> None:
    unknown = plane(POINTS, np.full(60, np.nan), PATHS, NAMES)
    assert unknown.tobytes() != picture.tobytes()
    assert unknown.tobytes() != plane(POINTS[:0], SCORES[:0], PATHS, NAMES).tobytes()


def test_the_middle_of_a_walk_is_measured_along_it() -> None:
    path = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 9.0]])
    tail, head = halfway(path)
    assert np.allclose(tail, (1.0, 4.0))
    assert np.allclose(head, (1.0, 4.5))


def test_dollar_signs_are_no_formulas() -> None:
    assert plane(POINTS, SCORES, PATHS, ("$x^2$", "50 $")).width > 0


@pytest.mark.usefixtures("unchecked")
def test_what_does_not_match_is_refused() -> None:
    with pytest.raises(ValueError, match="one score per point, got 59 for 60"):
        plane(POINTS, SCORES[:-1], PATHS, NAMES)
    with pytest.raises(ValueError, match="one value of reached per path, got 1 for 2"):
        plane(POINTS, SCORES, PATHS, NAMES, reached=[True])
    with pytest.raises(ValueError, match="at least one point per path, got an empty path"):
        plane(POINTS, SCORES, [np.zeros((0, 2))], NAMES)
