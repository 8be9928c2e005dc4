"""Charts: what they say depends on the numbers, and nothing else."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from latentwalk.pictures.charts import bars, dumbbell
from latentwalk.pictures.figure import ACCENT, CLEAN, FAINT

NAMES = ["smiling", "eyeglasses", "hat"]
BEFORE, AFTER = np.array([0.3, 0.05, 0.1]), np.array([0.35, 0.98, 0.02])
DOLLARS = ["$x^2$", "50 $", "a_b"]


every_chart = pytest.mark.parametrize(
    "chart",
    [
        pytest.param(lambda names, first, second: dumbbell(names, first, second, "hat"), id="dumbbell"),
        pytest.param(lambda names, first, second: bars(names, first, second, "change"), id="bars"),
    ],
)


def coloured(picture: Image.Image, colour: str) -> np.ndarray:
    """Where the picture [h, w] has exactly this colour."""
    return (np.asarray(picture) == np.round(np.array(to_rgb(colour)) * 255)).all(2)


@every_chart
def test_equal_numbers_give_equal_charts_and_others_do_not(chart) -> None:
    picture = chart(NAMES, BEFORE, AFTER)
    assert chart(NAMES, BEFORE, AFTER).tobytes() == picture.tobytes()
    for other in (chart(NAMES, AFTER, BEFORE), chart(["smiling", "beard", "hat"], BEFORE, AFTER)):
        assert other.tobytes() != picture.tobytes()


@every_chart
def test_more_rows_make_a_higher_chart_and_longer_names_a_wider_one(chart) -> None:
    picture = chart(NAMES, BEFORE, AFTER)
    fewer = chart(NAMES[1:], BEFORE[1:], AFTER[1:])
    longer = chart(["s" * 60, *NAMES[1:]], BEFORE, AFTER)
    assert picture.height > fewer.height
    assert longer.width > picture.width


def test_the_target_is_on_top_in_its_colour() -> None:
    for target in NAMES:
        picture = dumbbell(NAMES, BEFORE, AFTER, target)
        accent = coloured(picture, ACCENT)
        assert accent.any()
        assert not accent[picture.height // 2 :].any()


def test_rows_follow_the_size_of_the_change_not_the_order_of_the_names() -> None:
    order = [2, 0, 1]
    turned = dumbbell([NAMES[i] for i in order], BEFORE[order], AFTER[order], "eyeglasses")
    assert turned.tobytes() == dumbbell(NAMES, BEFORE, AFTER, "eyeglasses").tobytes()


def test_bars_are_as_long_as_their_numbers() -> None:
    picture = bars(["one"], np.array([1.0]), np.array([0.5]), "change")
    longest = [int(coloured(picture, c)[picture.height // 4 :].sum(1).max()) for c in (FAINT, CLEAN)]
    assert longest[1] == pytest.approx(longest[0] / 2, abs=4)


def test_negative_numbers_point_to_the_left() -> None:
    picture = bars(["one", "two"], np.array([-1.0, 1.0]), np.array([-1.0, 1.0]), "change")
    upper, lower = np.array_split(coloured(picture, CLEAN)[picture.height // 4 :], 2)
    middle = [float(np.flatnonzero(half.sum(0) > 8).mean()) for half in (upper, lower)]
    assert middle[0] < middle[1] - 100


@every_chart
def test_what_was_not_measured_is_no_zero(chart) -> None:
    missing = np.array([0.3, np.nan, 0.1])
    assert chart(NAMES, BEFORE, missing).tobytes() != chart(NAMES, BEFORE, np.nan_to_num(missing)).tobytes()


def test_a_chart_of_nothing_measured_is_drawn() -> None:
    assert bars(["one"], np.array([np.nan]), np.array([0.0]), "change").width > 0


def test_dollar_signs_are_no_formulas() -> None:
    assert dumbbell(DOLLARS, BEFORE, AFTER, "50 $").width > 0
    assert bars(DOLLARS, BEFORE, AFTER, "price in $ per $").width > 0


@pytest.mark.usefixtures("unchecked")
def test_what_does_not_match_is_refused() -> None:
    with pytest.raises(ValueError, match="two numbers per name, got 2 and 3 for 3"):
        dumbbell(NAMES, BEFORE[:2], AFTER, "hat")
    with pytest.raises(ValueError, match="target among smiling, eyeglasses, hat, got 'beard'"):
        dumbbell(NAMES, BEFORE, AFTER, "beard")
    with pytest.raises(ValueError, match=r"probabilities from 0 to 1, got 3\.2"):
        dumbbell(NAMES, BEFORE, np.array([0.1, 3.2, 0.1]), "hat")
    with pytest.raises(ValueError, match="two numbers per name, got 3 and 1 for 3"):
        bars(NAMES, BEFORE, AFTER[:1], "change")
    with pytest.raises(ValueError, match="at least one name to compare, got none"):
        bars([], BEFORE[:0], AFTER[:0], "change")
