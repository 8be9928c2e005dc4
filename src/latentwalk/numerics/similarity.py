"""Similarities of the plane (turn, scale, shift; never a mirror), as matrices [2, 3]: y = A x + t.

Points are in continuous pixels: the first pixel of a row spans 0 to 1, and its middle is at 0.5.
"""

import math

import numpy as np
from jaxtyping import Float


def fit_similarity(points: Float[np.ndarray, "n 2"], targets: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "2 3"]:
    """The similarity that brings points nearest to their targets in least squares (Umeyama, 1991, equations 40-42).

    Raises ValueError for fewer than two different points.
    """
    if len(points) < 2 or np.ptp(points, axis=0).max() == 0 or np.ptp(targets, axis=0).max() == 0:
        raise ValueError(f"expected at least 2 different points, got {len(set(map(tuple, points.tolist())))}")
    centre, goal = points.mean(0), targets.mean(0)
    spread = np.square(points - centre).sum(1).mean()
    left, sizes, right = np.linalg.svd((targets - goal).T @ (points - centre) / len(points))
    signs = np.array([1.0, np.sign(np.linalg.det(left) * np.linalg.det(right))])  # no mirror
    turn = left @ np.diag(signs) @ right
    scale = (sizes * signs).sum() / spread
    return np.column_stack([scale * turn, goal - scale * turn @ centre])


def similarity(scale: float, angle: float, centre: tuple[float, float], to: tuple[float, float]) -> np.ndarray:
    """Scale and turn (degrees, clockwise as seen in a picture) about a centre, which lands at `to`."""
    cos, sin = scale * math.cos(math.radians(angle)), scale * math.sin(math.radians(angle))
    matrix = np.array([[cos, -sin], [sin, cos]])
    return np.column_stack([matrix, np.array(to) - matrix @ np.array(centre)])


def move(transform: Float[np.ndarray, "2 3"], points: Float[np.ndarray, "*n 2"]) -> Float[np.ndarray, "*n 2"]:
    """Where points land."""
    return points @ transform[:, :2].T + transform[:, 2]


def inverse(transform: Float[np.ndarray, "2 3"]) -> Float[np.ndarray, "2 3"]:
    """The way back."""
    back = np.linalg.inv(transform[:, :2])
    return np.column_stack([back, -back @ transform[:, 2]])


def after(second: Float[np.ndarray, "2 3"], first: Float[np.ndarray, "2 3"]) -> Float[np.ndarray, "2 3"]:
    """The second after the first."""
    return np.column_stack([second[:, :2] @ first[:, :2], move(second, first[:, 2])])


def scale_of(transform: Float[np.ndarray, "2 3"]) -> float:
    """How many times longer everything becomes."""
    return math.sqrt(abs(float(np.linalg.det(transform[:, :2]))))


def angle_of(transform: Float[np.ndarray, "2 3"]) -> float:
    """By how many degrees it turns, clockwise as seen in a picture."""
    return math.degrees(math.atan2(float(transform[1, 0]), float(transform[0, 0])))
