"""Networks that tell pictures apart while a generator learns, and are thrown away afterwards."""

import math
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from latentwalk.generators.layers.mapping import SLOPE, FullyConnected
from latentwalk.generators.layers.styled import resample_filter

GROUP = 4
"""Pictures that the minibatch deviation is taken over."""


class Convolution(nn.Module):
    """A convolution with equalised learning rate and, unless `linear`, the leaky ReLU with a gain of sqrt 2.

    down: the map is smoothed and halved. gain: of what comes out.
    """

    kernel: Tensor

    def __init__(
        self, inside: int, outside: int, size: int, down: bool = False, linear: bool = False, gain: float = 1.0
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outside, inside, size, size))
        self.bias = None if linear else nn.Parameter(torch.zeros(outside))
        self.register_buffer("kernel", resample_filter().expand(inside, 1, 4, 4).contiguous(), persistent=False)
        self.scale = (gain if linear else 1.0) / math.sqrt(inside * size**2)
        self.down, self.gain = down, gain * math.sqrt(2)

    def forward(self, x: Float[Tensor, "n i h w"]) -> Float[Tensor, "n o h2 w2"]:
        size, weight = self.weight.shape[-1], self.weight * self.scale
        if not self.down:
            x = F.conv2d(x, weight, self.bias, padding=size // 2)
        elif size == 1:
            x = F.conv2d(F.conv2d(x, self.kernel, stride=2, padding=1, groups=x.shape[1]), weight, self.bias)
        else:
            x = F.conv2d(F.conv2d(x, self.kernel, padding=2, groups=x.shape[1]), weight, self.bias, stride=2)
        return x if self.bias is None else F.leaky_relu(x, SLOPE) * self.gain


class ResidualBlock(nn.Module):
    """Two convolutions that halve the map, and a way around them; each of half the energy (Karras et al., 2020)."""

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.conv0 = Convolution(inside, inside, 3)
        self.conv1 = Convolution(inside, outside, 3, down=True, gain=math.sqrt(0.5))
        self.around = Convolution(inside, outside, 1, down=True, linear=True, gain=math.sqrt(0.5))

    def forward(self, x: Float[Tensor, "n i h w"]) -> Float[Tensor, "n o h2 w2"]:
        return self.conv1(self.conv0(x)) + self.around(x)


class ResidualCritic(nn.Module):
    """The critic of StyleGAN2: residual blocks, and how much the pictures of a group deviate as one more channel.

    widths: channels of the maps from 4 pixels to the picture's.
    """

    def __init__(self, widths: tuple[int, ...], colors: int = 3) -> None:
        super().__init__()
        outwards = widths[::-1]
        self.colors = Convolution(colors, outwards[0], 1)
        self.blocks = nn.Sequential(*(ResidualBlock(a, b) for a, b in pairwise(outwards)))
        self.last = Convolution(widths[0] + 1, widths[0], 3)
        self.dense, self.score = FullyConnected(widths[0] * 16, widths[0]), FullyConnected(widths[0], 1, linear=True)
        for layer in (self.dense, self.score):
            nn.init.normal_(layer.weight)
            nn.init.zeros_(layer.bias)

    def features(self, images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n f"]:
        x = self.last(with_deviation(self.blocks(self.colors(images))))
        return self.dense(x.flatten(1))

    def forward(self, images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n 1"]:
        return self.score(self.features(images))


def with_deviation(x: Float[Tensor, "n c h w"], group: int = GROUP) -> Float[Tensor, "n c+1 h w"]:
    """One more channel: the standard deviation over a group, averaged over channels and pixels (Karras et al., 2018,
    section 3). Raises ValueError when the batch cannot be cut into groups."""
    if len(x) % group:
        raise ValueError(f"the critic looks at groups of {group} pictures: expected a multiple of it, got {len(x)}")
    together = x.float().unflatten(0, (group, -1))
    deviation = (together.var(0, correction=0) + 1e-8).sqrt().mean((1, 2, 3))
    channel = deviation.repeat(group)[:, None, None, None].expand(-1, 1, *x.shape[2:])
    return torch.cat((x, channel.to(x.dtype)), 1).contiguous(memory_format=torch.channels_last)


class PlainCritic(nn.Module):
    """The critic of DCGAN (Radford et al., 2015): strided convolutions, BatchNorm, leaky ReLU.

    widths: channels of the maps from 4 pixels on, one less than the picture has halvings. normal: "batch", or "none"
    for critics whose penalty looks at every picture by itself (Gulrajani et al., 2017, section 4). outputs: 1 for a
    score; more for one that also reads classes, or reads them alone.
    """

    def __init__(self, widths: tuple[int, ...], colors: int = 3, normal: str = "batch", outputs: int = 1) -> None:
        super().__init__()
        outwards = widths[::-1]
        layers: list[nn.Module] = [nn.Conv2d(colors, outwards[0], 4, 2, 1), nn.LeakyReLU(SLOPE)]
        for a, b in pairwise(outwards):
            layers.append(nn.Conv2d(a, b, 4, 2, 1, bias=normal == "none"))
            layers += [] if normal == "none" else [nn.BatchNorm2d(b, track_running_stats=False)]
            layers.append(nn.LeakyReLU(SLOPE))
        self.features, self.score = nn.Sequential(*layers), nn.Conv2d(widths[0], outputs, 4)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.normal_(layer.weight, 0, 0.02)
            elif isinstance(layer, nn.BatchNorm2d):
                nn.init.normal_(layer.weight, 1, 0.02)

    def forward(self, images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n outputs"]:
        return self.score(self.features(images)).flatten(1)
