"""Principal components of codes or of a layer's activations (GANSpace, Haerkoenen et al., 2020, section 2).

Sampled codes of w, or the activations of an early layer, vary most along a few axes, and these often mean something.
The components are exact: moments in float64, not the running approximation of incremental PCA.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch

from latentwalk.direction import Directions
from latentwalk.generator import Generator
from latentwalk.methods.decomposition import Decomposition
from latentwalk.numerics.moments import Moments
from latentwalk.numerics.sketch import Sketch
from latentwalk.progress import Progress, silent
from latentwalk.samples import Samples


@dataclass(frozen=True)
class GANSpace(Decomposition):
    """Settings of GANSpace: see `Decomposition`.

    The paper takes a million codes of w for StyleGAN (`layer=None`, samples in w), and for BigGAN the first layer of
    codes of one class; 20 to 128 components.
    """

    name: ClassVar[str] = "ganspace"

    def fit(
        self,
        generator: Generator,
        samples: Samples,
        progress: Progress = silent,
        sums: Moments | Sketch | None = None,
    ) -> Directions:
        """Directions in the space of the samples, those with the largest variance first; scores are not looked at.

        For codes per layer (w+, z+) the directions are of one code (w, z); `on_layers` chooses where they act.
        The unit is the standard deviation of the codes along the vector, 0 is at their mean, and the largest weight of
        each component is positive. `origin.figures` has for each
        sigma: the standard deviation along the component, in the units of the layer;
        explained: its share of the total variance;
        R: with a layer, the multiple correlation of the component with the code: near 0, no direction of the code
        makes this component, however large it is;
        residual: of a sketch, |S v - value v| / value, estimated. `origin.summary` has the share of the variance that
        is missed altogether.
        sums: see `Decomposition.axes`.
        Raises ValueError for a layer that does not exist, and for too few codes or numbers for the components.
        """
        latents = generator.check(samples.latents)
        axes = self.axes(generator, latents, progress=progress, sums=sums).first(self.components)
        readout = torch.eye(self.components, dtype=torch.float64)
        figures = {"sigma": axes.values.sqrt(), "explained": axes.values / axes.variance}
        if axes.residuals is not None:
            figures["residual"] = axes.residuals / axes.values
        return self.result(generator, latents, axes, axes.to_codes(readout), readout, figures)
