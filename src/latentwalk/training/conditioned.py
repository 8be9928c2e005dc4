"""A StyleGAN2 whose first numbers of z, and of w, are the labels: each lies along a straight direction of its own.

The mapping is an ordinary one, so what is trained is an ordinary StyleGAN2. A part of it stays as it is built here: it
turns the first numbers of z into labels as frequent as those of the pictures are, and hands them on to w. The rest
learns, and sees none of them. A critic that is told the labels sees to it that the picture has them.
"""

import math
from dataclasses import replace
from functools import partial
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F
from torch.special import ndtr, ndtri

from latentwalk.generators.layers.mapping import SLOPE, FullyConnected, normalize_second_moment
from latentwalk.generators.stylegan2 import StyleGAN2Sizes
from latentwalk.training.players import StyleGAN2Player, is_exclusive

KNOTS = (-2.4, -1.5, -0.9, -0.3, 0.3, 0.9, 1.5, 2.4)
"""Where the straight pieces meet by which a normal number becomes one that is spread like a label."""

STEEP = 0.1
"""Half the width of the step by which one becomes a label that is there or not."""

STRENGTH = 2.0
"""How long a label is in w, beside numbers whose standard deviation is about one."""


def pieces(label: Float[Tensor, "n"]) -> tuple[Float[Tensor, "k"], Float[Tensor, "k"]]:
    """Knots x and values y of a rising function of straight pieces, flat outside, that makes normal numbers as frequent
    as the label's values are: its quantiles; of labels that are there or not, a step."""
    if bool(((label == 0) | (label == 1)).all()):
        share = float(label.double().mean())
        if not 0 < share < 1:
            raise ValueError("every condition holds for some of the pictures, and not for all")
        at = float(ndtri(torch.tensor(1 - share, dtype=torch.float64)))
        return torch.tensor([at - STEEP, at + STEEP]), torch.tensor([0.0, 1.0])
    knots = torch.tensor(KNOTS)
    return knots, label.float().quantile(ndtr(knots))


class ConditionedPlayer(StyleGAN2Player):
    """labels: [rows, l] in [0, 1], those of all pictures; what is painted has them as often. sizes: of the network;
    its mapping is made wider, so that the labels fit in.

    Raises ValueError for labels of one class each, and more of them than z and w have room for.
    """

    def __init__(self, sizes: StyleGAN2Sizes, mixing: float, labels: Float[Tensor, "rows l"]) -> None:
        if is_exclusive(labels):
            raise ValueError("expected conditions, of which several may hold at once, got one class for each picture")
        bends = [pieces(label) for label in labels.T]
        units = sum(len(knots) for knots, _ in bends)
        z, first, *others = sizes.mapping
        if 2 * len(bends) > min(z, *others):
            raise ValueError(f"{len(bends)} conditions are too many for codes of {min(z, *others)} numbers: name fewer")
        super().__init__(replace(sizes, mapping=(z, first + units, *others)), mixing)
        self.bends, self.exclusive = bends, False
        blocks = self._blocks(len(others))
        for i, (weight, bias) in enumerate(blocks):
            self._build(i, weight, bias)

    def draw(self, n: int) -> tuple[Tensor, ...]:
        """As of a `StyleGAN2Player`, and last the labels [n, l] that the codes have; both codes have the same ones."""
        codes, *others = super().draw(n)
        count = len(self.bends)
        for other in others[:1]:  # equally long, as the mapping makes all codes of one length
            other *= (codes[:, count:].norm(dim=1) / other[:, count:].norm(dim=1))[:, None]
            other[:, :count] = codes[:, :count]
        return codes, *others, self.labels_of(codes)

    def labels_of(self, z: Float[Tensor, "n z"]) -> Float[Tensor, "n l"]:
        """The labels of codes."""
        x = normalize_second_moment(z)
        return torch.stack([_between(x[:, i], *bend) for i, bend in enumerate(self.bends)], 1)

    def forward(self, *drawn: Tensor) -> Float[Tensor, "n c h w"]:
        return self.paint(self.codes(*drawn[:-1]))

    @torch.no_grad()
    def _build(self, i: int, weight: Float[Tensor, "o i"], bias: Float[Tensor, "o"]) -> None:
        """Put what stays into a layer, apart from the rest: neither reads the other. It gets no gradient."""
        layer = cast(FullyConnected, self.network.mapping.layers[i])
        learns = torch.ones_like(layer.weight)
        learns[: len(weight)] = 0
        learns[:, : weight.shape[1]] = 0
        layer.weight.mul_(learns)
        layer.weight[: len(weight), : weight.shape[1]] = weight / layer.scale
        layer.bias[: len(bias)] = bias / layer.lr_multiplier
        for name, mask in (("weight", learns), ("bias", learns[:, -1].clone())):
            place = f"learns_{i}_{name}"
            self.register_buffer(place, mask, persistent=False)  # moves to the device with the weights
            layer.get_parameter(name).register_hook(partial(self._masked, place))

    def _masked(self, place: str, gradient: Tensor) -> Tensor:
        return gradient * self.get_buffer(place)

    def _blocks(self, layers: int) -> list[tuple[Tensor, Tensor]]:
        """Weights and biases of what stays, layer by layer.

        A rising function of straight pieces is the sum of s relu(x - knot), with s the changes of slope. These sum to
        nothing, so that of leaky(x) = SLOPE x + (1 - SLOPE) relu(x) the first part leaves a number.
        """
        count, gain = len(self.bends), math.sqrt(2)
        first = torch.block_diag(*(torch.ones(len(knots), 1) for knots, _ in self.bends))
        knots = torch.cat([knots for knots, _ in self.bends])
        turns = [F.pad(values.diff() / knots.diff(), (1, 1)).diff() for knots, values in self.bends]
        second = torch.block_diag(*(turn[None] / (1 - SLOPE) for turn in turns))
        starts = [
            values[0] + SLOPE / (1 - SLOPE) * (turn * knots).sum()
            for turn, (knots, values) in zip(turns, self.bends, strict=True)
        ]
        blocks = [(first / gain, -knots / gain), (second / gain, torch.stack(starts) / gain)]
        blocks += [(torch.eye(count) / gain, torch.zeros(count))] * (layers - 1)
        *most, (weight, bias) = blocks
        return [*most, (weight * STRENGTH, bias * STRENGTH)]


def _between(x: Float[Tensor, "n"], knots: Float[Tensor, "k"], values: Float[Tensor, "k"]) -> Float[Tensor, "n"]:
    place = torch.searchsorted(knots, x.contiguous()).clamp(1, len(knots) - 1)
    left, right = knots[place - 1], knots[place]
    share = ((x - left) / (right - left)).clamp(0, 1)
    return torch.lerp(values[place - 1], values[place], share)
