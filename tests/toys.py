"""Planted truth: a generator and scorers whose semantic directions are known in closed form.

A code z [16] has the coordinates c = AXES.T @ z along sixteen known orthonormal axes. Coordinate k paints the pattern
k: one of the six lowest cosine waves in one of the three colours. Coordinates 0, 1 and 2 are the mean red, green and
blue, and these are all that the scorers see. So everything is linear with no squashing at all:

    image = PATTERNS @ c          |pixel| <= 0.05 sqrt(6) |z|, inside [-1, 1] for every |z| <= 8 (a normal code has 4)
    logits = GAIN * mixing @ c[:3] + BIAS

and the gradient of a logit is the same everywhere: a row of `mixing` in the first three axes.

The entry layer is w = diag(SPREAD) AXES.T z: its right singular vectors are the axes, in order, for closed-form and
principal-component methods alike.
"""

import math

import torch
from torch import Tensor, nn

from latentwalk.direction import Direction, Directions
from latentwalk.generator import Generator
from latentwalk.latents import Latents, LatentSpace
from latentwalk.options import NEUTRAL, RenderOptions
from latentwalk.stages import Stage

SIZE, SIDE = 16, 8
AMPLITUDE = 0.05
"""What one unit of a coordinate adds to the brightest pixel of its pattern."""

GAIN = 2.0
ATTRIBUTES = ("one", "two", "three")
BIAS = torch.tensor([0.0, 0.6, -0.6])
"""Logits of the code 0."""

SPREAD = torch.linspace(2.0, 0.5, SIZE)
AXES = torch.linalg.qr(torch.randn(SIZE, SIZE, generator=torch.Generator().manual_seed(7), dtype=torch.float64))[
    0
].float()
"""[16, 16], the true directions as columns: column k changes coordinate k alone."""

ENTANGLED = torch.tensor([[1.0, 0.0, 0.0], [0.6, 0.8, 0.0], [0.6, 0.0, 0.8]])
"""Unit rows that are not orthogonal: whoever changes "one" changes the others too."""


def _patterns() -> Tensor:
    """[3 * 8 * 8, 16]: pattern k has colour k % 3 and the wave k // 3."""
    place = (torch.arange(SIDE) + 0.5) * math.pi / SIDE
    waves = [
        torch.outer((v * place).cos(), (h * place).cos()) for v, h in ((0, 0), (0, 1), (1, 0), (1, 1), (0, 2), (2, 0))
    ]
    patterns = torch.zeros(SIZE, 3, SIDE, SIDE)
    for k in range(SIZE):
        patterns[k, k % 3] = AMPLITUDE * waves[k // 3]
    return patterns.flatten(1).T


class ToyGenerator(Generator):
    """z [16] -> 3x8x8, linear: `entry` turns and stretches the code, `picture` paints it."""

    option_names = frozenset()

    def __init__(self) -> None:
        super().__init__()
        self.spaces = {"z": LatentSpace("z", (SIZE,))}
        self.image_shape = (3, SIDE, SIDE)
        self.entry = nn.Linear(SIZE, SIZE, bias=False)
        self.picture = nn.Linear(SIZE, 3 * SIDE * SIDE, bias=False)
        self.entry.weight.data = SPREAD[:, None] * AXES.T
        self.picture.weight.data = _patterns() / SPREAD
        self.source = "toy"
        self.freeze()

    @property
    def layer_names(self) -> tuple[str, ...]:
        return ("entry", "picture")

    def map(self, latents: Latents, to: str, options: RenderOptions = NEUTRAL) -> Latents:
        self.check_space(to)
        self.check_options(options)
        return self.check(latents)

    def stages(self, latents: Latents, options: RenderOptions) -> list[Stage]:
        z = latents.values
        return [Stage((z,), lambda _: self.picture(self.entry(z)).view(-1, *self.image_shape))]

    def entry_weights(self, space: str) -> dict[str, Tensor]:
        self.check_space(space)
        return {"entry": self.entry.weight.detach()}


class ToyScorer:
    """Images of the toy -> logits that are linear in the mean colours, and hence in z.

    directions: the truth, one direction per attribute with the boundary at logit 0.
    """

    def __init__(self, entangled: bool = False) -> None:
        self.attributes = ATTRIBUTES
        self.mixing = ENTANGLED if entangled else torch.eye(3)
        self.source = "toy-entangled" if entangled else "toy"

    def __call__(self, images: Tensor, /) -> Tensor:
        coordinates = images.mean((2, 3)) / AMPLITUDE
        return GAIN * coordinates @ self.mixing.T.to(images) + BIAS.to(images)

    @property
    def directions(self) -> Directions:
        vectors = self.mixing @ AXES[:, :3].T
        return Directions(
            tuple(
                Direction(name, vector, offset=float(bias) / GAIN)
                for name, vector, bias in zip(self.attributes, vectors, BIAS, strict=True)
            )
        )


class BlindScorer(ToyScorer):
    """The same logits, and no gradient."""

    def __call__(self, images: Tensor, /) -> Tensor:
        return super().__call__(images.detach())
