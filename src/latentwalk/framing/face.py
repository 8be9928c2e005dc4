"""The face of a photograph that is to be aligned, with landmarks as exact as the detector gives them."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from PIL import Image

from latentwalk.framing.landmarks import SIDES, Detector, Face
from latentwalk.framing.template import Template, look_closely, look_scale, look_size
from latentwalk.framing.warp import warp
from latentwalk.numerics.similarity import after, fit_similarity, inverse, move, similarity

LOOKS, ROUNDS = 8, 2
"""How often a face is looked at, each time a little differently, before the frame is moved; and how often it is."""

NUDGE_SCALE, NUDGE_ANGLE, NUDGE_SHIFT = 0.06, 6.0, 5.0
"""By how much: a share of the size, degrees, and pixels of `LOOK`. The mean of eight such looks scatters half as much
as what one look settles on."""

SURER = 0.02
"""By how much of 1 a face must be surer, turned by quarters, than as it is."""


class NoFace(ValueError):
    """A photograph has no such face. picture: what was searched, small. faces: in it, or what might have been some."""

    def __init__(self, text: str, picture: Image.Image, faces: Sequence[Face]) -> None:
        super().__init__(text)
        self.picture, self.faces = picture, tuple(faces)


class FoundFace(NamedTuple):
    """Landmarks [5, 2] in pixels of the photograph; which face it is, from 1, the largest; how many there are."""

    points: Float[np.ndarray, "5 2"]
    face: int
    faces: int


def find_face(
    picture: Image.Image, template: Template, size: tuple[int, int], face: int | None, detector: Detector
) -> FoundFace:
    """The largest face of a picture, or the one with that number.

    size: width and height of the generator's pictures. Raises `NoFace` when there is none.
    """
    faces = detector.search(picture)
    if not faces:
        raise _no_face(
            f"no face found in {picture.width} x {picture.height} pixels (searched at {SIDES[0]} and more): give the "
            "five landmarks (--landmarks) or the frame (--crop), or take the centre (--align none)",
            picture,
            detector,
        )
    if face is not None and face > len(faces):
        raise _no_face(
            f"face {face} was asked for, but {len(faces)} found: name one from 1, the largest, to {len(faces)}",
            picture,
            detector,
            faces,
        )
    chosen = 1 if face is None else face
    return FoundFace(settle(picture, faces[chosen - 1].points, template, size, detector), chosen, len(faces))


def _no_face(text: str, picture: Image.Image, detector: Detector, faces: Sequence[Face] = ()) -> NoFace:
    """The error with a small picture, and the faces in its pixels: those found, or what might have been some."""
    scale = min(1.0, SIDES[1] / max(picture.size))
    small = picture.resize([max(1, round(scale * length)) for length in picture.size], Image.Resampling.LANCZOS)
    if not faces:
        return NoFace(text, small, detector.glimpses(small))
    seen = []
    for face in faces:
        x, y, width, height = (scale * value for value in face.box)
        seen.append(Face(scale * face.points, (x, y, width, height), face.score))
    return NoFace(text, small, seen)


def settle(
    picture: Image.Image,
    points: Float[np.ndarray, "5 2"],
    template: Template,
    size: tuple[int, int],
    detector: Detector,
) -> Float[np.ndarray, "5 2"]:
    """Landmarks seen in the generator's frame: the mean of several looks, then again in the frame that they give.

    A detector's landmarks depend on how large a face is, how it is turned, and where in the picture. Looked at in the
    frame in which the samples were looked at, a face of a photograph gets what those got. Outside the photograph
    nothing is mirrored, or there would be other faces.
    """
    enlarged = np.diag([look_scale(size)] * 2)
    points = _upright(picture, points, enlarged @ fit_similarity(points, template.array), look_size(size), detector)
    for _ in range(ROUNDS):
        transform = enlarged @ fit_similarity(points, template.array)
        found = []
        for nudge in _nudges(look_size(size)):
            nudged = after(nudge, transform)
            seen = look_closely(detector, warp(picture, nudged, look_size(size), mirror=False))
            if seen is not None:
                found.append(move(inverse(nudged), seen))
        if not found:  # this frame shows it no better: what was found first must do
            return points
        points = np.mean(found, axis=0)
    return points


def _nudges(size: tuple[int, int]) -> "list[Float[np.ndarray, '2 3']]":
    """A little larger and smaller, turned and shifted each way; on average by nothing."""
    middle = (size[0] / 2, size[1] / 2)
    around = [2 * math.pi * look / LOOKS for look in range(LOOKS)]
    return [
        similarity(
            1 + NUDGE_SCALE * math.cos(turn),
            NUDGE_ANGLE * math.sin(turn),
            middle,
            (middle[0] + NUDGE_SHIFT * math.cos(2 * turn + 1), middle[1] + NUDGE_SHIFT * math.sin(2 * turn + 1)),
        )
        for turn in around
    ]


def _upright(
    picture: Image.Image,
    points: Float[np.ndarray, "5 2"],
    transform: Float[np.ndarray, "2 3"],
    size: tuple[int, int],
    detector: Detector,
) -> Float[np.ndarray, "5 2"]:
    """Landmarks of the face in the frame as it is surest: a face that lies on its side is found, but misread."""
    middle = (size[0] / 2, size[1] / 2)
    best, sure = points, 0.0
    for angle in (0, 90, 180, 270):
        turned = after(similarity(1.0, angle, middle, middle), transform)
        face = max(detector.look(warp(picture, turned, size, mirror=False)), key=lambda face: face.score, default=None)
        if face is not None and face.score > sure + SURER * (angle != 0):
            best, sure = move(inverse(turned), face.points), face.score
    return best
