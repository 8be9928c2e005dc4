"""How usual a code is: how far out it lies, against the codes that its generator is made for.

Pictures of codes far outside of them are broken: slides of 8 standard deviations are told from slides of 1 with an AUC
of 1.00 (faces64) and .99 (avatars64). `realism` looks at pictures as well, and also knows those that break inside.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.direction import PER_LAYER
from latentwalk.generator import Generator
from latentwalk.latents import Latents
from latentwalk.numerics.moments import Moments
from latentwalk.samples import class_numbers, sample_codes

LEARNED, MEASURED, SEED = 2000, 500, 84
"""Codes that the shape is learned from; others that say how far out codes are. Their seed."""

FLAT = 1e-4
"""Of the mean variance, added to all: directions in which codes hardly vary stay finite."""

BREAKS = 0.1
"""Likeness below which pictures are broken, not only unusual."""

OUTSIDE = 4.0
"""Standard deviations farther out than the mean sample at which nothing is left of being usual."""


@dataclass(frozen=True, eq=False)
class Crowd:
    """Rows of numbers, such as codes. mean [d], whitener [d, d]: after it they vary alike in every direction. usual,
    spread: mean and standard deviation of their distance from the mean then."""

    mean: Float[Tensor, "d"]
    whitener: Float[Tensor, "d d"]
    usual: float
    spread: float

    @staticmethod
    def of(generator: Generator, space: str) -> "Crowd":
        """Normal codes by their formula; mapped ones from samples of all classes. Of w+ it is that of w, of z+ of z."""
        space = space.removesuffix(PER_LAYER) if space.removesuffix(PER_LAYER) in generator.spaces else space
        if space == "z":
            return _normal(generator.spaces[space].size)
        parts = sample_codes(generator, LEARNED + MEASURED, SEED, space, class_numbers(generator))
        codes = torch.cat([part.values.flatten(1).cpu() for part in parts])
        # Correlations are believed where codes are many against their numbers.
        return Crowd.learned(codes[:LEARNED], codes[LEARNED:], correlated=space == "w")

    @staticmethod
    def learned(shape: Float[Tensor, "n d"], others: Float[Tensor, "m d"], correlated: bool = True) -> "Crowd":
        """The shape of some rows, and how far out others lie. correlated: whether columns belong together."""
        moments = Moments.of(shape)
        covariance = moments.covariance if correlated else moments.covariance.diagonal().diag()
        variances, axes = torch.linalg.eigh(covariance)
        whitener = axes / (variances.clamp(min=0) + max(FLAT * float(variances.mean()), 1e-12)).sqrt()
        distances = ((others.detach().cpu().double() - moments.mean) @ whitener).norm(dim=1)
        spread = max(float(distances.std()), 1e-12)
        return Crowd(moments.mean.float(), whitener.float(), float(distances.mean()), spread)

    def beyond(self, codes: Float[Tensor, "n ..."]) -> Float[Tensor, "n"]:
        """How many standard deviations farther out than the mean sample each code is, on the CPU.

        Of codes per layer the root mean square counts.
        """
        rows = codes.detach().cpu().float().reshape(len(codes), -1, len(self.mean))
        distance = ((rows - self.mean) @ self.whitener).square().sum(2).mean(1).sqrt()
        return (distance - self.usual) / self.spread

    def likeness(self, code: Latents) -> float:
        """1 for a code [1, ...] no farther out than the mean sample, 0 from `OUTSIDE` deviations farther on."""
        return 1 - min(1.0, max(0.0, float(self.beyond(code.values)[0]) / OUTSIDE))


def _normal(size: int) -> Crowd:
    """The length of a normal code is chi distributed."""
    usual = math.sqrt(2) * math.exp(math.lgamma((size + 1) / 2) - math.lgamma(size / 2))
    return Crowd(torch.zeros(size), torch.eye(size), usual, math.sqrt(size - usual**2))
