"""Latent-space editing seen from above: real codes, the boundary, and walks that cross it."""

from collections.abc import Sequence

import matplotlib
import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from PIL import Image

from latentwalk.pictures.figure import ACCENT, FAINT, INK, TEXT, new_figure, plain, to_picture
from latentwalk.pictures.layout import check_count

COLOURS = matplotlib.colormaps["viridis"].with_extremes(bad="#c8cacf")
HALO = [withStroke(linewidth=3.5, foreground="white")]
DASHES = (0, (5, 3))


def plane(
    points: Float[np.ndarray, "n 2"],
    scores: Float[np.ndarray, "n"],
    paths: Sequence[Float[np.ndarray, "_ 2"]],
    names: tuple[str, str],
    boundary: float = 0.0,
    reached: Sequence[bool] | None = None,
    correlation: float = 0.0,
) -> Image.Image:
    """The plane of two directions, in standard deviations: across the one that is walked, up another one.

    points: distances of background codes from the boundaries of both directions. scores: their probabilities in
    [0, 1] of the first attribute, as colour; NaN is grey. paths: per walk its points from start to end.
    names: of the two directions. boundary: where the first one divides, a vertical line. reached: per walk whether it
    arrived; the others are drawn in another colour. correlation: of the two directions, told when it is not 0.
    Raises ValueError when numbers of points and scores, or of paths and `reached`, do not match, or a path is empty.
    """
    check_count("score", scores, len(points), of="point")
    if reached is not None:
        check_count("value of reached", reached, len(paths), of="path")
    if any(len(path) == 0 for path in paths):
        raise ValueError("expected at least one point per path, got an empty path")
    arrived = [True] * len(paths) if reached is None else [bool(value) for value in reached]
    first, second = (plain(name) for name in names)

    figure, axes = new_figure(7.4, 5.6)
    axes.scatter(*points.T, c=scores, s=13, cmap=COLOURS, vmin=0, vmax=1, alpha=0.65, linewidths=0, plotnonfinite=True)
    axes.axhline(0, color=FAINT, linewidth=0.8, zorder=1.5)
    axes.axvline(boundary, color=INK, linewidth=1.6, linestyle=DASHES, zorder=1.5)
    for path, ok in zip(paths, arrived, strict=True):
        draw_walk(axes, path, INK if ok else ACCENT)

    axes.set_xlabel(f"{first}  (standard deviations from the boundary)", color=INK, fontsize=TEXT)
    axes.set_ylabel(f"{second}  (standard deviations)", color=INK, fontsize=TEXT)
    if correlation:
        axes.set_title(f"correlation of the two directions {correlation:+.2f}", fontsize=TEXT, color=FAINT, loc="right")
    bar = figure.colorbar(ScalarMappable(cmap=COLOURS), ax=axes, pad=0.02, aspect=30, ticks=[0, 0.5, 1])
    bar.set_label(f"probability of {first}", color=INK, fontsize=TEXT)
    bar.ax.tick_params(labelcolor=INK, labelsize=TEXT, length=0)
    bar.outline.set_visible(False)
    figure.legend(
        handles=_legend(first, arrived), loc="outside upper left", ncols=4, frameon=False, fontsize=TEXT, labelcolor=INK
    )
    return to_picture(figure)


def draw_walk(axes: Axes, path: Float[np.ndarray, "k 2"], colour: str) -> None:
    """A line from a hollow to a filled dot with an arrow head half way along."""
    line = {"color": colour, "zorder": 4}
    axes.plot(*path.T, linewidth=1.5, path_effects=HALO, **line)
    if len(path) > 1:
        tail, head = halfway(path)
        if not np.allclose(tail, head):
            style = {"arrowstyle": "-|>", "color": colour, "linewidth": 0, "mutation_scale": 13}
            axes.annotate(
                "", (head[0], head[1]), (tail[0], tail[1]), arrowprops={**style, "shrinkA": 0, "shrinkB": 0}, zorder=5
            )
        axes.plot(*path[-1], "o", markersize=6, markeredgecolor="white", markeredgewidth=0.8, zorder=6, color=colour)
    axes.plot(*path[0], "o", markersize=6, markerfacecolor="white", markeredgecolor=colour, zorder=6)


def halfway(path: Float[np.ndarray, "k 2"]) -> tuple[Float[np.ndarray, "2"], Float[np.ndarray, "2"]]:
    """Two close points of a path around the middle of its length, in the order of walking."""
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    places = lengths[-1] * np.array([0.5, 0.55])
    tail, head = np.stack([np.interp(places, lengths, column) for column in path.T], 1)
    return tail, head


def _legend(first: str, arrived: Sequence[bool]) -> list[Line2D]:
    entries = [Line2D([], [], color=INK, linewidth=1.6, linestyle=DASHES, label=f"boundary of {first}")]
    if arrived:
        entries += [
            Line2D([], [], linestyle="", marker="o", markerfacecolor="white", markeredgecolor=INK, label="start"),
            Line2D([], [], linestyle="", marker="o", color=INK, label="end"),
        ]
    if not all(arrived):
        entries.append(Line2D([], [], color=ACCENT, linewidth=1.5, label="not reached"))
    return entries
