"""A sweep -> which attribute its direction changes, and all that it says about the direction, as plain data."""

import math
import re
from collections.abc import Sequence

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from latentwalk.evaluation import DirectionResult, Estimate, MadeBy, Point
from latentwalk.metrics import METRICS, Metric
from latentwalk.metrics.effect import rescoring_values, success
from latentwalk.metrics.identity import similarity
from latentwalk.metrics.leakage import dependency, leakage
from latentwalk.metrics.ranges import recommended
from latentwalk.metrics.region import change_map
from latentwalk.numerics.bootstrap import estimate, mean_estimate, resamples, weighted
from latentwalk.sweep import Sweep

CLEAR = 0.1
"""Standard deviations per unit of an attribute below which the judge sees no change of it."""

MAP_SIDE = 32
"""Most pixels of a side that a change map keeps."""


def strongest(sweep: Sweep, weights: np.ndarray) -> tuple[str, int] | None:
    """The attribute that the judge sees change most, and 1 for more or -1 for less of it; None for none for sure."""
    values = rescoring_values(sweep).double().numpy()
    mean = values.mean(0)
    most = int(np.abs(mean).argmax())
    seen = mean_estimate(values[:, most], weights)
    if seen is None or seen.low is None or seen.high is None or abs(seen.value) < CLEAR or seen.low * seen.high <= 0:
        return None
    return sweep.attributes[most], 1 if seen.value > 0 else -1


def match(sweep: Sweep, weights: np.ndarray) -> tuple[Sweep, str]:
    """The sweep with its target, and how that is known: from the "name", "measured" by the judge, or "none"."""
    name = sweep.direction.name
    if name in sweep.attributes:
        return sweep.toward(sweep.attributes.index(name)), "name"
    seen = strongest(sweep, weights)
    if seen is None:
        return sweep.toward(None), "none"
    return sweep.toward(sweep.attributes.index(seen[0]), seen[1]), "measured"


def promised(name: str, attributes: Sequence[str]) -> dict[str, int]:
    """What a name like "smiling - hat 2" says: 1 for more and -1 for less of each attribute that the judge knows."""
    if name in attributes:
        return {name: 1}
    first, *rest = re.split(r" ([+-]) ", re.sub(r" \d+$", "", name))
    parts = {first: 1} | {part: 1 if sign == "+" else -1 for sign, part in zip(rest[::2], rest[1::2], strict=True)}
    return {part: sign for part, sign in parts.items() if part in attributes}


def disagreement(sweep: Sweep, weights: np.ndarray) -> str:
    """What the judge sees change most, "more mouth_open", where the name promises something else; "" if they agree.

    A name without an attribute that the judge knows promises nothing.
    """
    says, seen = promised(sweep.direction.name, sweep.attributes), strongest(sweep, weights)
    if not says or (seen is not None and says.get(seen[0]) == seen[1]):
        return ""
    return "nothing" if seen is None else f"{'more' if seen[1] > 0 else 'less'} {seen[0]}"


def result(key: str, origin: MadeBy, sweep: Sweep, matched: str, weights: np.ndarray) -> DirectionResult:
    """All that a sweep says about its direction, once its target is known (see `match`).

    weights: of the codes in every resample, see `bootstrap.resamples`.
    """
    direction = sweep.direction
    return DirectionResult(
        key=key,
        name=direction.name,
        space=direction.space,
        layers=direction.layers,
        unit=direction.unit,
        origin=origin,
        attribute=None if sweep.target is None else sweep.attributes[sweep.target],
        matched=matched,
        sign=sweep.sign,
        disagreement=disagreement(sweep, weights),
        points=points(sweep, weights),
        rescoring=rescoring(sweep, weights),
        leakage=finite(leakage(sweep)),
        metrics={name: measured(metric, sweep, weights) for name, metric in METRICS.items()},
        range=recommended(sweep),
        change_map=[[round(value, 5) for value in line] for line in small(change_map(sweep)).tolist()],
    )


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
