"""What a picture owes to the rest of a batch, where a process has a part of it only: statistics and random numbers."""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.overrides import TorchFunctionMode

from latentwalk.training.ranks import Alone

SIZED = {torch.rand, torch.randn, torch.randint}
"""Functions that draw what has a shape: `size`, the last argument, or all of them."""

ALIKE = {torch.rand_like, torch.randn_like}
"""Functions that draw what has the shape of the first argument."""


class WholeDraws(TorchFunctionMode):
    """Inside, what is drawn for n pictures is drawn for those of all processes, and n rows of it are kept.

    All processes draw the same then, so they need the same seed. Rows are pictures: nothing else can be drawn, and only
    with these functions (not by dropout).
    """

    def __init__(self, ranks: Alone) -> None:
        super().__init__()
        self.ranks = ranks

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        if function in SIZED:
            args = (*args, kwargs.pop("size")) if "size" in kwargs else args
            *front, (n, *rest) = (args,) if isinstance(args[-1], int) else args
            return self.ranks.mine(function(*front, (n * self.ranks.size, *rest), **kwargs)).contiguous()
        if function in ALIKE:
            like, *others = args
            whole = function(torch.cat([like] * self.ranks.size), *others, **kwargs)
            return torch.empty_like(whole[: len(like)]).copy_(self.ranks.mine(whole))
        return function(*args, **kwargs)


class WholeBatchNorm(_BatchNorm):
    """BatchNorm in training, with mean and variance over the pictures of all processes (Ioffe and Szegedy, 2015).

    In float32 whatever the precision; elsewhere as ever, since nothing is averaged then.
    """

    def __init__(self, norm: _BatchNorm, ranks: Alone) -> None:
        super().__init__(norm.num_features, norm.eps, norm.momentum, norm.affine, norm.track_running_stats)
        self.ranks = ranks
        self._parameters, self._buffers = norm._parameters, norm._buffers
        self.train(norm.training)

    def _check_input_dim(self, input: Tensor) -> None:
        """Any will do."""

    def forward(self, input: Float[Tensor, "n c ..."]) -> Float[Tensor, "n c ..."]:
        if not self.training:
            return super().forward(input)
        others, shape = [i for i in range(input.ndim) if i != 1], (1, -1, *[1] * (input.ndim - 2))
        x = input.float()
        mean = self.ranks.average(x.mean(others))
        x = x - mean.view(shape)
        variance = self.ranks.average(x.square().mean(others))
        self._remember(mean.detach(), variance.detach(), self.ranks.size * x.numel() // x.shape[1])
        scale = (variance + self.eps).rsqrt()
        x = x * (scale if self.weight is None else scale * self.weight).view(shape)
        return (x if self.bias is None else x + self.bias.view(shape)).to(input.dtype)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor, count: int) -> None:
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked.add_(1)
        rate = self.momentum if self.momentum is not None else 1 / float(self.num_batches_tracked)
        self.running_mean.lerp_(mean, rate)
        self.running_var.lerp_(variance * count / max(count - 1, 1), rate)


def over_all(network: nn.Module, ranks: Alone) -> nn.Module:
    """The network, in place, with every BatchNorm over the pictures of all processes; weights are the same tensors."""
    for name, part in network.named_children():
        if isinstance(part, _BatchNorm):
            network.add_module(name, WholeBatchNorm(part, ranks))
        else:
            over_all(part, ranks)
    return network
