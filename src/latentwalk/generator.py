"""What every generator of every family can do: sample codes, map them between spaces, draw them."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Self

import torch
from jaxtyping import Float
from torch import Tensor, nn

from latentwalk.latents import Latents, LatentSpace
from latentwalk.weights import fingerprint

RENDER_BATCH = 64


class Generator(nn.Module, ABC):
    """A trained generator that stays fixed.

    A family fills in `spaces`, `image_shape` and three methods; everything else is shared. After `freeze`
    (every loader calls it) no weight asks for a gradient, while gradients still reach the codes.

    spaces: the latent spaces by name; the first one is where codes are sampled.
    image_shape: (channels, height, width) of one image.
    source: what it was loaded from, for receipts ("faces64" or a path).
    """

    spaces: dict[str, LatentSpace]
    image_shape: tuple[int, int, int]
    source: str = ""

    @abstractmethod
    def map(self, latents: Latents, to: str) -> Latents:
        """The same codes in another space of this generator."""

    @abstractmethod
    def synthesize(self, latents: Latents) -> Float[Tensor, "n c h w"]:
        """Images float32 NCHW RGB in [-1, 1]: a pure, differentiable function of the codes."""

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

    def freeze(self) -> Self:
        """Evaluation mode for good, and no gradient for any weight."""
        self.requires_grad_(False)
        self.train(False)
        self.fingerprint = fingerprint(self.state_dict())
        return self

    def train(self, mode: bool = True) -> Self:  # a fixed generator has no training mode
        return super().train(False)

    def sample(self, seeds: Iterable[int]) -> Latents:
        """Standard normal codes, one per seed: a code depends on its seed alone.

        seeds: integers in [0, 2**63). Returns Latents [n, *input space] on the generator's device.
        """
        shape = self.input_space.shape
        rows = [torch.randn(shape, generator=torch.Generator().manual_seed(check_seed(seed))) for seed in seeds]
        if not rows:
            raise ValueError("expected at least one seed, got none")
        return Latents(torch.stack(rows).to(self.device), self.input_space.name)

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

    @torch.no_grad()
    def render(self, latents: Latents, batch: int = RENDER_BATCH) -> Float[Tensor, "n c h w"]:
        """Images of any number of codes, without gradients, `batch` at a time."""
        self.check(latents)
        if len(latents) == 0:
            return torch.empty(0, *self.image_shape, device=self.device)
        return torch.cat([self.synthesize(part.to(self.device)) for part in latents.split(batch)])


def check_seed(seed: int) -> int:
    if not 0 <= seed < 2**63:
        raise ValueError(f"a seed is an integer from 0 to 2**63 - 1, got {seed}")
    return int(seed)
