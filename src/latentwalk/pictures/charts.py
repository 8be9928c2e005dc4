"""What an edit changed, attribute by attribute."""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from PIL import Image

from latentwalk.pictures.figure import ACCENT, CLEAN, FAINT, HAIR, INK, TEXT, new_figure, plain, to_picture

ROW = 0.32
"""Height in inches of one row of a chart."""

LETTER = 0.08
"""Width in inches that one letter of a name takes."""

BAR = 0.36
"""Thickness of one bar of a pair, as a share of a row."""


def dumbbell(
    attributes: Sequence[str], before: Float[np.ndarray, "a"], after: Float[np.ndarray, "a"], target: str
) -> Image.Image:
    """Mean probability of every attribute before (hollow) and after (filled) an edit.

    before, after: in [0, 1]; NaN where nothing was measured. target: the attribute that was meant to change; it is on
    top, in colour, and the others follow from most to least changed.
    Raises ValueError when the target is not among the attributes, the numbers do not match, or are no probabilities.
    """
    _check(attributes, before, after)
    if target not in attributes:
        raise ValueError(f"expected the target among {', '.join(attributes)}, got {target!r}")
    for value in (*before, *after):
        if value < 0 or value > 1:
            raise ValueError(f"expected probabilities from 0 to 1, got {value:g}")
    change = np.asarray(after, dtype=np.float64) - np.asarray(before, dtype=np.float64)
    size = np.nan_to_num(np.abs(change), nan=-1.0)
    order = sorted(range(len(attributes)), key=lambda i: (attributes[i] != target, -size[i]))
    figure, axes = new_figure(5.4 + _names_width(attributes), 1.1 + ROW * len(order))
    for row, i in enumerate(order):
        colour = ACCENT if attributes[i] == target else INK
        axes.plot([before[i], after[i]], [row, row], color=colour, linewidth=2.2, zorder=2, solid_capstyle="butt")
        # The filled dot fits into the hollow one, so that both are seen where nothing changed.
        axes.plot(before[i], row, "o", markersize=9, markerfacecolor="white", markeredgecolor=colour, zorder=3)
        axes.plot(after[i], row, "o", markersize=6, color=colour, zorder=4)
        _beside(axes, row, _number(change[i], 2, "+"), colour)
    _beside(axes, -0.9, "change", FAINT)
    _rows(axes, [attributes[i] for i in order], top=-1.3)
    axes.get_yticklabels()[0].set_color(ACCENT)
    axes.set_xlim(-0.03, 1.03)
    axes.set_xlabel("mean probability, before (hollow) and after (filled)", color=INK, fontsize=TEXT)
    return to_picture(figure)


def bars(
    names: Sequence[str], plain_walk: Float[np.ndarray, "a"], clean_walk: Float[np.ndarray, "a"], label: str
) -> Image.Image:
    """Horizontal bars in pairs: a plain walk and one that holds others still.

    names: what is compared, one pair each, from the top. plain_walk, clean_walk: any numbers; NaN where nothing was
    measured. label: what the numbers are.
    Raises ValueError when the numbers do not match the names.
    """
    _check(names, plain_walk, clean_walk)
    figure, axes = new_figure(5.4 + _names_width(names), 1.2 + 1.4 * ROW * len(names))
    rows, decimals = np.arange(len(names)), _decimals(np.concatenate([plain_walk, clean_walk]))
    pairs = ((plain_walk, -BAR / 2, FAINT, "plain walk"), (clean_walk, BAR / 2, CLEAN, "others held still"))
    for values, shift, colour, meaning in pairs:
        drawn = axes.barh(rows + shift, np.nan_to_num(values), BAR * 0.92, color=colour, label=meaning, zorder=2)
        axes.bar_label(drawn, [_number(float(v), decimals) for v in values], padding=4, fontsize=TEXT, color=colour)
    axes.axvline(0, color=FAINT, linewidth=0.8, zorder=3)
    _rows(axes, names, top=-0.6)
    axes.margins(x=0.18)  # room for the numbers at the ends
    axes.set_xlabel(plain(label), color=INK, fontsize=TEXT)
    figure.legend(loc="outside upper left", ncols=2, frameon=False, fontsize=TEXT, labelcolor=INK)
    return to_picture(figure)


def _check(names: Sequence[str], first: Sequence[float] | np.ndarray, second: Sequence[float] | np.ndarray) -> None:
    """Raises ValueError unless there is at least one name and one number of each kind per name."""
    if len(names) == 0:
        raise ValueError("expected at least one name to compare, got none")
    if not len(first) == len(second) == len(names):
        raise ValueError(f"expected two numbers per name, got {len(first)} and {len(second)} for {len(names)}")


def _names_width(names: Sequence[str]) -> float:
    """Inches that the longest name takes."""
    return LETTER * max(len(name) for name in names)


def _rows(axes: Axes, names: Sequence[str], top: float) -> None:
    """One named row per unit downwards from `top`, with thin lines for the eye to measure by."""
    axes.set_yticks(range(len(names)), [plain(name) for name in names])
    axes.set_ylim(len(names) - 0.4, top)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", color=HAIR, linewidth=0.8)
    axes.set_axisbelow(True)


def _beside(axes: Axes, row: float, text: str, colour: str) -> None:
    """Text right of the axes at the height of a row."""
    place = axes.get_yaxis_transform()
    axes.text(1.03, row, text, va="center", ha="left", fontsize=TEXT, color=colour, transform=place)


def _decimals(values: np.ndarray) -> int:
    """At least one, and as many that the largest number shows three digits; all get as many, as in a table."""
    largest = float(np.max(np.abs(np.nan_to_num(values))))
    return max(1, 2 - math.floor(math.log10(largest))) if largest > 0 else 2


def _number(value: float, decimals: int, sign: str = "") -> str:
    """The number as text; `sign` "+" also marks the positive ones. What rounds to zero has no sign."""
    if np.isnan(value):
        return "not measured"
    rounded = round(float(value), decimals) or 0.0  # a zero may come with a minus
    return f"{rounded:{sign if rounded else ''}.{decimals}f}".replace("-", "\N{MINUS SIGN}")
