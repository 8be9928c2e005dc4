"""Generators while they learn, and how each becomes a fixed one of its family.

A player draws its own inputs, so that the loop knows nothing of codes, labels and mixing. What it draws comes from
torch's global state on the CPU: the same numbers on every device.
"""

import copy
import math
from itertools import pairwise
from typing import Protocol, TypeVar, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from latentwalk.conditions import Conditions
from latentwalk.generator import Generator
from latentwalk.generators.conditional_dcgan import ConditionalDCGAN
from latentwalk.generators.dcgan import DCGAN, Block, fold_batch_norm
from latentwalk.generators.layers.mapping import FullyConnected
from latentwalk.generators.layers.styled import Affine, resample_filter
from latentwalk.generators.stylegan2 import StyleGAN2, StyleGAN2Sizes
from latentwalk.latents import Latents

AVERAGED = 2**16
"""Codes whose mean is the average w of an exported network."""

RECOMPUTED = 32
"""Batches that the BatchNorm statistics of averaged weights are taken from."""


@runtime_checkable
class Player(Protocol):
    """A generator that learns: a module with two more methods."""

    def draw(self, n: int) -> tuple[Tensor, ...]:
        """Inputs for n pictures, on the CPU, from torch's global state."""
        ...

    def fixed(self) -> Generator:
        """What everybody else gets: a frozen copy on the CPU, which draws what this one draws."""
        ...


@runtime_checkable
class LabelledPlayer(Player, Protocol):
    """One that is asked for labels.

    labels: [rows, l] in [0, 1], those that it is asked for: a row is drawn for every picture. exclusive: whether each
    row is one class. names: what the columns are called, none where nobody knows.
    """

    labels: Tensor
    exclusive: bool
    names: tuple[str, ...]


def asked_for(labels: Float[Tensor, "rows l"], n: int) -> Float[Tensor, "n l"]:
    """Labels for n pictures."""
    return labels[torch.randint(len(labels), (n,))]


def is_exclusive(labels: Float[Tensor, "rows l"]) -> bool:
    """Whether every row is one class, rather than some conditions."""
    return bool(((labels == 0) | (labels == 1)).all()) and bool((labels.sum(1) == 1).all())


Network = TypeVar("Network", bound=nn.Module)


def lay_out(network: Network, layout: torch.memory_format) -> Network:
    """The network with the weights of its convolutions so in memory: channels last is several times as fast to learn
    with, and a file has them in order, so that both give the same bits."""
    for weight in network.parameters():
        if weight.ndim == 4:
            weight.data = weight.data.contiguous(memory_format=layout)
    return network


class StyleGAN2Player(nn.Module):
    """A StyleGAN2 with fresh weights. mixing: the share of pictures of which two codes make a part each.

    path_length: the running mean that the penalty on it needs.
    """

    path_length: Tensor

    def __init__(self, sizes: StyleGAN2Sizes, mixing: float = 0.0) -> None:
        super().__init__()
        self.network, self.mixing = StyleGAN2(sizes), mixing
        self.network.requires_grad_(True)
        self.register_buffer("path_length", torch.zeros(()))
        initialize(self.network)

    def draw(self, n: int) -> tuple[Tensor, ...]:
        """Codes [n, z], other codes [n, z], and the layers [n, layers, 1] that have those; without mixing, codes."""
        z, layers = self.network.sizes.mapping[0], self.network.sizes.codes
        codes = torch.randn(n, z)
        if not self.mixing:
            return (codes,)
        others = torch.randn(n, z)
        cuts = torch.where(torch.rand(n) < self.mixing, torch.randint(1, layers, (n,)), layers)
        return codes, others, (torch.arange(layers) >= cuts[:, None])[:, :, None]

    def codes(
        self, z: Float[Tensor, "n z"], others: Tensor | None = None, mixed: Tensor | None = None
    ) -> Float[Tensor, "n layers d"]:
        """What was drawn, in w+."""
        ws = self.network.mapping(z)[:, None].expand(-1, self.network.sizes.codes, -1)
        if others is None or mixed is None:
            return ws
        return torch.where(mixed, self.network.mapping(others)[:, None], ws)

    def paint(self, ws: Float[Tensor, "n layers d"]) -> Float[Tensor, "n c h w"]:
        return self.network.synthesize(Latents(ws, "w+"))

    def forward(self, *drawn: Tensor) -> Float[Tensor, "n c h w"]:
        return self.paint(self.codes(*drawn))

    def fixed(self) -> Generator:
        network = lay_out(copy.deepcopy(self.network).to("cpu", torch.float32), torch.contiguous_format)
        network.average = network.mapping.average(AVERAGED)
        return network.freeze()


@torch.no_grad()
def initialize(network: StyleGAN2) -> None:
    """Fresh weights from torch's global state (Karras et al., 2020): normal, as layers scale them; biases nothing,
    but those of the styles, which are one."""
    network.synthesis.const.normal_()
    network.average.zero_()
    for layer in network.modules():
        if isinstance(layer, FullyConnected):
            layer.weight.normal_(0, 1 / layer.lr_multiplier)
            layer.bias.zero_()
        elif isinstance(layer, Affine):
            layer.weight.normal_()
            layer.bias.fill_(1)
        else:
            for name, weight in layer.named_parameters(recurse=False):
                if name == "weight":
                    weight.normal_()
                elif name in ("bias", "noise_strength"):
                    weight.zero_()
            for name, buffer in layer.named_buffers(recurse=False):
                if name == "noise_map":
                    buffer.normal_()
                elif name == "kernel":
                    buffer.copy_(resample_filter(_binomial(len(buffer))))


def _binomial(taps: int) -> list[float]:
    return [float(math.comb(taps - 1, i)) for i in range(taps)]


class DCGANPlayer(nn.Module):
    """Transposed convolutions with BatchNorm and ReLU, a tanh at the end (Radford et al., 2015).

    widths: channels of the maps of 4, 8, 16 ... pixels; the picture is twice as large as the last.
    """

    def __init__(self, z: int, widths: tuple[int, ...], colors: int = 3) -> None:
        super().__init__()
        self.z = z
        steps = [nn.ConvTranspose2d(z, widths[0], 4, 1, 0, bias=False)]
        steps += [nn.ConvTranspose2d(a, b, 4, 2, 1, bias=False) for a, b in pairwise(widths)]
        self.convolutions = nn.ModuleList([*steps, nn.ConvTranspose2d(widths[-1], colors, 4, 2, 1)])
        self.norms = nn.ModuleList(nn.BatchNorm2d(width) for width in widths)
        for layer in self.modules():
            if isinstance(layer, nn.ConvTranspose2d):
                nn.init.normal_(layer.weight, 0, 0.02)
            elif isinstance(layer, nn.BatchNorm2d):
                nn.init.normal_(layer.weight, 1, 0.02)

    def draw(self, n: int) -> tuple[Tensor, ...]:
        return (torch.randn(n, self.z),)

    def forward(self, *drawn: Float[Tensor, "n _"]) -> Float[Tensor, "n c h w"]:
        x = torch.cat(drawn, 1)[:, :, None, None]
        for convolution, norm in zip(self.convolutions, self.norms, strict=False):
            x = F.relu(norm(convolution(x)))
        return torch.tanh(self.convolutions[-1](x))

    def fixed(self) -> Generator:
        return DCGAN(self.blocks()).freeze()

    def blocks(self) -> list[Block]:
        """Copies of the layers on the CPU, BatchNorm folded in."""
        player = lay_out(copy.deepcopy(self).to("cpu", torch.float32), torch.contiguous_format)
        tensors = {name: tensor.detach() for name, tensor in player.state_dict().items()}
        blocks = []
        for i in range(len(self.convolutions)):
            weight, bias = tensors[f"convolutions.{i}.weight"], tensors.get(f"convolutions.{i}.bias")
            if bias is None:  # then a BatchNorm follows
                norm = (tensors[f"norms.{i}.{part}"] for part in ("weight", "bias", "running_mean", "running_var"))
                weight, bias = fold_batch_norm(weight, None, *norm)
            blocks.append(Block(weight, bias, *((2, 1) if i else (1, 0))))
        return blocks


class ConditionalPlayer(DCGANPlayer):
    """A DCGAN of noise and a condition, see `ConditionalDCGAN`. labels, names: see `LabelledPlayer`."""

    names: tuple[str, ...] = ()

    def __init__(self, z: int, widths: tuple[int, ...], labels: Float[Tensor, "rows l"], colors: int = 3) -> None:
        super().__init__(z + labels.shape[1], widths, colors)
        self.noise, self.labels, self.exclusive = z, labels, is_exclusive(labels)

    def draw(self, n: int) -> tuple[Tensor, ...]:
        """Noise [n, z] and labels [n, l]."""
        return torch.randn(n, self.noise), asked_for(self.labels, n)

    def fixed(self) -> Generator:
        named = Conditions(self.names, self.exclusive)
        return ConditionalDCGAN(self.blocks(), self.labels.shape[1], conditions=named).freeze()


@torch.no_grad()
def recompute_statistics(player: nn.Module, batch: int, device: torch.device, seed: int = 0) -> None:
    """BatchNorm statistics of the weights as they are, over fresh codes: averaged weights have none of their own."""
    norms = [layer for layer in player.modules() if isinstance(layer, nn.modules.batchnorm._BatchNorm)]
    if not norms or not isinstance(player, Player):
        return
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over all batches
        norm.train()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        for _ in range(RECOMPUTED):
            player(*(part.to(device) for part in player.draw(batch)))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
        norm.eval()
