"""Principal axes out of sums, how codes go with them, and directions of the code that follow."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.direction import Direction
from latentwalk.numerics.moments import Moments, principal
from latentwalk.numerics.sketch import Sketch


@dataclass(frozen=True, eq=False)
class Axes:
    """Principal axes, and how the codes [c] go with them; covariances are unbiased.

    count: of vectors. mean: [d] of what is decomposed. values: variances [k] along the axes. vectors: [k, d],
    orthonormal. variance: of everything in all directions. centre: [c] the mean code. codes: [c, c] their covariance.
    along: [c, k] covariance of codes with coordinates along the axes. columns, missed, residuals: see `Sketch`; 0 and
    None without one.
    """

    count: int
    mean: Float[Tensor, "d"]
    values: Float[Tensor, "k"]
    vectors: Float[Tensor, "k d"]
    variance: float
    centre: Float[Tensor, "c"]
    codes: Float[Tensor, "c c"]
    along: Float[Tensor, "c k"]
    columns: int = 0
    missed: float | None = None
    residuals: Float[Tensor, "k"] | None = None

    def first(self, count: int) -> "Axes":
        """The largest of them alone."""
        return replace(
            self,
            values=self.values[:count],
            vectors=self.vectors[:count],
            along=self.along[:, :count],
            residuals=None if self.residuals is None else self.residuals[:count],
        )

    @property
    def sketch(self) -> dict[str, float] | None:
        """For the source of directions: how wide the sketch was, and the share of the variance outside of it."""
        return None if self.missed is None else {"columns": self.columns, "missed": self.missed}

    def coordinates(self, rows: Float[Tensor, "n d"]) -> Float[Tensor, "n k"]:
        """Coordinates of vectors along the axes, from the mean."""
        return (rows[:, : len(self.mean)].detach().cpu().double() - self.mean) @ self.vectors.T

    def mixing(self, readout: Float[Tensor, "m k"]) -> Float[Tensor, "m k"]:
        """The same on the side of what is decomposed: what goes with one more of each component, along the axes."""
        spread = readout * self.values
        return torch.linalg.solve(spread @ readout.T, spread)

    def to_codes(self, readout: Float[Tensor, "m k"]) -> Float[Tensor, "m c"]:
        """Least squares from components back to codes: what goes with one more of each while the others stay.

        readout: components as weights on coordinates along the axes.
        """
        return torch.linalg.solve(readout * self.values @ readout.T, (self.along @ readout.T).T)

    def correlations(self, readout: Float[Tensor, "m k"]) -> Float[Tensor, "m"]:
        """Multiple correlation of each component with the code, in [0, 1]: its square is the share of the component
        that a linear function of the code explains, less what chance explains (adjusted; Ezekiel, 1930)."""
        with_codes = self.along @ readout.T
        explained = (with_codes * (torch.linalg.pinv(self.codes, hermitian=True, rtol=1e-9) @ with_codes)).sum(0)
        share = explained / (readout.square() @ self.values)
        chance = (self.count - 1) / (self.count - 1 - len(self.centre))
        return (1 - (1 - share) * chance).clamp(0, 1).sqrt()

    def direction(self, name: str, move: Float[Tensor, "c"], space: str) -> Direction:
        """Along a move of the code; the unit is the standard deviation of the codes, 0 is at the mean code."""
        norm = float(move.norm())
        if not norm > 0:
            raise ValueError(f"no change of the code goes with {name!r}: read another layer, or ask for fewer")
        vector = move / norm
        unit = float((vector @ self.codes @ vector).clamp(min=0).sqrt())
        return Direction(name, vector.float(), space, unit, -float(self.centre @ vector))


def of_codes(moments: Moments, count: int) -> Axes:
    covariance = moments.covariance
    values, vectors = principal(covariance, count)
    total = float(covariance.trace())
    along = vectors.T * values
    return Axes(moments.count, moments.mean, values, vectors, total, moments.mean, covariance, along)


def of_moments(moments: Moments, size: int, count: int) -> Axes:
    freedom = moments.count - 1
    scatter, with_codes, codes = (
        moments.scatter[:size, :size],
        moments.scatter[size:, :size],
        moments.scatter[size:, size:],
    )
    values, vectors = principal(scatter, count)
    total = float(scatter.trace()) / freedom
    mean, centre = moments.mean[:size], moments.mean[size:]
    along = with_codes @ vectors.T / freedom
    return Axes(moments.count, mean, values / freedom, vectors, total, centre, codes / freedom, along)


def of_sketch(sketch: Sketch, count: int) -> Axes:
    values, vectors, residuals, missed = sketch.principal(count)
    size, beside = sketch.size, sketch.beside
    mean, centre, along = sketch.mean[:size], sketch.mean[size:], beside[:size].T @ vectors.T
    return Axes(
        sketch.count, mean, values, vectors, sketch.variance, centre, beside[size:], along, sketch.columns, missed,
        residuals,
    )  # fmt: skip
