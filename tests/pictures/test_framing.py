"""The picture of a framing shows the frame where it is."""

import numpy as np
import torch
from PIL import Image

from latentwalk.pictures.framing import SIDE, TARGET, framing
from latentwalk.pictures.layout import GAP, MARGIN
from latentwalk.pictures.text import RED

PHOTO = Image.new("RGB", (640, 320), (10, 20, 30))
CORNERS = [(100.0, 60.0), (300.0, 60.0), (300.0, 260.0), (100.0, 260.0)]
CROP = torch.full((3, 64, 64), -0.5)
LEFT = MARGIN
CROP_LEFT = MARGIN + SIDE + 3 * GAP


def colour(picture: Image.Image, x: float, y: float) -> tuple[int, ...]:
    return tuple(np.asarray(picture)[round(MARGIN + y), round(x)].tolist())


def test_the_frame_stands_where_it_is() -> None:
    picture = framing(PHOTO, CROP, CORNERS, landmarks=[(200.0, 160.0)])
    half = SIDE / 640
    assert colour(picture, LEFT + 200 * half, 60 * half) == RED
    assert colour(picture, LEFT + 100 * half, 160 * half) == RED
    assert colour(picture, LEFT + 200 * half, 160 * half) == RED, "the landmark"
    assert colour(picture, LEFT + 150 * half, 100 * half) == (10, 20, 30)


def test_points_stand_on_the_crop() -> None:
    picture = framing(PHOTO, CROP, CORNERS, targets=[(20.0, 30.0)], found=[(50.0, 40.0)])
    scale = SIDE / 64
    assert colour(picture, CROP_LEFT + 20 * scale + 7, 30 * scale) == TARGET
    assert colour(picture, CROP_LEFT + 20 * scale, 30 * scale) == (64, 64, 64), "a ring, open in the middle"
    assert colour(picture, CROP_LEFT + 50 * scale, 40 * scale) == RED


def test_what_is_not_in_the_photograph_is_pale() -> None:
    mask = torch.ones(1, 64, 64)
    mask[:, 32:] = 0
    picture = framing(PHOTO, CROP, CORNERS, mask=mask)
    assert colour(picture, CROP_LEFT + 100, 100) == (64, 64, 64)
    assert min(colour(picture, CROP_LEFT + 100, 300)) > 150


def test_a_frame_beyond_the_photograph_is_shown_whole() -> None:
    beyond = [(-200.0, -100.0), (200.0, -100.0), (200.0, 300.0), (-200.0, 300.0)]
    picture = np.asarray(framing(PHOTO, CROP, beyond, note="outside"))
    inside = framing(PHOTO, CROP, CORNERS)
    assert picture.shape[0] > inside.height - 1
    assert (picture == RED).all(2).sum() > 4 * 100, "all four sides"


def test_photographs_of_any_shape_fit() -> None:
    for size in ((3000, 40), (40, 3000), (1, 1), (64, 64)):
        picture = framing(Image.new("RGB", size), CROP, [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)])
        assert picture.width <= 2 * SIDE + 3 * GAP + 2 * MARGIN
