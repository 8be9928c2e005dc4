"""Where in a photograph there is what a generator draws, by what was learned of the frame of its samples."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from latentwalk.framing.gradients import BINS, CELL, histograms
from latentwalk.framing.learned import Learned, corners_apart, look
from latentwalk.framing.warp import warp
from latentwalk.framing.windows import EDGE, LOOK, Motions, motions_of, random_motions, window_size
from latentwalk.numerics.similarity import after, inverse, move, similarity

LARGEST, SIZES, PER_OCTAVE = 1.2, 9, 3
"""Sizes of frames that are tried: the largest as a share of the shorter side, how many, and how many to a half."""

ANGLES = (-25.0, 0.0, 25.0)
"""Degrees. The cascade finds those between, and as much beyond."""

STRIDE = CELL // 2
"""Pixels of `LOOK` from one window to the next."""

WITHIN, SIGNS = 0.7, np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
"""The share of a frame, around its middle, that must be in the photograph: what is mirrored at an edge is symmetric, as
a face is. And the way to the corners."""

BEST = 24
"""Windows that the cascade starts from."""

CLOSE = 14.0
"""Pixels of `LOOK`: of windows nearer to each other than this, only the best is a start."""

NUDGES, NUDGED = 8, (1.12, 8.0, 0.08)
"""How often the cascade starts near a window; growth, angle and shift of the starts."""

LIKELY = 3.0
"""Log odds from which on a place is taken. In 12 photographs without what was looked for, or where something else was
likelier, the best place had less than 2."""

AGREE = 3.0
"""Pixels of `LOOK` up to which the frames agree that nudged starts lead to, at the median."""


class Place(NamedTuple):
    """A frame found in a photograph.

    transform: from pixels of the photograph to those of the generator's pictures. odds: log odds that the frame is
    right, against all the windows that were looked at. apart: pixels of `LOOK` by
    which the frames differ, at the median, that nearby starts lead to.
    """

    transform: Float[np.ndarray, "2 3"]
    odds: float
    apart: float

    @property
    def sure(self) -> bool:
        return self.odds > LIKELY and self.apart < AGREE


class Window(NamedTuple):
    """score: log odds against a wrong frame of the same object. frame: from the photograph to `LOOK` pixels around the
    middle of the window."""

    score: float
    frame: Float[np.ndarray, "2 3"]


def find_place(picture: Image.Image, learned: Learned, size: tuple[int, int]) -> Place:
    """The most likely frame of a photograph. size: width and height of the generator's pictures."""
    seen = window_size(size)
    found, looked = [], 0
    for transform, scores in _levels(picture, learned, seen):
        looked += int((scores > -math.inf).sum())
        found += _highest(scores, transform, seen)
    starts = _distinct(sorted(found, key=lambda window: -window.score))
    # from near every start the cascade is followed to where it leads; where the frames come from all sides, there it is
    places = [_settle(picture, start.frame, learned, seen) for start in starts]
    frame, score, apart = max(places, key=lambda place: place[1] - place[2])
    scale = max(size) / LOOK
    to_picture = similarity(scale, 0, (0, 0), (size[0] / 2, size[1] / 2))
    return Place(after(to_picture, frame), score - math.log(max(1, looked)), apart)


def _levels(
    picture: Image.Image, learned: Learned, seen: tuple[int, int]
) -> Iterator[tuple[Float[np.ndarray, "2 3"], Float[Tensor, "rows columns"]]]:
    """The photograph at every size and angle: how it was brought there, and the score of every window.

    The window of row r and column c begins `STRIDE` r pixels down and `STRIDE` c across; where too much of it lies
    outside the photograph, the score is -inf.
    """
    kernel = learned.normal.view(1, BINS, seen[1] // CELL, seen[0] // CELL)
    middle, half = (picture.width / 2, picture.height / 2), np.array(seen) / 2
    corners = np.array([[0, 0], [picture.width, 0], [0, picture.height], list(picture.size)], dtype=np.float64)
    for step in range(SIZES):
        width = LARGEST * min(picture.size) * 2 ** (-step / PER_OCTAVE)
        for angle in ANGLES:
            transform = similarity(LOOK / width, -angle, middle, (0, 0))
            at = move(transform, corners)
            low = at.min(0) - half
            transform[:, 2] -= low
            across, down = (CELL * math.ceil(length / CELL) for length in at.max(0) + half - low)
            level = histograms(pixels(warp(picture, transform, (across, down))), STRIDE)
            scores = F.conv2d(level, kernel, dilation=CELL // STRIDE)[0, 0] + learned.level
            places = np.stack(np.meshgrid(*(np.arange(n) * STRIDE for n in reversed(scores.shape))), -1) + half
            points = move(inverse(transform), places[:, :, None] + WITHIN * half * SIGNS)
            inside = ((points >= 0) & (points <= np.array(picture.size))).all((-1, -2))
            yield transform, scores.masked_fill(~torch.from_numpy(inside), -math.inf)


def _highest(
    scores: Float[Tensor, "rows columns"], transform: Float[np.ndarray, "2 3"], seen: tuple[int, int]
) -> list[Window]:
    """The best windows of a level."""
    values, places = scores.flatten().topk(min(BEST, scores.numel()))
    windows = []
    for value, place in zip(values.tolist(), places.tolist(), strict=True):
        row, column = divmod(place, scores.shape[1])
        middle = np.array([column * STRIDE + seen[0] / 2, row * STRIDE + seen[1] / 2])
        if value > -math.inf:
            windows.append(Window(value, np.column_stack([transform[:, :2], transform[:, 2] - middle])))
    return windows


def _distinct(windows: list[Window]) -> list[Window]:
    """The first windows of those that are not close to one before."""
    chosen: list[Window] = []
    for window in windows:
        if all(_frames_apart(window.frame, other.frame) > CLOSE for other in chosen):
            chosen.append(window)
        if len(chosen) == BEST:
            break
    return chosen


def _frames_apart(one: Float[np.ndarray, "2 3"], other: Float[np.ndarray, "2 3"]) -> float:
    corners = EDGE * SIGNS
    return float(np.linalg.norm(move(after(one, inverse(other)), corners) - corners, axis=1).max())


def _settle(
    picture: Image.Image, frame: Float[np.ndarray, "2 3"], learned: Learned, seen: tuple[int, int]
) -> tuple[Float[np.ndarray, "2 3"], float, float]:
    """The frame that starts near one lead to, its score, and how far they are apart."""
    # the surroundings in the same scale, twice as wide, once for all starts
    wide = 2 * LOOK
    around = pixels(warp(picture, after(similarity(1, 0, (0, 0), (LOOK, LOOK)), frame), (wide, wide)))
    nudges = random_motions(NUDGES, *NUDGED, torch.Generator().manual_seed(0))
    ends = learned.follow(around.expand(NUDGES, -1, -1, -1), nudges, seen)
    middle = motions_of(ends.numbers().median(0).values[None])
    apart = float(corners_apart(ends, Motions(*(part.expand(NUDGES) for part in middle))).median())
    score = float(learned.score(look(around, middle, seen)))
    return after(middle.back().matrix(0), frame), score, apart


def pixels(picture: Image.Image) -> Float[Tensor, "1 c h w"]:
    """In [-1, 1]."""
    levels = np.array(picture)
    levels = levels[:, :, None] if levels.ndim == 2 else levels
    return torch.from_numpy(levels).permute(2, 0, 1)[None].float() / 127.5 - 1
