"""256 colours that do justice to all frames."""

import numpy as np
from PIL import Image

from latentwalk.pictures.palette import STAY, indexed
from latentwalk.pictures.text import PAPER


def shades(shift: int = 0) -> Image.Image:
    """A smooth picture of a few thousand colours [48, 64] with a white margin of 4 pixels."""
    y, x = np.mgrid[0:48, 0:64]
    levels = np.stack([x * 3 + 20, y * 4 + shift, (x + y) * 2], 2).clip(0, 250).astype(np.uint8)
    levels[:4] = levels[-4:] = 255
    levels[:, :4] = levels[:, -4:] = 255
    return Image.fromarray(levels)


def test_all_frames_share_their_colours() -> None:
    frames = indexed([shades(0), shades(20), shades(40)])
    assert all(frame.mode == "P" for frame in frames)
    assert len({tuple(frame.getpalette() or ()) for frame in frames}) == 1


def test_paper_stays_white() -> None:
    for frame in indexed([shades(0), shades(30)]):
        pixels = np.asarray(frame.convert("RGB"))
        assert (pixels[:4] == PAPER).all()
        assert (pixels[:, -4:] == PAPER).all()


def test_a_place_that_does_not_change_keeps_its_colour() -> None:
    still, moved = np.asarray(shades()), np.asarray(shades()).copy()
    moved[20:30, 20:30] = (200, 30, 30)
    first, second = (np.asarray(frame) for frame in indexed([shades(), Image.fromarray(moved)]))
    same = (still == moved).all(2)
    assert np.array_equal(first[same], second[same])


def test_no_pixel_is_far_from_what_it_should_be() -> None:
    """Also at the end of a film in which every pixel changes a little from frame to frame."""
    frames = [shades(shift) for shift in range(0, 60, 3)]
    for frame, shown in zip(frames, indexed(frames), strict=True):
        meant, seen = (np.asarray(picture.convert("RGB"), dtype=float) for picture in (frame, shown))
        assert np.abs(meant - seen).mean() < STAY
        assert np.abs(meant - seen).max() < 4 * STAY


def test_there_is_no_dither() -> None:
    """What has one colour keeps one colour, however it lies between those of the palette."""
    picture = np.asarray(shades()).copy()
    picture[10:30, 10:50] = (101, 87, 93)
    (shown,) = indexed([Image.fromarray(picture)])
    assert len(np.unique(np.asarray(shown)[10:30, 10:50])) == 1


def test_large_frames_are_sampled_and_keep_their_size() -> None:
    large = shades().resize((1200, 900), Image.Resampling.NEAREST)
    assert [frame.size for frame in indexed([large, large])] == [(1200, 900)] * 2
