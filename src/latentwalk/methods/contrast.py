"""The contrast of two sets of codes: those with an attribute and those without (Fisher, 1936), from a handful of each.

The direction is C^-1 (m1 - m0): the difference of the means, turned away from where codes differ anyway. C is the
covariance within the sets, shrunk towards a multiple of the identity by as much as its own noise asks for (Ledoit and
Wolf, 2004), so that five codes a side in 512 dimensions are enough to begin with. With many codes the shrinkage is
gone and this is linear discriminant analysis.
"""

from dataclasses import asdict, dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from sklearn.covariance import ledoit_wolf

from latentwalk.direction import Directions
from latentwalk.generator import Generator
from latentwalk.latents import Latents, concatenate
from latentwalk.methods.offsets import (
    check_scores,
    columns,
    figures_of,
    flatten,
    folds_of,
    normal,
    pointing,
    rough_offset,
)
from latentwalk.numerics.axes import axes
from latentwalk.origin import Origin, Source
from latentwalk.progress import Progress, silent
from latentwalk.samples import Samples
from latentwalk.seeds import check_seed


@dataclass(frozen=True)
class Contrast:
    """Settings of a contrast of means.

    folds: parts of the codes, 2 or more; each is checked, and the boundary found, with what the other parts taught.
    seed: of the folds.
    """

    folds: int = 5
    seed: int = 0

    def __post_init__(self) -> None:
        if self.folds < 2:
            raise ValueError(f"codes are split into 2 folds or more, got {self.folds}")
        check_seed(self.seed)

    def fit(self, generator: Generator, samples: Samples, progress: Progress = silent) -> Directions:
        """One direction per attribute, from codes that score above 0 to those that do not; NaN is left out.

        The unit is the standard deviation of all codes along the vector; the two sets stand for the population.
        `origin.figures` has for every attribute the `Figures` on codes that were not learned from, "shrinkage" (0
        for the covariance as it was seen, 1 for none of it) and "shrunk": what was done for too few samples, if so.
        Raises ValueError for codes of another generator, and when one of the sets has fewer than 4 codes.
        """
        codes = flatten(generator, samples.latents)
        reduced = axes(codes, self.seed)
        narrow = codes.astype(np.float64) if reduced is None else codes @ reduced.T
        items, figures = [], {}
        for name, scores in columns(samples):
            known = ~np.isnan(scores)
            check_scores(name, scores[known])
            seen, scores = narrow[known], scores[known]
            has = scores > 0
            fold = folds_of(has, self.folds, self.seed)
            along = np.empty(len(scores))
            for k in range(self.folds):
                along[fold == k] = seen[fold == k] @ normal(name, discriminant(seen[fold != k], has[fold != k])[0])
            vector, shrinkage = discriminant(seen, has)
            vector = normal(name, vector if reduced is None else vector @ reduced)
            offset = rough_offset(name, along, has)
            items.append(pointing(name, vector, offset, codes, samples.latents.space))
            few = f"{len(scores)} samples for codes of {codes.shape[1]} numbers: covariance shrunk by {shrinkage:.2f}"
            figures[name] = {
                **figures_of(along, offset, scores)._asdict(),
                "shrinkage": shrinkage,
                "shrunk": few if len(scores) <= codes.shape[1] else None,
            }
        origin = Origin(
            method="contrast",
            parameters=asdict(self),
            generator=Source.of(generator),
            figures=figures,
        )
        return Directions(tuple(items), origin)


def discriminant(codes: Float[np.ndarray, "n d"], has: Bool[np.ndarray, "n"]) -> tuple[Float[np.ndarray, "d"], float]:
    """Fisher's discriminant with a shrunk covariance, and the shrinkage."""
    means = codes[has].mean(0), codes[~has].mean(0)
    within = codes - np.where(has[:, None], *means)
    covariance, shrinkage = ledoit_wolf(within, assume_centered=True)
    return np.linalg.solve(covariance, means[0] - means[1]), float(shrinkage)


def contrasted(with_codes: Latents, without_codes: Latents, attribute: str = "contrast") -> Samples:
    """Samples of two sets of codes of one space, for example of inverted photos of each kind: scores 1 and -1."""
    scores = torch.cat([torch.ones(len(with_codes), 1), -torch.ones(len(without_codes), 1)])
    return Samples(concatenate([with_codes, without_codes]), scores, (attribute,))
