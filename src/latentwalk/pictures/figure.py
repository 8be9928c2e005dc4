"""Figures without global state: matplotlib's objects, never pyplot."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

INK = "#202124"
FAINT = "#6e7076"
HAIR = "#d9dbdf"
ACCENT = "#c2410c"
CLEAN = "#2563a8"
DPI = 130
TEXT = 9
"""Size of all letters in points."""


def new_figure(width: float, height: float) -> tuple[Figure, Axes]:
    """A white figure of this size in inches with one pair of axes, open at the top and the right."""
    figure = Figure((width, height), dpi=DPI, layout="constrained", facecolor="white")
    axes = figure.subplots()
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("bottom", "left"):
        axes.spines[side].set_color(HAIR)
    axes.tick_params(labelcolor=INK, labelsize=TEXT, color=HAIR)
    return figure, axes


def to_picture(figure: Figure) -> Image.Image:
    """The drawn figure as an RGB picture."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")


def plain(text: str) -> str:
    """Text that matplotlib shows as it is, without reading formulas between dollar signs."""
    return text.replace("$", r"\$")
