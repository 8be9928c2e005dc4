"""Changes to a picture that must not change its attributes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Augmentation:
    """Settings of the augmentation; every amount is the largest one, chosen uniformly per picture.

    shift: of the width. scale: relative. angle: degrees. light, tint: of the range [-1, 1], for all channels and for
    each. noise: standard deviation. mirror: whether half of the pictures are flipped.
    """

    shift: float = 0.06
    scale: float = 0.1
    angle: float = 8.0
    light: float = 0.06
    tint: float = 0.02
    noise: float = 0.12
    mirror: bool = True


def augment(images: Float[Tensor, "n c h w"], how: Augmentation) -> tuple[Float[Tensor, "n c h w"], Float[Tensor, "n"]]:
    """Changed images, and 1.0 where a picture was mirrored. Uses torch's global random state."""
    n = len(images)

    def uniform(most: float, *shape: int) -> Tensor:
        return (torch.rand(n, *shape, device=images.device) * 2 - 1) * most

    flipped = (torch.rand(n, device=images.device) < 0.5).float() * float(how.mirror)
    angle, scale = uniform(math.radians(how.angle)), 1 + uniform(how.scale)
    across = scale * (1 - 2 * flipped)
    rows = torch.stack(
        [
            torch.stack([across * angle.cos(), -scale * angle.sin(), uniform(2 * how.shift)], 1),
            torch.stack([across * angle.sin(), scale * angle.cos(), uniform(2 * how.shift)], 1),
        ],
        1,
    )
    grid = F.affine_grid(rows, list(images.shape), align_corners=False)
    moved = F.grid_sample(images, grid, padding_mode="reflection", align_corners=False)
    lit = (
        moved * (1 + uniform(how.light, 1, 1, 1))
        + uniform(how.light, 1, 1, 1)
        + uniform(how.tint, images.shape[1], 1, 1)
    )
    noise = torch.rand(n, 1, 1, 1, device=images.device) * how.noise
    return lit + torch.randn_like(lit) * noise, flipped


def mirror_columns(attributes: Sequence[str]) -> list[int]:
    """For each attribute, the one that a mirrored picture has instead: "..._left" and "..._right" change places."""
    names = list(attributes)
    columns = []
    for index, name in enumerate(names):
        other = name.replace("left", "right") if "left" in name else name.replace("right", "left")
        columns.append(names.index(other) if other in names else index)
    return columns
