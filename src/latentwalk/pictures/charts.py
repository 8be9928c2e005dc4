"""What an edit changed, attribute by attribute."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from PIL import Image

from latentwalk.pictures.figure import ACCENT, FAINT, HAIR, INK, new_figure, plain, to_picture

CLEAN = "#2563a8"


def dumbbell(
    attributes: Sequence[str], before: Float[np.ndarray, "a"], after: Float[np.ndarray, "a"], target: str
) -> Image.Image:
    """Mean probability of every attribute before (hollow) and after (filled) an edit.

    before, after: in [0, 1]. target: the attribute that was meant to change; it is on top, in colour, and the others
    follow from most to least changed.
    Raises ValueError when the target is not among the attributes, or the numbers do not match.
    """
    _check(attributes, before, after)
    if target not in attributes:
        raise ValueError(f"expected the target among {', '.join(attributes)}, got {target!r}")
    change = np.asarray(after) - np.asarray(before)
    order = sorted(range(len(attributes)), key=lambda i: (attributes[i] != target, -abs(np.nan_to_num(change[i]))))
    figure, axes = new_figure(6.6, 1.1 + 0.32 * len(order))
    for row, i in enumerate(order):
        colour = ACCENT if attributes[i] == target else INK
        axes.plot([before[i], after[i]], [row, row], color=colour, linewidth=2.2, zorder=2, solid_capstyle="butt")
        axes.plot(before[i], row, "o", markersize=7, markerfacecolor="white", markeredgecolor=colour, zorder=3)
        axes.plot(after[i], row, "o", markersize=7, color=colour, zorder=4)
        axes.text(1.06, row, f"{change[i]:+.2f}", va="center", ha="left", fontsize=9, color=colour)
    axes.text(1.06, -0.9, "change", va="center", ha="left", fontsize=9, color=FAINT)
    _rows(axes, [attributes[i] for i in order])
    axes.get_yticklabels()[0].set_color(ACCENT)
    axes.set_xlim(-0.03, 1.03)
    axes.set_xlabel("mean probability, before (hollow) and after (filled)", color=INK, fontsize=9)
    return to_picture(figure)


def bars(
    names: Sequence[str], plain_walk: Float[np.ndarray, "a"], clean_walk: Float[np.ndarray, "a"], label: str
) -> Image.Image:
    """Horizontal bars in pairs: a plain walk and one that holds others still.

    names: what is compared, one pair each, from the top. label: what the numbers are.
    Raises ValueError when the numbers do not match the names.
    """
    raise NotImplementedError
