"""What the figures of a boundary are about."""

import numpy as np

from latentwalk.methods.offsets import figures_of


def test_the_ends_and_the_rest_are_judged_apart() -> None:
    scores = np.linspace(-1, 1, 100)
    middle = abs(scores) < 0.5
    figures = figures_of(np.where(middle, -scores, scores), 0.0, scores, share=0.25)
    assert (figures.validation, figures.rest) == (1.0, 0.0)
    assert (figures.positive, figures.codes) == (0.5, 100)
