"""Where the codes of a generator lie: a walk that leaves w finds pictures that only please the scorer."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.generator import Generator
from latentwalk.numerics.moments import Moments
from latentwalk.samples import sample_codes

SPACES = ("w", "w+")
"""Spaces whose codes come out of a mapping, so that nobody knows by a formula where they lie."""

COUNT, SEED = 2000, 83
"""Codes that it is learned from."""

FLAT = 1e-4
"""Of the mean variance, added to all: directions in which codes hardly vary stay finite."""


@dataclass(frozen=True, eq=False)
class Region:
    """An ellipsoid around the mean of w. whitener: [d, d]; after it codes vary alike in every direction, as in Zhu et
    al., 2020, "Improved StyleGAN embedding". radius: the mean distance of codes from the mean, measured after it.
    """

    mean: Float[Tensor, "d"]
    whitener: Float[Tensor, "d d"]
    radius: float

    @staticmethod
    def of(generator: Generator) -> "Region":
        """That of w, from fresh codes of all classes."""
        labels = torch.arange(generator.classes) if generator.classes else None
        codes = torch.cat([part.values.cpu().double() for part in sample_codes(generator, COUNT, SEED, "w", labels)])
        moments = Moments.over([codes])
        variances, axes = torch.linalg.eigh(moments.covariance)
        whitener = axes / (variances.clamp(min=0) + FLAT * variances.mean()).sqrt()
        distances = ((codes - moments.mean) @ whitener).norm(dim=1)
        like = {"device": generator.device, "dtype": generator.dtype}
        return Region(moments.mean.to(**like), whitener.to(**like), float(distances.mean()))

    def within(self, values: Float[Tensor, "*n d"], bound: float) -> Float[Tensor, "*n d"]:
        """The same codes, those outside of `bound` times the radius drawn towards the mean until they are on it; in w+
        every layer by itself."""
        away = values - self.mean
        distances = (away @ self.whitener).norm(dim=-1, keepdim=True)
        return self.mean + away * (bound * self.radius / distances.clamp(min=1e-12)).clamp(max=1)
