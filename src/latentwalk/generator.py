"""What every generator of every family can do: sample codes, map them between spaces, draw them."""

import operator
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import SupportsIndex

import torch
from jaxtyping import Float
from torch import Tensor, nn

from latentwalk.latents import Latents, LatentSpace
from latentwalk.weights import fingerprint

RENDER_BATCH = 64
"""Codes drawn at once: enough to fill the processor, few enough that the activations of a batch fit in memory."""


class Generator(nn.Module, ABC):
    """A trained generator that stays fixed.

    A family fills in `spaces`, `image_shape` and three methods; everything else is shared. After `freeze`
    (every loader calls it) no weight asks for a gradient, while gradients still reach the codes.

    spaces: the latent spaces by name; the first one is where codes are sampled.
    image_shape: (channels, height, width) of one image.
    source: what it was loaded from, for receipts ("faces64" or a path).
    fingerprint: sixteen hex digits that tell this network from others, whatever file or device it came from or is on.
    """

    spaces: dict[str, LatentSpace]
    image_shape: tuple[int, int, int]
    source: str = ""
    fingerprint: str = ""

    @abstractmethod
    def map(self, latents: Latents, to: str) -> Latents:
        """The same codes in another space of this generator."""

    @abstractmethod
    def synthesize(self, latents: Latents) -> Float[Tensor, "n c h w"]:
        """Images NCHW RGB in [-1, 1], of the weights' type: a pure, differentiable function of the codes."""

    @abstractmethod
    def entry_weights(self, space: str) -> dict[str, Float[Tensor, "out d"]]:
        """The first affine maps that codes of a space meet, by layer name (SeFa's A, one row per output)."""

    @property
    @abstractmethod
    def layer_names(self) -> tuple[str, ...]:
        """Submodules whose activations are worth reading, from the code to the image."""

    @property
    def input_space(self) -> LatentSpace:
        """The space in which codes are sampled."""
        return next(iter(self.spaces.values()))

    @property
    def device(self) -> torch.device:
        return next(self.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        """The type of the weights: codes are sampled and pictures drawn in it."""
        return next(self.parameters()).dtype

    def freeze(self) -> "Generator":
        """Evaluation mode for good, no gradient for any weight, and the fingerprint of the weights as they are now."""
        self.requires_grad_(False)
        self.train(False)
        self.fingerprint = fingerprint(self.state_dict())
        return self

    def train(self, mode: bool = True) -> "Generator":  # a fixed generator has no training mode
        return super().train(False)

    def sample(self, seeds: Iterable[SupportsIndex]) -> Latents:
        """Standard normal codes, one per seed: a code depends on its seed alone.

        seeds: integers in [0, 2**63). Returns Latents [n, *input space] on the generator's device.
        Raises ValueError for anything else, and when there are none.
        """
        space, chosen = self.input_space, [check_seed(seed) for seed in seeds]
        if not chosen:
            raise ValueError("expected at least one seed, got none")
        rows = [torch.randn(space.shape, generator=torch.Generator().manual_seed(seed)) for seed in chosen]
        return Latents(torch.stack(rows), space.name, seeds=torch.tensor(chosen)).to(self.device, self.dtype)

    def check(self, latents: Latents) -> Latents:
        """The codes, once their space and shape are ones this generator has. Raises ValueError."""
        space = self.spaces.get(latents.space)
        if space is None:
            raise ValueError(f"this generator has the spaces {list(self.spaces)}, got codes of {latents.space!r}")
        if tuple(latents.values.shape[1:]) != space.shape:
            raise ValueError(
                f"a {space.name} code of this generator has the shape {list(space.shape)}, "
                f"got {list(latents.values.shape[1:])}"
            )
        return latents

    @torch.no_grad()  # not inference mode: who draws a picture may ask a scorer for its gradient afterwards
    def render(self, latents: Latents, batch: int = RENDER_BATCH) -> Float[Tensor, "n c h w"]:
        """Images of any number of codes, without gradients, `batch` at a time, on the generator's device."""
        self.check(latents)
        images = torch.empty(len(latents), *self.image_shape, device=self.device, dtype=self.dtype)
        start = 0
        for part in latents.split(batch):
            images[start : start + len(part)] = self.synthesize(part.to(self.device, self.dtype))
            start += len(part)
        return images


def check_seed(seed: object) -> int:
    """The seed as an int. Raises ValueError when it is not an integer in [0, 2**63)."""
    try:
        number = operator.index(seed)  # pyright: ignore[reportArgumentType] - that is the question
    except TypeError:
        number = -1
    if not 0 <= number < 2**63:
        raise ValueError(f"a seed is an integer from 0 to 2**63 - 1, got {seed!r}")
    return number
