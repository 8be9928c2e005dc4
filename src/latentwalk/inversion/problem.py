"""A batch of pictures to be inverted: their codes go in, what is wrong with their pictures comes out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor

from latentwalk.generator import RENDER_PIXELS, Generator
from latentwalk.inverter import Inversion, Perception, check_images, mean_square, read_mask
from latentwalk.latents import Latents
from latentwalk.numerics.lbfgs import Evaluate, Point

BATCH = 32
"""Pictures that are made at once with their gradients, fewer when they are large."""

CHEAP = 128 * 128
"""Pixels of pictures that thousands are made of; of larger ones fewer, as they take longer."""


@dataclass(frozen=True, eq=False)
class Look:
    """What a loss may look at: pictures, their targets and mask (unknown pixels are 0 in both), and their codes."""

    images: Float[Tensor, "k c h w"]
    targets: Float[Tensor, "k c h w"]
    mask: Float[Tensor, "k 1 h w"] | None
    values: Float[Tensor, "k b d"]

    @property
    def mse(self) -> Float[Tensor, "k"]:
        return mean_square(self.images - self.targets, self.mask)


Loss = Callable[[Look], Float[Tensor, "k"]]
"""What is minimised, one number per picture."""


@dataclass(frozen=True, eq=False)
class Problem:
    """Targets of a generator, checked. given: as they came. targets: with unknown pixels set to 0."""

    generator: Generator
    given: Float[Tensor, "n c h w"]
    targets: Float[Tensor, "n c h w"]
    mask: Float[Tensor, "n 1 h w"] | None

    @staticmethod
    def of(generator: Generator, images: Tensor, mask: Tensor | None) -> "Problem":
        """Raises ValueError as `Inverter.invert` says."""
        given = check_images(generator, images)
        known = read_mask(mask, given)
        return Problem(generator, given, given if known is None else torch.where(known > 0, given, 0), known)

    def __len__(self) -> int:
        return len(self.targets)

    def enough(self, level: float, hidden: float) -> Float[Tensor, "n"]:
        """The level of every picture, and its share `hidden` where a mask hides something of the picture."""
        levels = self.targets.new_full((len(self),), level)
        return levels if self.mask is None else torch.where((self.mask > 0).flatten(1).all(1), levels, hidden * levels)

    def check_start(self, start: Latents) -> Latents:
        """Codes to start from, one per picture. Raises ValueError for others."""
        if len(start) != len(self):
            raise ValueError(f"expected a code to start from for each of {len(self)} pictures, got {len(start)}")
        return self.generator.check(start)

    def evaluate(self, codes: Latents, loss: Loss) -> Evaluate:
        """Loss, gradient and mean squared difference at any values of these codes; `codes` has space and labels."""
        size = at_once(self.generator)

        def at(values: Float[Tensor, "k b d"], rows: Int[Tensor, "k"]) -> Point:
            parts = [
                self._look(codes[some], loss, few, some)
                for few, some in zip(values.split(size), rows.split(size), strict=True)
            ]
            return Point(*(torch.cat(column) for column in zip(*parts, strict=True)))

        return at

    def _look(self, codes: Latents, loss: Loss, values: Float[Tensor, "k b d"], rows: Int[Tensor, "k"]) -> Point:
        values = values.detach().clone().requires_grad_()
        with torch.enable_grad():
            shaped = values.reshape(codes.values.shape).to(self.generator.dtype)
            images = self.generator.synthesize(codes.with_values(shaped)).float()
            mask = None if self.mask is None else self.mask[rows]
            images = images if mask is None else torch.where(mask > 0, images, 0)
            look = Look(images, self.targets[rows], mask, values)
            lost = loss(look)
            (slope,) = torch.autograd.grad(lost.sum(), values)
        return Point(lost.detach(), slope, look.mse.detach())

    def inversion(
        self,
        codes: Latents,
        enough: float | Float[Tensor, "n"],
        losses: Float[Tensor, "steps n"],
        evaluations: Int[Tensor, "n"],
        seconds: float,
        by: Sequence[Perception] = (),
    ) -> Inversion:
        """What came of it, on pictures made anew. by: what else measures how far they are from their targets."""
        images = self.generator.render(codes).float()
        reached = mean_square(images - self.given, self.mask) <= enough
        found = Inversion(codes, images, self.given, self.mask, reached, losses, evaluations, seconds)
        return found.measured(by)


def at_once(generator: Generator) -> int:
    """How many pictures are made at once with their gradients."""
    _, height, width = generator.image_shape
    return max(1, min(BATCH, RENDER_PIXELS // (height * width)))


def affordable(generator: Generator, most: int, least: int) -> int:
    """How many pictures to learn from: `most`, in proportion fewer of large ones, but never below `least`."""
    _, height, width = generator.image_shape
    return max(least, min(most, most * CHEAP // (height * width)))


def by_layers(values: Float[Tensor, "n ..."]) -> Float[Tensor, "n b d"]:
    """Codes as blocks of numbers: one per layer where there are layers, else one."""
    return values.reshape(len(values), -1, values.shape[-1])


def joined(first: Float[Tensor, "s n"], then: Float[Tensor, "t k"], rows: Shaped[Tensor, "k"]) -> Float[Tensor, "u n"]:
    """What was seen first and, of some pictures, afterwards; NaN only at the end."""
    columns = [column[~column.isnan()] for column in first.T]
    for row, column in zip(rows.tolist(), then.T, strict=True):
        columns[row] = torch.cat([columns[row], column[~column.isnan()]])
    return torch.nn.utils.rnn.pad_sequence(columns, padding_value=torch.nan)
