"""Independent components of codes or activations (FastICA, Hyvaerinen and Oja, 2000).

Principal components are uncorrelated, which is all that Gaussian numbers can be. Activations are not Gaussian, and the
rotation of their principal components that is least so separates sources that are mixed in each of them.
"""

import warnings
from dataclasses import dataclass
from typing import ClassVar

import torch
from sklearn.decomposition import FastICA
from sklearn.exceptions import ConvergenceWarning

from latentwalk.direction import Directions
from latentwalk.generator import Generator
from latentwalk.methods.decomposition import Decomposition
from latentwalk.numerics.moments import Moments, sign_of
from latentwalk.numerics.sketch import Sketch
from latentwalk.progress import Progress, silent
from latentwalk.samples import Samples


@dataclass(frozen=True)
class ICA(Decomposition):
    """Settings of ICA: see `Decomposition`. As many principal components are rotated as are kept.

    widest: lower than for PCA, because a rotation needs the subspace, and not each axis in it.
    most: codes that the rotation is learned from, the first of all; they are read a second time.
    iterations: of FastICA, at most.
    """

    name: ClassVar[str] = "ica"

    widest: int = 2048
    most: int = 20_000
    iterations: int = 500

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.most <= self.components:
            raise ValueError(f"{self.components} components are learned from more codes than that, got {self.most}")

    def fit(
        self,
        generator: Generator,
        samples: Samples,
        progress: Progress = silent,
        sums: Moments | Sketch | None = None,
    ) -> Directions:
        """Directions in the space of the samples, those whose source makes most of the variance first.

        Layers, units, sums and errors as in `GANSpace.fit`. The largest weight of each component in the activations is
        positive. `origin.figures` has for each sigma (the standard deviation that its source makes in the
        activations), explained, R, and kurtosis (excess, 0 for a Gaussian source: several such cannot be told apart,
        and their directions are as good as any). `origin.summary["converged"]` is False when the rotation had not
        settled.
        """
        latents = generator.check(samples.latents)
        axes = self.axes(generator, latents, progress=progress, sums=sums).first(self.components)
        scale = axes.values.sqrt()
        white = torch.cat(list(self.coordinates(generator, latents, axes, self.most))) / scale
        model = FastICA(
            whiten=False,  # pyright: ignore[reportArgumentType] - inferred from its default
            max_iter=self.iterations,
            random_state=self.seed,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # said in the origin
            sources = torch.from_numpy(model.fit_transform(white.numpy()))
        readout = torch.from_numpy(model.components_) / scale
        readout = readout / (readout.square() @ axes.values).sqrt()[:, None]  # variance 1 over all codes
        mixing = axes.mixing(readout)
        sigma, sign = mixing.norm(dim=1), sign_of(mixing @ axes.vectors)
        order = sigma.argsort(descending=True, stable=True)
        readout, sigma = (readout * sign)[order], sigma[order]
        figures = {
            "sigma": sigma,
            "explained": sigma.square() / axes.variance,
            "kurtosis": (((sources - sources.mean(0)) / sources.std(0)) ** 4).mean(0)[order] - 3,
        }
        found = self.result(generator, latents, axes, axes.to_codes(readout), readout, figures)
        return Directions(
            found.items,
            found.origin.but(summary={**found.origin.summary, "converged": bool(model.n_iter_ < self.iterations)}),
        )
