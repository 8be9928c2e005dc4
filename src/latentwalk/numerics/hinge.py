"""The linear support vector machine of `SVC`, for many codes of few numbers: Newton's method in the primal.

The objective is |w|^2 / 2 + C sum max(0, 1 - m) over margins m = y (w.x + b), and b costs nothing. Its kink is rounded
off to a parabola within `h` of 1 (Chapelle, 2007), so that a Newton step is a system of d equations over the codes in
that band; h shrinks, and each round begins where the last one ended. Where classes barely overlap, `SVC` and
coordinate descent take very many small steps, and a descent that is stopped in time is still a few degrees off.
"""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float
from scipy.linalg import solve
from scipy.optimize import brentq
from sklearn.svm import LinearSVC

from latentwalk.numerics.axes import WIDE

WIDTHS = (1.0, 0.2, 0.05)
"""h, round by round."""

TOLERANCE = 1e-4
"""Relative gain of a step below which a round ends."""

STEPS = 60
"""Most steps of a round."""

LEAST = 1e-3
"""Least curvature along the intercept, as a share of that with every code in the band: an empty band has none."""


@dataclass
class HingeSVM:
    """As scikit-learn has it: `fit`, then `coef_` [1, d], `intercept_` [1] and `predict`. cost: C."""

    cost: float = 1.0
    coef_: Float[np.ndarray, "1 d"] = field(init=False)
    intercept_: Float[np.ndarray, "1"] = field(init=False)

    def fit(self, codes: Float[np.ndarray, "n d"], has: Bool[np.ndarray, "n"]) -> "HingeSVM":
        if codes.shape[1] > WIDE:  # a system of so many equations costs more than it saves
            model = LinearSVC(C=self.cost, loss="hinge", dual=True, tol=0.03, max_iter=10_000, random_state=0)  # pyright: ignore[reportArgumentType]
            model.fit(codes, has)
            self.coef_, self.intercept_ = model.coef_, np.ravel(model.intercept_)
            return self
        sides = np.where(has, 1.0, -1.0)
        rows = np.column_stack([codes, np.ones(len(codes))])
        rows *= sides[:, None]  # margins are rows @ w; in place, many are large
        w = _least_squares(rows, self.cost)
        for width in WIDTHS:
            w = _newton(rows, w, self.cost, width)
        self.coef_, self.intercept_ = w[None, :-1], w[-1:]
        return self

    def predict(self, codes: Float[np.ndarray, "n d"]) -> Bool[np.ndarray, "n"]:
        return codes @ self.coef_[0] + self.intercept_[0] > 0


def _least_squares(rows: Float[np.ndarray, "n e"], cost: float) -> Float[np.ndarray, "e"]:
    """Where to begin: margins of 1 in the sense of least squares."""
    inner = rows.T @ rows
    inner[np.diag_indices_from(inner)] += 1 / cost
    return solve(inner, rows.sum(0), assume_a="pos")


def _newton(rows: Float[np.ndarray, "n e"], w: Float[np.ndarray, "e"], cost: float, h: float) -> Float[np.ndarray, "e"]:
    """The minimum of the rounded objective, from w on. The last number of w is the intercept."""
    short = np.append(np.ones(len(w) - 1), 0.0)  # what the length is counted of
    m = rows @ w
    value = _value(m, w * short, cost, h)
    for _ in range(STEPS):
        # 1. the loss at every margin: flat beyond 1 + h, of slope -1 below 1 - h, a parabola in the band between
        slope = -((1 + h - m) / (2 * h)).clip(0, 1)
        band = rows[np.flatnonzero((slope < 0) & (slope > -1))]
        # 2. the second derivative: only codes in the band bend the objective, and the length of w does
        curved = band.T @ band * (cost / (2 * h))
        curved[np.diag_indices_from(curved)] += short
        curved[-1, -1] = max(curved[-1, -1], LEAST * len(rows) * cost / (2 * h))
        # 3. the Newton step: minus the gradient through that
        step = -solve(curved, short * w + cost * (slope @ rows), assume_a="pos")
        change = rows @ step

        # 4. how far along it: the whole step, or to where the slope along it, which only rises, crosses 0
        def uphill(t: float, m=m, w=w, step=step, change=change) -> float:
            ahead = -((1 + h - m - t * change) / (2 * h)).clip(0, 1)
            return float((short * (w + t * step)) @ step + cost * ahead @ change)

        t = 1.0 if uphill(1.0) <= 0 or uphill(0.0) >= 0 else float(brentq(uphill, 0, 1, xtol=1e-5))  # pyright: ignore[reportArgumentType]
        # 5. go there; the margins are linear in w, so they need no pass over the codes
        w, m, before = w + t * step, m + t * change, value
        value = _value(m, w * short, cost, h)
        # 6. stop when a step no longer gains
        if before - value <= TOLERANCE * value:
            break
    return w


def _value(m: Float[np.ndarray, "n"], w: Float[np.ndarray, "e"], cost: float, h: float) -> float:
    inside = (1 + h - m).clip(0, 2 * h)
    return float(w @ w / 2 + cost * (inside**2 / (4 * h) + (1 - h - m).clip(0)).sum())
