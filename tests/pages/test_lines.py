"""Axes of the curves on a page."""

import numpy as np
import pytest

from latentwalk.pages.lines import between


@pytest.mark.parametrize("seed", range(50))
def test_every_span_has_one_to_five_round_numbers(seed) -> None:
    """Of any length, also just below a power of ten."""
    random = np.random.default_rng(seed)
    low = float(random.normal() * 10.0 ** random.integers(-3, 4))
    for length in (float(10.0 ** random.uniform(-3, 4)), 9.99, 999.9):
        found = between(low, low + length)
        assert 1 <= len(found) <= 5
        assert all(low - 1e-6 * length <= value <= low + length * (1 + 1e-6) for value in found)
