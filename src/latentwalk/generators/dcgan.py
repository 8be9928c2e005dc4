"""DCGAN (Radford et al., 2015) and the WGAN generators of the same shape: transposed convolutions from z to image."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from latentwalk.generator import Generator
from latentwalk.latents import Latents, LatentSpace


@dataclass(frozen=True)
class Block:
    """One transposed convolution as stored: weight [in, out, k, k], bias [out] (BatchNorm already folded in)."""

    weight: Tensor
    bias: Tensor
    stride: int
    padding: int


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


class Dense(nn.Module):
    """The first transposed convolution: on a 1x1 input it is one matrix product."""

    def __init__(self, block: Block) -> None:
        super().__init__()
        self.side = block.weight.shape[-1] - 2 * block.padding
        crop = slice(block.padding, block.padding + self.side)
        weight = block.weight[:, :, crop, crop]
        self.weight = nn.Parameter(weight.permute(2, 3, 1, 0).reshape(-1, weight.shape[0]).contiguous())
        self.bias = nn.Parameter(block.bias.repeat(self.side**2))

    def forward(self, z: Tensor) -> Tensor:
        flat = F.linear(z, self.weight, self.bias).relu()
        return flat.view(len(z), self.side, self.side, -1).permute(0, 3, 1, 2)  # rows are already channels-last


class Upsample(nn.Module):
    """A transposed convolution and its activation, channels-last."""

    def __init__(self, block: Block, last: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(block.weight.contiguous(memory_format=torch.channels_last))
        self.bias = nn.Parameter(block.bias)
        self.stride, self.padding, self.last = block.stride, block.padding, last

    def forward(self, x: Tensor) -> Tensor:
        x = F.conv_transpose2d(x, self.weight, self.bias, self.stride, self.padding)
        return x.tanh() if self.last else x.relu()


class DCGAN(Generator):
    """z [d] -> image through transposed convolutions; ReLU between, tanh at the end.

    The first block must turn a 1x1 input into its kernel, as in every published layout.
    """

    def __init__(self, blocks: Sequence[Block]) -> None:
        super().__init__()
        last = len(blocks) - 1
        layers = [Dense(blocks[0]), *(Upsample(block, i == last) for i, block in enumerate(blocks) if i)]
        self.layers = nn.Sequential(*layers)
        self.spaces = {"z": LatentSpace("z", (blocks[0].weight.shape[0],))}
        side = layers[0].side
        for block in blocks[1:]:
            side = (side - 1) * block.stride - 2 * block.padding + block.weight.shape[-1]
        self.image_shape = (blocks[-1].weight.shape[1], side, side)

    @property
    def layer_names(self) -> tuple[str, ...]:
        return tuple(f"layers.{i}" for i in range(len(self.layers)))

    def map(self, latents: Latents, to: str) -> Latents:
        if to != "z":
            raise ValueError(f"a DCGAN has the space 'z' only, got {to!r}")
        return self.check(latents)

    def synthesize(self, latents: Latents) -> Float[Tensor, "n c h w"]:
        return self.layers(self.check(latents).values)

    def entry_weights(self, space: str) -> dict[str, Float[Tensor, "out d"]]:
        if space != "z":
            raise ValueError(f"a DCGAN has the space 'z' only, got {space!r}")
        return {"layers.0": self.layers[0].weight.detach()}
