"""Self-attention over the pixels of a feature map (SAGAN; Zhang et al., 2019), as both BigGANs use it."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F


class SelfAttention(nn.Module):
    """x + gamma * out(attention): every pixel asks with c/8 numbers; a quarter of the pixels answer with c/2.

    query, key: [c/8, c, 1, 1]; value: [c/2, c, 1, 1]; out: [c, c/2, 1, 1]; gamma: []. Keys and values are maxima
    over 2x2 pixels. The weights carry no bias.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        narrow, half = channels // 8, channels // 2
        self.query = nn.Parameter(torch.empty(narrow, channels, 1, 1))
        self.key = nn.Parameter(torch.empty(narrow, channels, 1, 1))
        self.value = nn.Parameter(torch.empty(half, channels, 1, 1))
        self.out = nn.Parameter(torch.empty(channels, half, 1, 1))
        self.gamma = nn.Parameter(torch.empty(()))

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
        query = F.conv2d(x, self.query).flatten(2)
        key = F.max_pool2d(F.conv2d(x, self.key), 2).flatten(2)
        value = F.max_pool2d(F.conv2d(x, self.value), 2).flatten(2)
        weights = torch.softmax(query.transpose(1, 2) @ key, dim=-1)  # [n, pixels, pixels/4]
        answer = (value @ weights.transpose(1, 2)).unflatten(2, x.shape[2:])
        return torch.addcmul(x, self.gamma, F.conv2d(answer, self.out))
