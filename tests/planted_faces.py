"""Faces whose landmarks are known: five coloured spots, a generator that draws them, and a detector that finds them."""

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from latentwalk.framing.landmarks import Detector, Face
from latentwalk.generator import Generator
from latentwalk.generators.wrapped import wrap

COLOURS = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1]], dtype=np.float64)
"""Of `LANDMARKS`, in their order."""

SIDE = 32
MEAN = np.array([[10.0, 12.0], [21.0, 12.0], [15.5, 17.0], [11.5, 23.0], [19.5, 23.0]])
"""Where faces have their landmarks on average: symmetric, and not in the middle of the picture."""

WIDE = 1.2
"""Pixels of the generator that a spot is wide."""


def spots(points: np.ndarray, size: tuple[int, int], wide: float = WIDE) -> np.ndarray:
    """uint8 [h, w, 3], black, with the five spots."""
    x, y = np.arange(size[0]) + 0.5, np.arange(size[1]) + 0.5
    levels = np.zeros((size[1], size[0], 3))
    for point, colour in zip(points, COLOURS, strict=True):
        bright = np.exp(-0.5 * ((x[None] - point[0]) ** 2 + (y[:, None] - point[1]) ** 2) / wide**2)
        levels += bright[:, :, None] * colour
    return (levels.clip(0, 1) * 255).round().astype(np.uint8)


class Drawing(nn.Module):
    """z [4] -> 3x32x32: spots at `MEAN`, moved (z0, z1), with a nose to the side (z2), of another size (z3)."""

    def __init__(self) -> None:
        super().__init__()
        self.mean = nn.Parameter(torch.tensor(MEAN, dtype=torch.float32))
        self.colours = nn.Parameter(torch.tensor(COLOURS, dtype=torch.float32))

    def forward(self, z: Tensor) -> Tensor:
        middle = self.mean.mean(0)
        points = middle + (self.mean - middle) * (1 + 0.04 * z[:, 3, None, None]) + 0.5 * z[:, None, :2]
        nose = torch.zeros_like(points)
        nose[:, 2, 0] = z[:, 2]
        at = torch.arange(SIDE, device=z.device) + 0.5
        x, y = (points + nose).unbind(2)
        across = (-0.5 * (at - x[:, :, None]).square() / WIDE**2).exp()
        down = (-0.5 * (at - y[:, :, None]).square() / WIDE**2).exp()
        return 2 * torch.einsum("nph,npw,pc->nchw", down, across, self.colours).clamp(0, 1) - 1


class Blank(nn.Module):
    """z [4] -> channels x 32 x 32 without any face."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.grey = nn.Parameter(torch.zeros(channels, SIDE, SIDE))

    def forward(self, z: Tensor) -> Tensor:
        return (self.grey + 0.01 * z[:, :1, None, None]).clamp(-1, 1)


def faces_generator() -> Generator:
    return wrap(Drawing(), 4)


def blank_generator(channels: int = 3) -> Generator:
    return wrap(Blank(channels), 4)


class SpotDetector(Detector):
    """Finds the spots by their colours; needs no weights."""

    def __init__(self) -> None:
        self.looks = 0

    def glimpses(self, picture: Image.Image) -> list[Face]:
        return self.look(picture)

    def look(self, picture: Image.Image) -> list[Face]:
        self.looks += 1
        step = max(1, max(picture.size) // 64)
        levels = np.asarray(picture.reduce(step)).astype(np.float64) / 255
        points = []
        for colour in COLOURS:
            on, off = levels[:, :, colour == 1].min(2), levels[:, :, colour == 0].max(2)
            bright = (on - off).clip(0)
            if bright.max(initial=0.0) < 0.3:
                return []
            weight = np.where(bright > bright.max() / 2, bright, 0)
            y, x = (np.indices(bright.shape) + 0.5) * step
            points.append([(x * weight).sum() / weight.sum(), (y * weight).sum() / weight.sum()])
        found = np.array(points)
        across, down = found[1] - found[0], found[3:].mean(0) - found[:2].mean(0)
        if across[0] * down[1] < across[1] * down[0]:  # a mirror image: left and right are those of the picture
            found = found[[1, 0, 2, 4, 3]]
        (left, top), (right, bottom) = found.min(0), found.max(0)
        upright = down[1] > abs(down[0])
        return [Face(found, (left, top, right - left, bottom - top), 0.9 if upright else 0.7)]
