"""What guesses of codes have in common: where they are made, what they look at, and how they answer."""

import time
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, Shaped
from torch import Tensor
from torch.nn import functional as F

from latentwalk.generator import Generator
from latentwalk.inverter import Inversion, check_images, mean_square, read_mask
from latentwalk.latents import Latents
from latentwalk.progress import Progress

GUESSED_IN = {"w+": "w", "z+": "z", "s": "w"}
"""Where codes of a space are guessed before they are mapped to it."""


@runtime_checkable
class Guess(Protocol):
    """A way to guess codes from pictures alone. enough: see `Inversion.reached`."""

    @property
    def enough(self) -> float: ...

    def looks(self, masked: bool) -> int:
        """How often a picture is made for one guess, that of the answer included."""
        ...

    def guess(
        self,
        generator: Generator,
        images: Float[Tensor, "n c h w"],
        labels: Shaped[Tensor, "n ..."] | None = None,
        mask: Float[Tensor, "n 1 h w"] | None = None,
        progress: Progress = ...,
    ) -> Latents:
        """Codes of checked pictures, float32."""
        ...


def invert_by_guess(
    how: Guess, generator: Generator, images: Tensor, start: Latents | None, mask: Tensor | None, progress: Progress
) -> Inversion:
    """The guess as the answer. start: only its labels are used. Else as `Inverter.invert` says."""
    since = time.perf_counter()
    targets = check_images(generator, images)
    known = read_mask(mask, targets)
    codes = how.guess(generator, targets, None if start is None else start.labels, known, progress)
    made = generator.render(codes).float()
    losses = mean_square(made - targets, known)
    looks = torch.full((len(codes),), how.looks(known is not None), device=losses.device)
    seconds = time.perf_counter() - since
    return Inversion(codes, made, images, known, losses <= how.enough, losses[None], looks, seconds)


def guessed_in(generator: Generator, space: str) -> str:
    """The space where codes are guessed, from which they are mapped to their own."""
    base = GUESSED_IN.get(space, space)
    return base if base in generator.spaces else space


def classes_of(generator: Generator, latents: Latents) -> Float[Tensor, "n classes"]:
    """Class vectors where the code does not have the class inside; [n, 0] elsewhere. Raises ValueError for none."""
    if latents.space in generator.label_free:
        return latents.values.new_zeros(len(latents), 0)
    return generator.class_vectors(latents)


def shrunk(images: Float[Tensor, "n c h w"], side: int) -> Float[Tensor, "n c h2 w2"]:
    """Copies of at most so many pixels a side; each pixel is the mean of what it covers."""
    return F.adaptive_avg_pool2d(images, small_size(images, side))


def small_size(images: Float[Tensor, "n c h w"], side: int) -> tuple[int, int]:
    """Height and width of copies of at most so many pixels a side."""
    height, width = images.shape[2:]
    scale = min(1.0, side / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))
