"""DCGAN (Radford et al., 2015) and the WGAN generators of the same shape: transposed convolutions from z to image.

BatchNorm of a fixed network is a scale and a shift, so readers fold it into the convolution before it. Three layers do
the rest, each in the form that runs fastest on a processor: `Dense` for the 1x1 input, `Upsample` in between, `Paint`
for the few channels of the image. ReLU and tanh work in place: their gradient needs the output only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from latentwalk.generator import Generator
from latentwalk.latents import Latents, LatentSpace
from latentwalk.options import RenderOptions
from latentwalk.stages import Stage

RELU, LINEAR = 0.0, 1.0
"""Slopes below 0 of an activation: a ReLU, and none at all. In between they are leaky."""


@dataclass(frozen=True)
class Block:
    """One transposed convolution as stored: weight [in, out, k, k], bias [out] (BatchNorm already folded in).

    The first one of a network may have a bias [out, k, k], for every pixel its own. slope: of the activation after it,
    below 0; that of the last one says nothing.
    """

    weight: Tensor
    bias: Tensor
    stride: int
    padding: int
    slope: float = RELU

    @property
    def sizes(self) -> "BlockSizes":
        inside, outside, kernel, _ = self.weight.shape
        return BlockSizes(inside, outside, kernel, self.stride, self.padding, self.slope)


class BlockSizes(NamedTuple):
    """The shape of one transposed convolution, and the slope of the activation after it."""

    inside: int
    outside: int
    kernel: int
    stride: int
    padding: int
    slope: float = RELU


@dataclass(frozen=True)
class DCGANSizes:
    """What a DCGAN is built from. blocks: from the code to the image. tanh: whether the image goes through one."""

    blocks: tuple[BlockSizes, ...]
    tanh: bool = True

    def __post_init__(self) -> None:
        positive = all(min(block[:4]) > 0 and block.padding >= 0 and 0 <= block.slope <= 1 for block in self.blocks)
        if len(self.blocks) < 2 or not positive:
            raise ValueError(f"expected at least two transposed convolutions with sizes above 0, got {self.blocks}")

    def empty(self) -> list[Block]:
        """Blocks of these sizes, whose weights are still to come."""
        return [
            Block(torch.empty(b.inside, b.outside, b.kernel, b.kernel), torch.empty(b.outside), *b[3:])
            for b in self.blocks
        ]


def fold_batch_norm(
    weight: Tensor, bias: Tensor | None, scale: Tensor, shift: Tensor, mean: Tensor, var: Tensor, eps: float = 1e-5
) -> tuple[Tensor, Tensor]:
    """A transposed convolution [in, out, k, k] that gives what convolution and evaluation-mode BatchNorm gave.

    Computed in float64, so that folding costs no accuracy. Returns weight and bias in the weight's dtype.
    """
    gain = scale.double() / (var.double() + eps).sqrt()
    offset = shift.double() - mean.double() * gain
    if bias is not None:
        offset = offset + bias.double() * gain
    return (weight.double() * gain[None, :, None, None]).to(weight.dtype), offset.to(weight.dtype)


def activate(x: Tensor, slope: float) -> Tensor:
    """A ReLU that lets a part of what is below 0 through, in place: its gradient needs the output only."""
    if slope == LINEAR:
        return x
    return F.leaky_relu_(x, slope) if slope else x.relu_()


class Dense(nn.Module):
    """The first transposed convolution and its activation: on a 1x1 input it is one matrix product."""

    def __init__(self, block: Block) -> None:
        super().__init__()
        inside, _, self.side, _ = block.weight.shape
        self.weight = nn.Parameter(block.weight.permute(2, 3, 1, 0).reshape(-1, inside).contiguous())
        bias = block.bias if block.bias.ndim == 3 else block.bias[:, None, None].expand(-1, self.side, self.side)
        self.bias = nn.Parameter(bias.permute(1, 2, 0).flatten())
        self.slope = block.slope

    def forward(self, z: Float[Tensor, "n d"]) -> Float[Tensor, "n c k k"]:
        flat = activate(F.linear(z, self.weight, self.bias), self.slope)
        return flat.view(len(z), self.side, self.side, -1).permute(0, 3, 1, 2)  # rows are already channels-last


class Upsample(nn.Module):
    """A transposed convolution and its activation, for the last one tanh (without `tanh` nothing), channels-last."""

    def __init__(self, block: Block, last: bool, tanh: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(block.weight)
        self.bias = nn.Parameter(block.bias)
        self.stride, self.padding, self.slope = block.stride, block.padding, block.slope
        self.last, self.tanh = last, tanh

    def settle(self) -> None:
        """Lay the weights out as convolutions read them."""
        weight = self.weight.detach().contiguous(memory_format=torch.channels_last)
        self.weight = nn.Parameter(weight, requires_grad=False)

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c2 h2 w2"]:
        x = F.conv_transpose2d(x, self.weight, self.bias, self.stride, self.padding)
        if not self.last:
            return activate(x, self.slope)
        return x.tanh_() if self.tanh else x


class Paint(nn.Module):
    """The last transposed convolution (kernel 4, stride 2, padding 1) and tanh if there is one, by phases.

    A pixel of the image lies in one of 2x2 phases, and sees 2x2 pixels of the input through four of the sixteen
    weights. So one ordinary 2x2 convolution gives all phases at once, and they are woven together: two to three times
    as fast as a transposed convolution with three outputs, forwards and backwards.
    """

    kernel: Tensor

    def __init__(self, block: Block, tanh: bool = True) -> None:
        super().__init__()
        self.tanh = tanh
        self.weight = nn.Parameter(block.weight)
        self.bias = nn.Parameter(block.bias)
        self.register_buffer("kernel", phases(block.weight), persistent=False)

    def settle(self) -> None:
        """Compute what follows from the weights, once they are there."""
        self.kernel = phases(self.weight.detach())

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c2 h2 w2"]:
        kernel = phases(self.weight) if self.weight.requires_grad else self.kernel  # while it is tuned
        y = F.conv2d(x, kernel, self.bias.repeat(4), padding=1)
        y = (y.tanh_() if self.tanh else y).unflatten(1, (2, 2, -1))
        y = torch.stack((y[:, 0, ..., :-1, :], y[:, 1, ..., 1:, :]), -2)  # [n, 2, c, h, 2, w + 1]: rows woven
        y = torch.stack((y[:, 0, ..., :-1], y[:, 1, ..., 1:]), -1)  # [n, c, h, 2, w, 2]: columns woven
        return y.flatten(4).flatten(2, 3)

    @staticmethod
    def fits(block: Block) -> bool:
        return (*block.weight.shape[2:], block.stride, block.padding) == (4, 4, 2, 1)


def phases(weight: Float[Tensor, "i o 4 4"]) -> Float[Tensor, "4*o i 2 2"]:
    """The 2x2 kernel of every phase: even pixels see the rows (or columns) 3 and 1 of the kernel, odd ones 2 and 0."""
    taps = ((3, 1), (2, 0))
    kernels = [weight[:, :, rows][:, :, :, columns].transpose(0, 1) for rows in taps for columns in taps]
    return torch.cat(kernels).contiguous(memory_format=torch.channels_last)


class DCGAN(Generator):
    """z [d] -> image through transposed convolutions; (leaky) ReLU between, at the end a tanh (without `tanh` nothing).

    blocks: at least two. The first turns a 1x1 input into its kernel (so its stride says nothing, and it has no
    padding), as in every published layout. `freeze` makes the network ready. Truncation shortens the code:
    z * truncation.
    """

    def __init__(self, blocks: Sequence[Block], tanh: bool = True) -> None:
        super().__init__()
        first, *middle, last = blocks
        self.sizes = DCGANSizes(tuple(block.sizes for block in blocks), tanh)
        ending = Paint(last, tanh) if Paint.fits(last) else Upsample(last, True, tanh)
        dense = Dense(first)
        self.layers = nn.Sequential(dense, *(Upsample(block, last=False) for block in middle), ending)
        slopes = [block.slope for block in blocks[:-1]]
        if any(slopes):  # part of the fingerprint: the same weights draw otherwise with another activation
            self.register_buffer("slopes", torch.tensor(slopes))
        self.spaces = {"z": LatentSpace("z", (first.weight.shape[0],))}
        side = dense.side
        for block in blocks[1:]:
            side = (side - 1) * block.stride - 2 * block.padding + block.weight.shape[-1]
        self.image_shape = (last.weight.shape[1], side, side)

    def freeze(self) -> "DCGAN":
        super().freeze()
        for layer in self.layers:
            if isinstance(layer, Upsample | Paint):
                layer.settle()
        return self

    @property
    def layer_names(self) -> tuple[str, ...]:
        return tuple(f"layers.{i}" for i in range(len(self.layers)))

    def stages(self, latents: Latents, options: RenderOptions) -> list[Stage]:
        z = self.map(latents, "z", options).values
        return [Stage((z,), lambda _: self.layers(z))]

    def entry_weights(self, space: str) -> dict[str, Float[Tensor, "out d"]]:
        self.check_space(space)
        return {"layers.0": self.get_parameter("layers.0.weight").detach()}
