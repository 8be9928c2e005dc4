"""Similarities: planted ones are found, and their algebra holds."""

import numpy as np
import pytest
from scipy.optimize import least_squares

from latentwalk.numerics.similarity import (
    after,
    angle_of,
    fit_similarity,
    inverse,
    move,
    scale_of,
    similarity,
)

RANDOM = np.random.default_rng(0)
POINTS = RANDOM.normal(size=(5, 2)) * 50


@pytest.mark.parametrize("scale", [0.01, 1.0, 7.3])
@pytest.mark.parametrize("angle", [-170.0, -30.0, 0.0, 45.0, 90.0, 180.0])
def test_a_planted_similarity_is_found(scale: float, angle: float) -> None:
    planted = similarity(scale, angle, (3.0, -4.0), (10.0, 20.0))
    found = fit_similarity(POINTS, move(planted, POINTS))
    assert np.allclose(found, planted, atol=1e-9)
    assert scale_of(found) == pytest.approx(scale)
    assert np.cos(np.radians(angle_of(found) - angle)) == pytest.approx(1)
    assert np.allclose(move(planted, np.array([3.0, -4.0])), (10, 20)), "the centre lands where it should"


def test_it_is_the_least_squares_one() -> None:
    """As a general optimiser finds it, from noisy targets; also where a mirror would fit better."""
    for targets in (POINTS + RANDOM.normal(size=(5, 2)) * 9, POINTS * (-1, 1) + RANDOM.normal(size=(5, 2))):

        def off(values: np.ndarray, targets: np.ndarray = targets) -> np.ndarray:
            a, b, x, y = values
            return (move(np.array([[a, -b, x], [b, a, y]]), POINTS) - targets).ravel()

        best = least_squares(off, [1.0, 0.1, 0.0, 0.0], xtol=1e-14, ftol=1e-14, gtol=1e-14).x
        found = fit_similarity(POINTS, targets)
        assert np.allclose(found, [[best[0], -best[1], best[2]], [best[1], best[0], best[3]]], atol=1e-5)
        assert np.linalg.det(found[:, :2]) > 0, "never a mirror"


def test_there_and_back_is_nowhere() -> None:
    one, two = similarity(0.3, 20, (1, 2), (3, 4)), similarity(5.0, -70, (0, 9), (8, 7))
    assert np.allclose(move(inverse(one), move(one, POINTS)), POINTS)
    assert np.allclose(move(after(two, one), POINTS), move(two, move(one, POINTS)))
    assert np.allclose(after(inverse(one), one), np.eye(2, 3))


def test_a_turn_is_clockwise_as_pictures_are_seen() -> None:
    assert np.allclose(move(similarity(1, 90, (0, 0), (0, 0)), np.array([1.0, 0.0])), (0, 1)), "right becomes down"


@pytest.mark.parametrize("points", [np.zeros((0, 2)), np.ones((1, 2)), np.ones((5, 2))])
def test_one_place_gives_no_similarity(points: np.ndarray) -> None:
    with pytest.raises(ValueError, match="at least 2 different points"):
        fit_similarity(points, points)
