"""Gradients of a scorer as directions for everybody: what raises a logit for the average code.

`Gradient` averages the gradient of an attribute's logit with respect to the code, each code by its own gradient alone;
a classifier walk (walks/ascend.py) follows the same gradients code by code. Logits, not probabilities, because a
probability has no slope left where it saturates.

With `apart` it finds instead what raises one attribute and leaves the others alone. With g_j the gradient of the logit
j in standard deviations of that logit, a small step n changes it by g_j.n. Asked for is the n that maximises

    E[g_t].n  -  1/2 sum_{j != t} E[(g_j.n)^2]  -  1/2 rho |n|^2

the mean on-target change against the mean squared change of all others, and against length. Its gradient vanishes at

    n  =  (sum_{j != t} E[g_j g_j'] + rho I)^-1 E[g_t],

second moments of the rows of the Jacobian, summed in float64 as they come.
"""

from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.direction import Directions
from latentwalk.generator import Generator
from latentwalk.latents import Latents
from latentwalk.methods.offsets import boundary_offset, check_scores, columns, figures_of, flatten, normal, pointing
from latentwalk.origin import Origin, Source
from latentwalk.progress import Progress, silent
from latentwalk.samples import Samples
from latentwalk.scores import Scorer, check_attributes

WIDEST = 2**28
"""Numbers that the second moments may have in all, 2 GiB: ten attributes for codes of 5,181 numbers."""


@dataclass(frozen=True)
class Gradient:
    """Settings of mean gradients.

    scorer: what to follow; differentiable. apart: look for the direction that leaves the other attributes alone.
    codes: samples that gradients are taken at, the first of those with a score.
    ridge: rho, as a multiple of the mean square of the others' gradients along an axis of the code; only with `apart`.
    The larger, the nearer to the mean gradient. At 1 the directions of faces64 keep 86% of the on-target change, and
    the mean change of the others per on-target change falls from 0.18 to 0.10, by gradients of an independent scorer.
    batch: codes at once; it changes nothing beyond rounding.
    """

    scorer: Scorer = field(repr=False)
    apart: bool = False
    codes: int = 2000
    ridge: float = 1.0
    batch: int = 32

    def __post_init__(self) -> None:
        if min(self.codes, self.batch) < 1:
            raise ValueError(f"expected at least one code and one at once, got {self.codes} and {self.batch}")
        if not self.ridge > 0:
            raise ValueError(f"the ridge is above 0, got {self.ridge}")

    def fit(self, generator: Generator, samples: Samples, progress: Progress = silent) -> Directions:
        """One direction per attribute of the samples, in their space; codes without any score (NaN) are left out.

        The unit is the standard deviation of all codes along the vector. The boundary is where the scores of the
        samples say; the gradients do not look at them. `origin.figures` has the `Figures` of all scored codes, and
        "agreement": the mean cosine of one code's gradient to the mean of all, 1 where the logit is linear.
        Raises ValueError for a scorer without gradient, and for one that does not know an attribute of the samples.
        """
        codes, named = flatten(generator, samples.latents), columns(samples)
        picked = check_attributes(self.scorer, samples.attributes)
        size = codes.shape[1]
        if self.apart and len(named) * size * size > WIDEST:
            raise ValueError(
                f"the second moments of {len(named)} attributes for codes of {size} numbers are too large: give "
                "samples of fewer attributes (samples.only), or codes of a smaller space such as w instead of w+"
            )
        scored = torch.nonzero(~samples.scores.isnan().all(1))[: self.codes, 0]
        for name, scores in named:
            check_scores(name, scores[~np.isnan(scores)])
        spread = np.array([np.nanstd(scores) for _, scores in named])
        sums = self._sum(
            generator, samples.latents[scored.to(samples.latents.values.device)], picked, 1 / spread, progress
        )
        items, figures = [], {}
        for i, (name, scores) in enumerate(named):
            known = ~np.isnan(scores)
            vector = normal(name, sums.apart(i, self.ridge) if self.apart else sums.mean[i])
            along = codes[known].astype(np.float64) @ vector
            offset = boundary_offset(name, along, scores[known] > 0)
            items.append(pointing(name, vector, offset, codes, samples.latents.space))
            seen = figures_of(along, offset, scores[known])
            figures[name] = {**seen._asdict(), "agreement": sums.agreement(i)}
        parameters = {key: getattr(self, key) for key in ("apart", "codes", "ridge", "batch")}
        origin = Origin(
            method="jacobian" if self.apart else "gradient",
            parameters=parameters,
            generator=Source.of(generator),
            scorer=Source.of(self.scorer),
            figures=figures,
        )
        return Directions(tuple(items), origin)

    def _sum(
        self,
        generator: Generator,
        latents: Latents,
        picked: list[int],
        scale: Float[np.ndarray, "a"],
        progress: Progress,
    ) -> "Sums":
        """The moments of the gradients, scaled to standard deviations of the logits."""
        size, per_attribute = latents.values[0].numel(), torch.from_numpy(scale)[:, None]
        mean = torch.zeros(len(picked), size, dtype=torch.float64)
        unit = torch.zeros_like(mean)
        second = torch.zeros(len(picked), size, size, dtype=torch.float64) if self.apart else None
        done = 0
        for part in latents.split(self.batch):
            rows = jacobian(generator, self.scorer, part.to(generator.device, generator.dtype), picked).cpu().double()
            rows = rows * per_attribute
            mean += rows.sum(0)
            unit += torch.nn.functional.normalize(rows, dim=2).sum(0)
            if second is not None:
                second += torch.einsum("nad,nae->ade", rows, rows)
            done += len(part)
            progress("averaging gradients", done, len(latents))
        count = len(latents)
        return Sums(
            (mean / count).numpy(), (unit / count).numpy(), None if second is None else (second / count).numpy()
        )


@dataclass(frozen=True, eq=False)
class Sums:
    """Means over codes of the gradients of each attribute [a, d], of their directions [a, d] and squares [a, d, d]."""

    mean: Float[np.ndarray, "a d"]
    unit: Float[np.ndarray, "a d"]
    second: Float[np.ndarray, "a d d"] | None

    def agreement(self, i: int) -> float:
        """The mean cosine of one gradient to their mean."""
        return float(self.unit[i] @ self.mean[i] / np.linalg.norm(self.mean[i]))

    def apart(self, i: int, ridge: float) -> Float[np.ndarray, "d"]:
        """What raises the attribute and leaves the others alone: see the top of this file."""
        assert self.second is not None
        others = self.second.sum(0) - self.second[i]
        size = len(others)
        level = np.trace(others) / size or 1.0  # no others: nothing to leave alone
        return np.linalg.solve(others + ridge * level * np.eye(size), self.mean[i])


def jacobian(generator: Generator, scorer: Scorer, latents: Latents, picked: list[int]) -> Float[Tensor, "n a d"]:
    """The gradients of some logits of every code with respect to that code alone.

    Raises ValueError when the scorer gives none.
    """
    values = latents.values.detach().requires_grad_()
    with torch.enable_grad():
        logits = scorer(generator.synthesize(latents.with_values(values)))
        if not logits.requires_grad:
            raise ValueError("this scorer gives no gradient: find directions from its scores instead (regression)")
        rows = [
            torch.autograd.grad(logits[:, column].sum(), values, retain_graph=i < len(picked) - 1)[0].flatten(1)
            for i, column in enumerate(picked)
        ]
    return torch.stack(rows, 1)
