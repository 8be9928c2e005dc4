"""Follow the pixels: L-BFGS from the ridge's guess, with the mean Hessian of the generator as its first metric.

What is minimised is m + prior p m^2 / (m^2 + e^2), with m the mean squared difference of the pixels and p the mean
square of the code, 1 on average for codes that were sampled. For photographs, whose m stays well above e, that is the
usual prior, which keeps codes where edits work. For a picture that the generator can make the prior fades with m, so
the code is found exactly.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor

from latentwalk.generator import Generator
from latentwalk.inversion.guess import guessed_in
from latentwalk.inversion.metric import inverse_hessian, metric
from latentwalk.inversion.problem import Look, Loss, Problem, by_layers, joined
from latentwalk.inversion.ridge import Ridge
from latentwalk.inversion.spaces import chosen_space, spread_of, to_space
from latentwalk.inverter import ENOUGH, Inversion, Perception, Term
from latentwalk.latents import Latents, concatenate
from latentwalk.numerics.lbfgs import Evaluate, Minimum, minimise
from latentwalk.progress import Progress, silent

FADES = 0.015
"""The e above: the mean squared difference at which half of the prior is left."""

TRIAL = 12
"""Evaluations of every class before one is chosen."""

PIXEL_STEPS, FEATURE_STEPS = 80, 40
"""Evaluations by pixels before it is asked which pictures are stuck, and by features that get those on."""

HIDDEN = 0.5
"""Of what is enough, where a mask hides a part of a picture: it is farther off than what is seen."""

STUCK = 5
"""Times what is enough: pictures that are nearer only need more of the same."""


@dataclass(frozen=True)
class Optimize:
    """Settings of the optimisation.

    space: where codes are wanted; w by itself, or where codes are sampled if there is none.
    enough: mean squared difference at which a picture is reached and done; half of it where a mask hides something.
    prior: weight of the mean square of the code, in numbers of which sampled ones have the standard deviation 1.
    budget: evaluations of one picture at most, those of classes not counted. memory: steps of L-BFGS that are kept.
    features: what gets pictures on that are stuck; without them all is spent on pixels.
    beside: what else counts from the first step to the last, such as likeness to a face. What was optimised for says
    little of how good the code is: judge by something else.
    probes: of the generator's mean Hessian, see `metric`. ridge: the first guess.
    """

    space: str | None = None
    enough: float = ENOUGH
    prior: float = 0.01
    budget: int = 300
    memory: int = 20
    features: Perception | None = None
    probes: int | None = None
    ridge: Ridge = field(default_factory=Ridge)
    beside: tuple[Term, ...] = ()

    def __post_init__(self) -> None:
        counts = (self.budget, self.memory, 1 if self.probes is None else self.probes)
        if min(counts) < 1 or min(self.enough, self.prior) < 0:
            raise ValueError(
                f"expected a budget, a memory and probes of 1 or more, no negative enough or prior, got {self}"
            )

    def invert(
        self,
        generator: Generator,
        images: Float[Tensor, "n c h w"],
        start: Latents | None = None,
        mask: Shaped[Tensor, "..."] | None = None,
        progress: Progress = silent,
        watch: Callable[[Latents], None] = lambda _codes: None,
    ) -> Inversion:
        """As `Inverter.invert` says. Pictures that are done leave the batch.

        watch: hears the codes of the pictures that are worked on, after the guess and after every evaluation.

        Who else is in it changes rounding alone; but fifty steps magnify that, so in directions that a picture hardly
        shows the codes may differ (by 0.1 to 0.4 on faces64), while both make the picture as well.
        Without labels every class is tried. Codes of z+ begin where those of z come to.
        """
        since = time.perf_counter()
        problem = Problem.of(generator, images, mask)
        space = chosen_space(generator, self.space)
        codes, spent = self._start(problem, space, start, progress)
        inverse = inverse_hessian(metric(generator, space, self.probes, progress), self.prior / codes.values[0].numel())
        enough = problem.enough(self.enough, HIDDEN)
        watch(codes)
        by_pixels = problem.evaluate(codes, summed(pixels(generator, space, self.prior), self.beside))

        def follow(evaluate: Evaluate, values: Tensor, rows: Tensor, budget: int) -> Minimum:
            """Some pictures, from some values."""
            return minimise(
                lambda some, numbers: evaluate(some, rows[numbers]),
                values[rows],
                inverse,
                enough[rows],
                budget,
                self.memory,
                tell=partial(progress, "inverting"),
                watch=lambda some: watch(codes[rows].with_values(some.reshape(codes.values[rows].shape))),
            )

        # 1. Pixels, all pictures at once.
        values, first = by_layers(codes.values), self.budget if self.features is None else PIXEL_STEPS
        found = follow(by_pixels, values, torch.arange(len(problem), device=values.device), min(first, self.budget))
        values, trace, looks = found.values, found.trace, found.evaluations
        left = self.budget - first - FEATURE_STEPS
        late = torch.nonzero(found.figures > enough)[:, 0]
        if self.features is not None and left > 0 and len(late):
            # 2. What is far off by now is stuck: it goes on by features.
            begin, stuck = values.clone(), late[(found.figures > STUCK * enough)[late]]
            if len(stuck):
                seen = follow(problem.evaluate(codes, alike(self.features)), values, stuck, FEATURE_STEPS)
                begin[stuck], trace = seen.values, joined(trace, seen.trace, stuck)
                looks[stuck] += seen.evaluations
            # 3. And pixels again, for all that are late. The better of both ends counts.
            again = follow(by_pixels, begin, late, left)
            better = again.losses < found.losses[late]
            values[late[better]], trace = again.values[better], joined(trace, again.trace, late)
            looks[late] += again.evaluations
        end = codes.with_values(values.reshape(codes.values.shape))
        by = [term.seen for term in self.beside]
        return problem.inversion(end, enough, trace, looks + spent, time.perf_counter() - since, by)

    def _start(
        self, problem: Problem, space: str, start: Latents | None, progress: Progress
    ) -> tuple[Latents, Int[Tensor, "n"]]:
        """Codes to begin with, and what they cost."""
        generator = problem.generator
        none = torch.zeros(len(problem), dtype=torch.long, device=problem.targets.device)
        if start is not None:
            return to_space(generator, problem.check_start(start), space), none
        base = guessed_in(generator, space)
        guess = replace(self.ridge, space=base)
        if generator.classes and base not in generator.label_free:
            codes, cost = self._choose_classes(problem, guess, progress)
        else:
            codes, cost = guess.guess(generator, problem.targets, None, problem.mask, progress), none
        if space == "z+":  # from where z comes to
            found = replace(self, space=base).invert(generator, problem.given, codes, problem.mask, progress)
            codes, cost = found.latents, cost + found.evaluations
        return to_space(generator, codes, space), cost

    def _choose_classes(self, problem: Problem, guess: Ridge, progress: Progress) -> tuple[Latents, Int[Tensor, "n"]]:
        """Codes with the class whose picture comes nearest in a few evaluations."""
        generator, n = problem.generator, len(problem)
        inverse = inverse_hessian(metric(generator, str(guess.space), self.probes, progress))
        loss = pixels(generator, str(guess.space), self.prior)
        tried, losses = [], []
        for number in range(generator.classes):
            labels = torch.full((n,), number, device=problem.targets.device)
            codes = guess.guess(generator, problem.targets, labels, problem.mask, progress)
            found = minimise(problem.evaluate(codes, loss), by_layers(codes.values), inverse, 0, TRIAL, self.memory)
            tried.append(codes.with_values(found.values.reshape(codes.values.shape)))
            losses.append(found.losses)
            progress("trying classes", number + 1, generator.classes)
        best = torch.stack(losses).argmin(0)
        chosen = concatenate([tried[int(number)][i] for i, number in enumerate(best)])
        return chosen, torch.full((n,), TRIAL * generator.classes, device=best.device)


def pixels(generator: Generator, space: str, prior: float) -> Loss:
    """The loss at the head of this file."""
    centre, spread = spread_of(generator, space) if prior else (0.0, 1.0)

    def loss(look: Look) -> Float[Tensor, "k"]:
        m = look.mse
        p = ((look.values - centre) / spread).square().mean((1, 2))
        return m + prior * p * m.square() / (m.square() + FADES**2)

    return loss


def summed(loss: Loss, beside: Sequence[Term]) -> Loss:
    """A loss and further terms."""
    if not beside:
        return loss

    def total(look: Look) -> Float[Tensor, "k"]:
        parts = [term.weight * alike(term.seen)(look) for term in beside]
        return loss(look) + torch.stack(parts).sum(0)

    return total


def alike(features: Perception) -> Loss:
    """How far pictures are from their targets by features."""
    return lambda look: features.distance(features.maps(look.images), features.maps(look.targets))
