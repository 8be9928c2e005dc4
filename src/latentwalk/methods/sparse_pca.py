"""Sparse principal components of codes or activations (Zou, Hastie and Tibshirani, 2006; Mairal et al., 2009).

Each component weighs few values of the layer, so it says where in the picture or in which channels it acts. The
objective reads the data through their covariance alone: rotating the rows of X leaves it as it was. So it is solved on
a square root of the covariance, one row per principal axis, and its cost does not grow with the codes.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from sklearn.decomposition import MiniBatchSparsePCA
from torch import Tensor

from latentwalk.direction import Directions
from latentwalk.generator import Generator
from latentwalk.methods.decomposition import Decomposition
from latentwalk.methods.principal_axes import Axes
from latentwalk.numerics.moments import Moments, sign_of
from latentwalk.numerics.sketch import Sketch
from latentwalk.progress import Progress, silent
from latentwalk.samples import Samples

BATCH = 512
"""Values of the layer that scikit-learn looks at together."""


@dataclass(frozen=True)
class SparsePCA(Decomposition):
    """Settings of sparse PCA: see `Decomposition`. Three principal axes per component and 20 stand for the covariance.

    widest: lower than for PCA, because the covariance is cut to these axes anyway.
    penalty: weights below this size become 0, in root mean squares of the weights of the last principal component that
    is kept; above 0. 1 leaves about a third.
    rounds: through all values, at most.
    """

    name: ClassVar[str] = "sparse-pca"

    widest: int = 2048
    penalty: float = 1.0
    rounds: int = 20

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.penalty > 0:
            raise ValueError(f"the penalty of weights is above 0, got {self.penalty}")

    def fit(
        self,
        generator: Generator,
        samples: Samples,
        progress: Progress = silent,
        sums: Moments | Sketch | None = None,
    ) -> Directions:
        """Directions in the space of the samples, those with the largest variance first.

        Layers, units, sums and errors as in `GANSpace.fit`. The largest weight of each component is positive. Of codes,
        the components are the directions; of activations, what changes in the code with one component while the others
        stay. `origin.figures` has for each sigma and explained (along the component by itself: sparse components
        share variance, the sum may be more than 1), R, and weights (the share of them that is not 0).
        Raises ValueError as well when the penalty leaves nothing of a component.
        """
        latents = generator.check(samples.latents)
        axes = self.axes(generator, latents, more=2 * self.components + 20, progress=progress, sums=sums)
        loadings = self._loadings(axes)
        within = loadings @ axes.vectors.T
        variances = within.square() @ axes.values
        order = variances.argsort(descending=True, stable=True)
        loadings, within, variances = loadings[order], within[order], variances[order]
        readout = torch.linalg.solve(loadings @ loadings.T, within)  # least squares from values to components
        moves = loadings if self.layer is None else axes.to_codes(readout)
        figures = {
            "sigma": variances.sqrt(),
            "explained": variances / axes.variance,
            "weights": (loadings != 0).double().mean(1),
        }
        return self.result(generator, latents, axes, moves, readout, figures)

    def _loadings(self, axes: Axes) -> Float[Tensor, "m d"]:
        """Sparse components of norm 1, the largest weight of each positive."""
        size = axes.vectors.shape[1]
        unit = (axes.values[self.components - 1] / size).sqrt()
        root = axes.values.sqrt()[:, None] * axes.vectors / unit
        root = torch.cat([root, -root]) / 2**0.5  # scikit-learn subtracts a mean, which must be 0
        model = MiniBatchSparsePCA(
            self.components, alpha=self.penalty,  # pyright: ignore[reportArgumentType] - inferred from its default of 1
            method="cd", batch_size=min(BATCH, size), max_iter=self.rounds,
            random_state=self.seed,
        )  # fmt: skip
        loadings = torch.from_numpy(model.fit(root.numpy()).components_)
        norms = loadings.norm(dim=1, keepdim=True)
        if not bool((norms > 0).all()):
            raise ValueError(
                f"a penalty of {self.penalty:g} leaves nothing of {int((norms == 0).sum())} of {self.components} "
                "components: lower it, or ask for fewer"
            )
        loadings = loadings / norms
        return loadings * sign_of(loadings)
