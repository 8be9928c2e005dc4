"""What one recorded sweep says about its direction, as plain data."""

import math

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from latentwalk.direction import Direction, Directions
from latentwalk.evaluation import DirectionResult, Estimate, MadeBy, Point
from latentwalk.metrics import METRICS, Metric
from latentwalk.metrics.effect import rescoring_values, success
from latentwalk.metrics.identity import similarity
from latentwalk.metrics.leakage import dependency, leakage
from latentwalk.metrics.ranges import recommended
from latentwalk.metrics.region import change_map
from latentwalk.metrics.sweep import Sweep
from latentwalk.numerics.bootstrap import estimate, mean_estimate, resamples, weighted

MAP_SIDE = 32
"""Most pixels of a side that a change map keeps."""


def describe(
    key: str, direction: Direction, origin: tuple[Directions, str], sweep: Sweep, matched: str, weights: np.ndarray
) -> DirectionResult:
    """All that a sweep, which is aimed at its attribute already, says about its direction."""
    return DirectionResult(
        key=key,
        name=direction.name,
        space=direction.space,
        layers=direction.layers,
        unit=direction.unit,
        origin=made_by(*origin),
        attribute=None if sweep.target is None else sweep.attributes[sweep.target],
        matched=matched,
        sign=sweep.sign,
        points=points(sweep, weights),
        rescoring=rescoring(sweep, weights),
        leakage=finite(leakage(sweep)),
        metrics={name: measured(metric, sweep, weights) for name, metric in METRICS.items()},
        range=recommended(sweep),
        change_map=[[round(value, 5) for value in line] for line in small(change_map(sweep)).tolist()],
    )


def made_by(found: Directions, file: str) -> MadeBy:
    """What made directions and what they cost, as far as they say."""
    origin = found.origin
    return MadeBy(file=file, method=origin.method, parameters=origin.parameters, **dict(origin.cost))


def points(sweep: Sweep, weights: np.ndarray) -> list[Point]:
    """What every strength does."""
    alike = similarity(sweep).mean(1).tolist()
    perceptual, pixels = sweep.close.perceptual.mean(1).tolist(), sweep.close.pixels.mean(1).tolist()
    rows = []
    for row, strength in enumerate(sweep.strengths.tolist()):
        changes, mean = sweep.changes[row], sweep.curve[row]
        others = mean[sweep.others].abs()
        on = None
        if sweep.target is not None:
            on = mean_estimate(changes[:, sweep.target].double().numpy(), weights)
        rows.append(
            Point(
                strength=strength,
                changes=dict(zip(sweep.attributes, mean.tolist(), strict=True)),
                on=on,
                off=float(others.mean()) if len(others) else None,
                off_max=float(others.max()) if len(others) else None,
                dependency=float(dependency(changes, sweep.others).mean()) if len(others) else None,
                success=success(sweep, row),
                identity=alike[row],
                perceptual=perceptual[row],
                pixels=pixels[row],
            )
        )
    return rows


def rescoring(sweep: Sweep, weights: np.ndarray) -> dict[str, Estimate]:
    """One row of the re-scoring matrix."""
    values = rescoring_values(sweep).double().numpy()
    drawn = weighted(values, weights)
    return {name: estimate(float(values[:, i].mean()), drawn[:, i]) for i, name in enumerate(sweep.attributes)}


def measured(metric: Metric, sweep: Sweep, weights: np.ndarray) -> Estimate | None:
    """One metric, with its interval where it is a mean over codes; None where it says nothing."""
    if metric.values is None:
        value = finite(metric.measure(sweep))
        return None if value is None else Estimate(value=value)
    values = metric.values(sweep).double().numpy()
    return mean_estimate(values, weights if len(values) == weights.shape[1] else resamples(len(values)))


def small(changes: Tensor) -> Tensor:
    """The map, at most `MAP_SIDE` pixels wide and high."""
    height, width = (min(MAP_SIDE, side) for side in changes.shape)
    return F.adaptive_avg_pool2d(changes[None, None].float(), (height, width))[0, 0]


def finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
