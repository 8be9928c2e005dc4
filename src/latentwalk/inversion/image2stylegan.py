"""Image2StyleGAN (Abdal, Qin and Wonka, 2019): Adam in W+ on pixels and on features of several layers.

From the mean w, with the loss of equations 1 and 2: the mean squared difference of the pixels and those of the
activations. Their network is VGG-16; any that is handed in does here. Noise maps are left as they are: what they add is
no part of the code. `noise.NoiseMaps` fits them afterwards, to codes that stay.
"""

import time
from dataclasses import dataclass

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from latentwalk.generator import Generator, normal_codes
from latentwalk.inversion.problem import Look, Loss, Problem, by_layers
from latentwalk.inversion.spaces import chosen_space, spread_of, to_space
from latentwalk.inverter import ENOUGH, Inversion, Perception
from latentwalk.latents import Latents
from latentwalk.numerics.lbfgs import Evaluate
from latentwalk.progress import Progress, silent

FIRST, SECOND, TINY = 0.9, 0.999, 1e-8
"""Adam's decay rates and epsilon (Kingma and Ba, 2015)."""

SEED = 0
"""Of the code that all pictures start from where there is no mean one."""


@dataclass(frozen=True)
class Image2StyleGAN:
    """Settings, by themselves those of the paper but for the number of steps, which are 5000 there.

    space: w+ by itself, or the usual one where there is none. features: what compares pictures beside pixels; without
    any, pixels alone. steps: evaluations of a picture at most. rate: of Adam.
    enough: mean squared difference at which a picture is done; 0 takes all steps.
    """

    space: str | None = None
    features: Perception | None = None
    steps: int = 1000
    rate: float = 0.01
    enough: float = ENOUGH

    def __post_init__(self) -> None:
        if self.steps < 1 or self.rate <= 0 or self.enough < 0:
            raise ValueError(f"expected at least one step, a positive rate and no negative enough, got {self}")

    def invert(
        self,
        generator: Generator,
        images: Float[Tensor, "n c h w"],
        start: Latents | None = None,
        mask: Shaped[Tensor, "..."] | None = None,
        progress: Progress = silent,
    ) -> Inversion:
        """As `Inverter.invert` says. Also raises ValueError where codes need classes and `start` has none."""
        since = time.perf_counter()
        problem = Problem.of(generator, images, mask)
        space = chosen_space(generator, self.space or ("w+" if "w+" in generator.spaces else None))
        codes = self._start(problem, space, start)
        evaluate = problem.evaluate(codes, perceptual(self.features))
        values, trace = self._follow(evaluate, by_layers(codes.values), progress)
        end = codes.with_values(values.reshape(codes.values.shape))
        looks, by = (~trace.isnan()).sum(0), () if self.features is None else (self.features,)
        return problem.inversion(end, self.enough, trace, looks, time.perf_counter() - since, by)

    def _start(self, problem: Problem, space: str, start: Latents | None) -> Latents:
        """The codes that are given, or the mean one; where codes are sampled that is none, so there it is a sample."""
        generator = problem.generator
        if start is not None:
            return to_space(generator, problem.check_start(start), space)
        shape = generator.spaces[space].shape
        if space in ("z", "z+"):
            first = normal_codes([SEED], shape).to(problem.targets)
        else:
            first = spread_of(generator, space)[0].reshape(shape)
        return generator.check(Latents(first.expand(len(problem), *shape).clone(), space))

    def _follow(
        self, evaluate: Evaluate, values: Float[Tensor, "n b d"], progress: Progress
    ) -> tuple[Float[Tensor, "n b d"], Float[Tensor, "steps n"]]:
        """Adam, every picture by itself. Returns the values with the least loss, and what was seen there so far."""
        values = values.clone()
        best, least = values.clone(), values.new_full((len(values),), torch.inf)
        mean, square = torch.zeros_like(values), torch.zeros_like(values)
        figure, trace = torch.full_like(least, torch.inf), []
        for step in range(1, self.steps + 1):
            going = figure > self.enough
            rows = torch.nonzero(going)[:, 0]
            if not len(rows):
                break
            point = evaluate(values[rows], rows)
            lower = rows[point.loss < least[rows]]
            better = point.loss < least[rows]
            best[lower], least[lower], figure[lower] = values[lower], point.loss[better], point.figure[better]
            trace.append(torch.where(going, figure, torch.nan))
            mean[rows] = FIRST * mean[rows] + (1 - FIRST) * point.slope
            square[rows] = SECOND * square[rows] + (1 - SECOND) * point.slope.square()
            scale = (square[rows] / (1 - SECOND**step)).sqrt() + TINY
            values[rows] -= self.rate * mean[rows] / (1 - FIRST**step) / scale
            progress("following pixels and features", step, self.steps)
        return best, torch.stack(trace)


def perceptual(features: Perception | None) -> Loss:
    """Mean squared differences of pixels and of every layer's activations, added up."""

    def loss(look: Look) -> Float[Tensor, "k"]:
        if features is None:
            return look.mse
        pairs = zip(features.maps(look.images), features.maps(look.targets), strict=True)
        apart = [(made - wanted).square().flatten(1).mean(1) for made, wanted in pairs]
        return look.mse + torch.stack(apart).sum(0)

    return loss
