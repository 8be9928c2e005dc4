"""Maps of change."""

import numpy as np
import pytest
import torch
from PIL import Image

from latentwalk.images import to_bytes
from latentwalk.pictures.heatmap import COLOURS, colour, colour_bar, difference, heat
from latentwalk.pictures.layout import GAP, MARGIN
from latentwalk.pictures.text import caption_size, line_height

SCALE = 30
WIDTH, HEIGHT = 5 * SCALE, 6 * SCALE
TOP = MARGIN + line_height(caption_size(WIDTH))
LOWEST = (np.array(COLOURS(0.0)[:3]) * 255).round()


def third(picture: Image.Image, top: int = TOP) -> np.ndarray:
    """The map of the first code, one pixel out of each enlarged one [6, 5, 3]."""
    left = MARGIN + 2 * (WIDTH + GAP)
    return np.asarray(picture)[top : top + HEIGHT, left : left + WIDTH][::SCALE, ::SCALE]


def test_difference_is_a_share_of_the_range(noise) -> None:
    black, white = -torch.ones(2, 3, 4, 4), torch.ones(2, 3, 4, 4)
    assert (difference(black, white) == 1).all()
    assert (difference(white, white) == 0).all()
    a, b = noise(2, seed=0), noise(2, seed=1)
    assert torch.equal(difference(a, b), difference(b, a))
    assert np.allclose(difference(a, b), np.abs(a.numpy() - b.numpy()).mean(1) / 2)


@pytest.mark.parametrize("noise_level", [0.0, 1e-6])
def test_equal_images_have_the_lowest_colour_everywhere(noise, noise_level: float) -> None:
    before = noise(2)
    after = before + noise_level * noise(2, seed=1)
    assert (third(heat(before, after, scale=SCALE)) == LOWEST).all()


def test_the_map_is_bright_where_the_picture_changed_and_only_there(noise) -> None:
    before = torch.zeros(1, 3, 6, 5)
    after = before.clone()
    after[0, :, 2, 3] = 1
    light = third(heat(before, after, scale=SCALE)).sum(2)
    assert np.unravel_index(light.argmax(), light.shape) == (2, 3)
    assert (light == LOWEST.sum()).sum() == 29


def test_before_and_after_are_shown_beside_the_map(noise) -> None:
    before, after = noise(1, seed=0), noise(1, seed=1)
    pixels = np.asarray(heat(before, after, scale=SCALE))
    for i, images in enumerate((before, after)):
        left = MARGIN + i * (WIDTH + GAP)
        seen = pixels[TOP : TOP + HEIGHT, left : left + WIDTH]
        assert np.array_equal(seen[::SCALE, ::SCALE], to_bytes(images)[0])


def test_one_scale_serves_all_codes(noise) -> None:
    before = torch.zeros(2, 3, 6, 5)
    small, large = before.clone(), before.clone()
    small[0] += 0.1
    large[0] += 0.1
    large[1] += 1.0
    alone, together = (third(heat(before, after, scale=SCALE)) for after in (small, large))
    assert alone.sum() > together.sum(), "a small change is the brightest alone and dark beside a large one"


def test_colours_rise_with_the_change() -> None:
    images = colour(torch.linspace(0, 0.5, 50).reshape(1, 1, 50), 0.5)
    assert images.dtype == torch.float32
    assert images.min() >= -1
    assert images.max() <= 1
    assert (images.sum(1).diff() > 0).all()


def test_the_bar_grows_with_its_letters_and_tells_the_top() -> None:
    assert colour_bar(0.5, 20).height > colour_bar(0.5, 11).height
    assert colour_bar(0.5, 11).tobytes() != colour_bar(0.6, 11).tobytes()


def test_sizes_follow_from_the_number_of_codes(noise) -> None:
    before, after = noise(4, seed=0), noise(4, seed=1)
    one, two = heat(before, after, columns=1, scale=SCALE), heat(before, after, columns=2, scale=SCALE)
    assert one.width < two.width
    assert one.height > two.height
    assert heat(before, after, ["a", "b", "c", "d"], scale=SCALE).height > two.height


@pytest.mark.usefixtures("unchecked")
def test_what_does_not_match_is_refused(noise) -> None:
    with pytest.raises(ValueError, match="images of one shape"):
        heat(noise(2), noise(3))
    with pytest.raises(ValueError, match="at least one image"):
        heat(noise(0), noise(0))
    with pytest.raises(ValueError, match="one caption per code, got 1 for 2"):
        heat(noise(2), noise(2), ["alone"])
    with pytest.raises(ValueError, match="at least 1 column, got 0"):
        heat(noise(2), noise(2), columns=0)
    with pytest.raises(ValueError, match="scale of at least 1, got 0"):
        heat(noise(2), noise(2), scale=0)
