"""Windows of pictures that are shifted, turned and scaled, many at once.

A similarity of the plane is a line of complex numbers, y = turn x + shift: what is done after another is a product.
Points are counted from the middle of a window, in its pixels.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Complex, Float
from torch import Tensor
from torch.nn import functional as F

from latentwalk.framing.gradients import CELL

LOOK = 64
"""Pixels of the longer side of a frame as it is looked at here, whatever the size of the generator's pictures."""

EDGE = LOOK / 2
"""How far from the middle a turn and a scale are measured, in pixels: there they move as far as a shift of as much."""


class Motions(NamedTuple):
    """Where the windows of n pictures are: a point x of a window is at turn x + shift of its picture."""

    turn: Complex[Tensor, "n"]
    shift: Complex[Tensor, "n"]

    def after(self, first: "Motions") -> "Motions":
        return Motions(self.turn * first.turn, self.turn * first.shift + self.shift)

    def back(self) -> "Motions":
        return Motions(1 / self.turn, -self.shift / self.turn)

    def numbers(self) -> Float[Tensor, "n 4"]:
        """Growth, turn and shift, all as pixels at the edge of a window."""
        power = self.turn.log() * EDGE
        return torch.stack([power.real, power.imag, self.shift.real, self.shift.imag], 1)

    def matrix(self, index: int) -> Float[np.ndarray, "2 3"]:
        turn, shift = complex(self.turn[index]), complex(self.shift[index])
        return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])

    def pick(self, rows: Tensor) -> "Motions":
        return Motions(self.turn[rows], self.shift[rows])


def motions_of(numbers: Float[Tensor, "n 4"]) -> Motions:
    """The motions with these numbers."""
    numbers = numbers.double()
    power = torch.complex(numbers[:, 0], numbers[:, 1]) / EDGE
    return Motions(power.exp(), torch.complex(numbers[:, 2], numbers[:, 3]))


def random_motions(count: int, growth: float, angle: float, shift: float, random: torch.Generator) -> Motions:
    """Evenly spread up to a factor, to degrees, and to a shift as a share of the frame, each way."""
    most = torch.tensor([math.log(growth) * EDGE, math.radians(angle) * EDGE, shift * LOOK, shift * LOOK])
    return motions_of((2 * torch.rand(count, 4, generator=random) - 1) * most)


def window_size(size: tuple[int, int]) -> tuple[int, int]:
    """Width and height of the window around the middle of a frame: as much of it as whole cells cover."""
    scale = LOOK / max(size)
    width, height = (max(2 * CELL, math.floor(scale * side / CELL + 1e-9) * CELL) for side in size)
    return width, height


def windows(pictures: Float[Tensor, "n c h w"], motions: Motions, size: tuple[int, int]) -> Float[Tensor, "n c y x"]:
    """What n windows of this width and height see of their pictures; outside there is the mirror image."""
    width, height = size
    y = torch.arange(height, dtype=torch.float64) + 0.5 - height / 2
    x = torch.arange(width, dtype=torch.float64) + 0.5 - width / 2
    points = torch.complex(x.expand(height, width), y[:, None].expand(height, width))
    at = motions.turn[:, None, None] * points + motions.shift[:, None, None]
    grid = torch.stack([at.real * 2 / pictures.shape[3], at.imag * 2 / pictures.shape[2]], -1)
    return F.grid_sample(pictures, grid.to(pictures), padding_mode="reflection", align_corners=False)
