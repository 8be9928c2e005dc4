"""The layers of StyleGAN2 (Karras et al., 2020), in the form that runs fastest on a processor.

All that is modulated goes through `modulated_convolution`, so that a compiled kernel can take its place. What costs
most on large maps is fresh memory, so everything after a convolution works in place, and maps are channels-last.
"""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from latentwalk.generators.layers.mapping import SLOPE

EPSILON = 1e-8
"""Keeps the demodulation of a channel without energy finite."""

RESAMPLE = (1.0, 3.0, 3.0, 1.0)
"""The binomial-like filter that every published StyleGAN2 resamples with."""


def resample_filter(taps: Sequence[float] | Tensor = RESAMPLE) -> Float[Tensor, "k k"]:
    """A square low-pass filter of sum 1 from the taps of one axis (or from those of both)."""
    taps = torch.as_tensor(taps, dtype=torch.float32)
    square = torch.outer(taps, taps) if taps.ndim == 1 else taps
    return square / square.sum()


def modulated_convolution(
    x: Float[Tensor, "n i h w"],
    weight: Float[Tensor, "o i k k"],
    styles: Float[Tensor, "n i"],
    energy: Float[Tensor, "o i"],
    bias: Float[Tensor, "o"],
    kernel: Float[Tensor, "f f"] | None = None,
    gain: float = 1.0,
) -> Float[Tensor, "n o h2 w2"]:
    """gain * (demodulated convolution of the styled channels + bias), for all codes in one ordinary convolution.

    Scaling a weight is scaling the channel that it meets, so styles scale the activations before and the demodulation
    scales them after; a single code on a large map scales the weights instead, which then are the smaller. Not where
    the gradient of the styles is wanted: that of scaled weights costs another convolution, and a slow one.

    energy: squared weights summed over the kernel.
    kernel: the resampling filter when the map doubles in size (transposed convolution, then the filter).
    """
    scales = torch.rsqrt(F.linear(styles.square(), energy) + EPSILON) * gain
    if len(x) == 1 and weight.numel() <= x.numel() and not styles.requires_grad:
        weight = weight * styles[0, :, None, None] * scales[0, :, None, None, None]
        return _convolve(x, weight, bias * gain, kernel)
    y = _convolve(x * styles[:, :, None, None], weight, None, kernel)
    return y.mul_(scales[:, :, None, None]).add_((bias * gain)[:, None, None])


def _convolve(x: Tensor, weight: Tensor, bias: Tensor | None, kernel: Tensor | None) -> Tensor:
    if kernel is None:
        return F.conv2d(x, weight, bias, padding=weight.shape[-1] // 2)
    return smooth(F.conv_transpose2d(x, weight.transpose(0, 1), None, stride=2), kernel, bias)


def smooth(
    x: Float[Tensor, "n c h w"], kernel: Float[Tensor, "f f"], bias: Float[Tensor, "c"] | None = None
) -> Float[Tensor, "n c h2 w2"]:
    """The filter (and what upsampling lost: a gain of 4) over the output of a transposed convolution, 2h + 1 -> 2h."""
    size, channels = kernel.shape[-1], x.shape[1]
    before, after = (size + 1) // 2 - 1, (size - 2) // 2
    if before != after:
        x, before = F.pad(x, (before, after, before, after)), 0
    weight = (4 * kernel.flip(0, 1)).expand(channels, 1, size, size)
    return F.conv2d(x, weight, bias, padding=before, groups=channels)


def upsample(image: Float[Tensor, "n c h w"], kernel: Float[Tensor, "f f"]) -> Float[Tensor, "n c h2 w2"]:
    """Twice the size: zeros between the pixels, then the filter with a gain of 4, as one transposed convolution."""
    odd = kernel.shape[-1] % 2
    kernel, channels = F.pad(4 * kernel, (odd, 0, odd, 0)), image.shape[1]
    weight = kernel.expand(channels, 1, *kernel.shape)
    return F.conv_transpose2d(image, weight, stride=2, padding=kernel.shape[-1] // 2 - 1, groups=channels)


class Affine(nn.Module):
    """w -> one style per channel; weights are stored divided by their scale."""

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outside, inside))
        self.bias = nn.Parameter(torch.empty(outside))
        self.scale = 1 / math.sqrt(inside)

    def forward(self, w: Float[Tensor, "n w"]) -> Float[Tensor, "n c"]:
        return torch.addmm(self.bias, w, self.weight.T, alpha=self.scale)

    @property
    def entry_weight(self) -> Float[Tensor, "c w"]:
        """What multiplies w."""
        return self.scale * self.weight.detach()


class StyledConvolution(nn.Module):
    """A demodulated 3x3 convolution, noise, and the leaky ReLU, with a map twice as large when `up`.

    shape: height and width of the output map. noise: whether it has noise at all. gain: of the activation, beside its
    sqrt 2. clamp: largest magnitude for a gain of 1, or None: the limit is clamp * gain, without the sqrt 2.
    """

    kernel: Tensor | None
    noise_map: Tensor
    energy: Tensor

    def __init__(
        self,
        w: int,
        inside: int,
        outside: int,
        shape: tuple[int, int],
        up: int = 0,
        noise: bool = True,
        gain: float = 1.0,
        clamp: float | None = None,
    ) -> None:
        super().__init__()
        self.affine = Affine(w, inside)
        self.weight = nn.Parameter(torch.empty(outside, inside, 3, 3))
        self.bias = nn.Parameter(torch.empty(outside))
        self.register_buffer("kernel", torch.empty(up, up) if up else None)
        self.register_buffer("energy", torch.empty(outside, inside), persistent=False)
        if noise:
            self.noise_strength = nn.Parameter(torch.empty(()))
            self.register_buffer("noise_map", torch.empty(shape))
        self.shape, self.noise, self.gain = shape, noise, math.sqrt(2) * gain
        self.limit = None if clamp is None else clamp * gain

    def settle(self) -> None:
        """Compute what follows from the weights, once they are there, and lay these out as convolutions read them."""
        weight = self.weight.detach()
        self.energy = weight.square().sum((2, 3))
        if self.kernel is None:
            weight = weight.contiguous(memory_format=torch.channels_last)
        else:
            weight = weight.transpose(0, 1).contiguous(memory_format=torch.channels_last).transpose(0, 1)
        self.weight = nn.Parameter(weight, requires_grad=False)

    def forward(self, x: Tensor, styles: Float[Tensor, "n c"], noise: Tensor | None) -> Float[Tensor, "n o h w"]:
        """noise: the map [h, w] to add, or None."""
        energy = self.weight.square().sum((2, 3)) if self.weight.requires_grad else self.energy  # while it is tuned
        x = modulated_convolution(x, self.weight, styles, energy, self.bias, self.kernel, self.gain)
        if noise is not None and self.noise:
            x = x.add_(noise * (self.noise_strength * self.gain))
        if self.limit is not None:  # before the leaky ReLU, whose gradient needs its result as it is
            x = x.clamp_(-self.limit / SLOPE, self.limit)
        return F.leaky_relu_(x, SLOPE)


class ToRGB(nn.Module):
    """Channels to colours: a modulated 1x1 convolution without demodulation, which is one matrix per code."""

    def __init__(self, w: int, inside: int, channels: int, clamp: float | None = None) -> None:
        super().__init__()
        self.affine = Affine(w, inside)
        self.weight = nn.Parameter(torch.empty(channels, inside, 1, 1))
        self.bias = nn.Parameter(torch.empty(channels))
        self.scale, self.limit = 1 / math.sqrt(inside), clamp

    def forward(self, x: Float[Tensor, "n i h w"], styles: Float[Tensor, "n i"]) -> Float[Tensor, "n c h w"]:
        matrices = (self.weight[:, :, 0, 0] * (self.scale * styles)[:, None]).transpose(1, 2)  # [n, i, c]
        pixels = x.permute(0, 2, 3, 1).flatten(1, 2)  # [n, h * w, i]
        image = torch.baddbmm(self.bias, pixels, matrices).unflatten(1, x.shape[2:]).permute(0, 3, 1, 2)
        return image if self.limit is None else image.clamp_(-self.limit, self.limit)


class Join(nn.Module):
    """The picture so far, twice as large, and what a block adds to it."""

    kernel: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer("kernel", torch.empty(size, size))

    def forward(self, image: Float[Tensor, "n c h w"], more: Float[Tensor, "n c h2 w2"]) -> Float[Tensor, "n c h2 w2"]:
        return upsample(image, self.kernel).add_(more)


class Shortcut(nn.Module):
    """The way around a residual block: a 1x1 convolution, twice as large, of half the energy."""

    kernel: Tensor

    def __init__(self, inside: int, outside: int, size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outside, inside, 1, 1))
        self.register_buffer("kernel", torch.empty(size, size))
        self.scale = math.sqrt(0.5 / inside)

    def forward(self, x: Float[Tensor, "n i h w"]) -> Float[Tensor, "n o h2 w2"]:
        return upsample(F.conv2d(x, self.weight * self.scale), self.kernel)
