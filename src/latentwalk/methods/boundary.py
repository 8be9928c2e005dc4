"""The linear boundary of an attribute, from codes and their scores (InterFaceGAN, Shen et al., 2020, section 3.1).

A linear classifier separates the codes with the highest scores from those with the lowest; its normal is the direction.
Its intercept is right for these two tails and wrong for everybody else: when one code in ten has the attribute, half of
the high tail may still be without. So the boundary is placed afterwards, on the whole population: where a code is as
likely to have the attribute (score above 0) as not, by logistic regression on its projection (Platt, 1999).
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
import torch
from jaxtyping import Float
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from latentwalk.direction import Direction, Directions
from latentwalk.generator import Generator
from latentwalk.methods.offsets import (
    Figures,
    boundary_offset,
    check_scores,
    correlate,
    hold_out,
    projected,
    share_of,
    tails,
)
from latentwalk.numerics.hinge import HingeSVM
from latentwalk.origin import Origin, Source
from latentwalk.progress import Progress, silent
from latentwalk.samples import Samples
from latentwalk.seeds import check_seed

KINDS: dict[str, Callable[[float, int], LinearSVC | LogisticRegression | HingeSVM]] = {
    "svm": lambda cost, seed: LinearSVC(C=cost, random_state=seed, dual="auto", max_iter=5000),
    "hinge": lambda cost, seed: HingeSVM(cost),
    "logistic": lambda cost, seed: LogisticRegression(C=cost, random_state=seed, max_iter=1000),
}


@dataclass(frozen=True)
class Boundary:
    """Settings of a boundary between samples that score high and low.

    kind: "svm" (linear support vector machine, squared hinge loss), "hinge" (the same with the hinge loss, as in the
    paper) or "logistic" (logistic regression).
    share: share of the codes in each tail, above 0 and up to 0.5. The paper takes 0.02 of half a million; 0.27 keeps
    the most information about the difference (Kelley, 1939) and needs a fraction of the scored codes.
    held_out: share of the codes, in (0, 1), that only say where the boundary is, and how good.
    cost: C of the classifier, the weight of errors against a short normal.
    seed: of the split.
    """

    kind: str = "svm"
    share: float = 0.27
    held_out: float = 0.3
    cost: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no kind of boundary {self.kind!r}: there are {', '.join(KINDS)}")
        if not 0 < self.share <= 0.5:
            raise ValueError(f"the share of codes in each tail is above 0 and at most 0.5, got {self.share}")
        if not 0 < self.held_out < 1:
            raise ValueError(f"the held-out share is between 0 and 1, both excluded, got {self.held_out}")
        if not self.cost > 0:
            raise ValueError(f"the cost of errors is above 0, got {self.cost}")
        check_seed(self.seed)

    def fit(self, generator: Generator, samples: Samples, progress: Progress = silent) -> Directions:
        """One direction per attribute, in the space of the samples; codes without a score (NaN) are left out.

        The unit is the standard deviation of all codes along the vector. `origin.figures` says for every attribute
        what was seen on held-out codes: see `Figures`.
        Raises ValueError for codes of another generator, and for scores that no boundary can be learned from.
        """
        latents = generator.check(samples.latents)
        codes = latents.values.detach().flatten(1).cpu().numpy()  # float64 where it is counted on: many are large
        columns = samples.scores.T.double().cpu().numpy()
        directions, figures = [], {}
        for name, scores in zip(samples.attributes, columns, strict=True):
            vector, offset, unit, seen = self._fit(name, codes, scores)
            directions.append(Direction(name, torch.from_numpy(vector).float(), latents.space, unit, offset))
            figures[name] = seen._asdict()
        origin = Origin(
            method="boundary",
            parameters=asdict(self),
            generator=Source.of(generator),
            figures=figures,
        )
        return Directions(tuple(directions), origin)

    def _fit(
        self, name: str, codes: Float[np.ndarray, "n d"], scores: Float[np.ndarray, "n"]
    ) -> tuple[Float[np.ndarray, "d"], float, float, Figures]:
        """The normal of one boundary, its offset, the spread of all codes along it, and its figures."""
        rows = np.flatnonzero(~np.isnan(scores))  # those with a score: what follows is about them
        scores = scores[rows]
        check_scores(name, scores)
        has = scores > 0
        held = hold_out(has, self.held_out, self.seed)
        taught = int((~held).sum())
        if self.share * taught < 1 and len(np.unique(scores)) > 2:
            raise ValueError(
                f"the highest and lowest {self.share:.0%} of the {taught} codes that {name!r} is learned from are less "
                "than one code each: score more samples, or take a larger share"
            )
        low, high = tails(scores, scores[~held], self.share)
        model = KINDS[self.kind](self.cost, self.seed)
        learned = (low | high) & ~held
        model.fit(codes[rows[learned]].astype(np.float64), high[learned])
        vector = model.coef_[0] / np.linalg.norm(model.coef_[0])

        every = projected(codes, vector)
        along, scores, has, low, high = every[rows[held]], scores[held], has[held], low[held], high[held]
        offset = boundary_offset(name, along, has)
        ends = low | high
        right = model.predict(codes[rows[held][ends]].astype(np.float64)) == high[ends] if ends.any() else ends[:0]
        return (
            vector,
            offset,
            float(every.std(ddof=1)),
            Figures(
                validation=share_of(np.asarray(right)),
                rest=share_of(((along + offset > 0) == has)[~ends]),
                correlation=correlate(along, scores),
                positive=float(has.mean()),
                codes=len(rows),
            ),
        )
