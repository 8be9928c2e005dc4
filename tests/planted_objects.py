"""Objects that are no faces, in known places: a generator that draws cars, and photographs with one of them."""

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from latentwalk.generator import Generator
from latentwalk.generators.wrapped import wrap
from latentwalk.numerics.similarity import inverse, move, similarity

SIDE, SIZE = 32, 12
"""Pixels of the generator's pictures, numbers of its codes."""


def cars(z: Tensor, x: Tensor, y: Tensor, ground: Tensor | None = None) -> Tensor:
    """Colours [n, 3, ...] in [-1, 1] of codes [n, 12] at points x, y of the frame, which spans 0 to 1.

    A body, a cabin on it, somewhat to the left, and two wheels, before waves or a ground of one's own [n, 3, ...].
    """
    z = z.view(*z.shape, *[1] * x.dim())
    colour = [torch.sigmoid(2 * z[:, start : start + 3]) for start in (0, 3)]
    soft = lambda inside: torch.sigmoid(80 * inside)[:, None]  # noqa: E731
    box = lambda left, top, right, bottom: torch.minimum(  # noqa: E731
        torch.minimum(x - left, right - x), torch.minimum(y - top, bottom - y)
    )
    waves = 0.5 + 0.2 * torch.sin(9 * x * z[:, 6] + 7 * y * z[:, 7] + 3 * z[:, 8])
    picture = waves[:, None].expand(-1, 3, *x.shape) if ground is None else ground
    roof = 0.27 + 0.03 * z[:, 9].clamp(-2, 2)
    parts = [
        (box(0.22 + 0 * roof, roof, 0.62 + 0.02 * z[:, 10], 0.5 + 0 * roof), colour[0]),
        (box(0.1 + 0 * roof, 0.46 + 0 * roof, 0.9 + 0 * roof, 0.7 + 0 * roof), colour[1]),
        *((0.1 + 0.01 * z[:, 11] - ((x - at) ** 2 + (y - 0.72) ** 2).sqrt(), 0.05) for at in (0.28, 0.72)),
    ]
    for inside, paint in parts:
        picture = picture + soft(inside) * (paint - picture)
    return 2 * picture.clamp(0, 1) - 1


class Cars(nn.Module):
    """z [12] -> 3x32x32."""

    def __init__(self) -> None:
        super().__init__()
        self.at = nn.Parameter((torch.arange(SIDE) + 0.5) / SIDE)

    def forward(self, z: Tensor) -> Tensor:
        return cars(z, self.at.expand(SIDE, SIDE), self.at[:, None].expand(SIDE, SIDE))


class Waves(nn.Module):
    """z [12] -> 3x32x32: texture that is the same wherever the frame is."""

    def __init__(self) -> None:
        super().__init__()
        self.at = nn.Parameter((torch.arange(SIDE) + 0.5) / SIDE)

    def forward(self, z: Tensor) -> Tensor:
        z = z[:, :, None, None, None]
        return torch.sin(20 * (z[:, 0:3] * self.at + z[:, 3:6] * self.at[:, None]) + 9 * z[:, 6:9])[:, :, 0]


def cars_generator() -> Generator:
    return wrap(Cars(), SIZE)


def waves_generator() -> Generator:
    return wrap(Waves(), SIZE)


def cluttered(size: tuple[int, int], seed: int) -> np.ndarray:
    """[h, w, 3] in [0, 1]: clouds of every size."""
    random = np.random.default_rng(seed)
    levels = np.zeros((size[1], size[0], 3))
    for cells in (3, 6, 12, 24):
        grid = Image.fromarray((255 * random.random((cells, cells, 3))).astype(np.uint8))
        levels += np.asarray(grid.resize(size, Image.Resampling.BICUBIC)) / 255 / 4
    return levels


def planted_car(
    seed: int, scale: float, angle: float, middle: tuple[float, float], size: tuple[int, int] = (320, 240)
) -> tuple[Image.Image, np.ndarray]:
    """A photograph of a car before clouds, and the way from the generator's pixels to its own."""
    out = similarity(scale, angle, (SIDE / 2, SIDE / 2), middle)
    points = np.stack(np.meshgrid(np.arange(size[0]) + 0.5, np.arange(size[1]) + 0.5), -1)
    x, y = torch.from_numpy(move(inverse(out), points) / SIDE).unbind(-1)
    z = torch.randn(1, SIZE, generator=torch.Generator().manual_seed(seed)).double()
    ground = torch.from_numpy(cluttered(size, seed)).permute(2, 0, 1)[None]
    levels = cars(z, x, y, ground)[0].permute(1, 2, 0)
    return Image.fromarray(((levels + 1) * 127.5).round().numpy().astype(np.uint8)), out
