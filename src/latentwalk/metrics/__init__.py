"""Metrics: ways to judge one recorded sweep. A new one is a function in a file here and a line in `METRICS`."""

from collections.abc import Callable
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from latentwalk.metrics.effect import crossing_values, effect_values
from latentwalk.metrics.identity import identity_values, path_values, perceptual_values
from latentwalk.metrics.leakage import dependency_max, dependency_values, leakage
from latentwalk.metrics.monotonicity import linearity_values, monotonicity_values
from latentwalk.metrics.quality import frechet_of, kernel_of
from latentwalk.metrics.region import area_half, area_most
from latentwalk.sweep import Sweep


class Metric(NamedTuple):
    """A figure that is read from a sweep.

    measure: one figure; NaN where it has none (most of them need a target). better: which end is. unit: of the figure.
    about: one line for people. values: one number per code, where the figure is their mean; NaN for codes left out.
    """

    measure: Callable[[Sweep], float]
    better: Literal["higher", "lower"]
    unit: str
    about: str
    values: Callable[[Sweep], Tensor] | None = None


def mean_of(values: Callable[[Sweep], Tensor], better: Literal["higher", "lower"], unit: str, about: str) -> Metric:
    """The metric that is the mean of these values."""
    return Metric(lambda sweep: float(torch.nanmean(values(sweep))), better, unit, about, values)


METRICS: dict[str, Metric] = {
    "effect": mean_of(effect_values, "higher", "s.d. per unit", "change of its attribute per unit of strength"),
    "leakage": Metric(leakage, "lower", "ratio", "mean change of the other attributes over that of its own"),
    "dependency": mean_of(
        dependency_values, "lower", "s.d.", "mean |change| of the other attributes, picture by picture, near 2 units"
    ),
    "dependency_max": Metric(dependency_max, "lower", "s.d.", "the same of the attribute that changes most"),
    "success": mean_of(crossing_values, "higher", "share", "codes that end on the other side of the judge's boundary"),
    "monotonicity": mean_of(monotonicity_values, "higher", "Spearman", "whether more strength always gives more"),
    "linearity": mean_of(linearity_values, "higher", "R^2", "whether every unit gives the same"),
    "identity": mean_of(
        identity_values, "higher", "cosine", "likeness of the embeddings before and after, near 2 units"
    ),
    "perceptual": mean_of(perceptual_values, "lower", "distance", "distance of the features before and after"),
    "path": mean_of(path_values, "lower", "per unit^2", "perceptual path length: squared speed of the features"),
    "area_half": Metric(area_half, "lower", "share", "smallest part of the picture with half of the change"),
    "area_most": Metric(area_most, "lower", "share", "smallest part of the picture with 80% of the change"),
    "frechet": Metric(frechet_of, "lower", "distance", "Frechet distance of edited pictures to unedited ones"),
    "kernel": Metric(kernel_of, "lower", "distance", "kernel distance (cubic, unbiased) of the same"),
}
"""Metrics by name."""
