"""Several processes that learn as one, a GPU each. Only this file knows torch.distributed.

`torchrun` starts them. What is random is drawn for the whole batch by all of them, and each goes on with its own rows;
gradients are averaged before anybody learns, so all have the same bits at all times. A run of one process and one of
several are the same run, up to the rounding of sums that are cut into parts: after four steps weights agree to 1e-5.
"""

import atexit
import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor, distributed

PATIENCE = timedelta(hours=2)
"""How long the others wait while the first process reads the pictures."""


class Alone:
    """The only process: every row is its own, and what it says is what all say. `first`: it is the one that writes."""

    rank, size, first = 0, 1, True

    def __init__(self, device: torch.device | str = "cpu") -> None:
        self.device = torch.device(device)

    def mine(self, whole: Tensor) -> Tensor:
        """The rows [n / size, ...] of a batch [n, ...] that this process has."""
        return whole

    def places(self, n: int) -> Int[Tensor, "n"]:
        """Where in the whole batch the n rows of this process are."""
        return torch.arange(n, device=self.device)

    def average(self, x: Tensor) -> Tensor:
        """The mean of x over all processes. Gradients go through it, of any order."""
        return x

    def agree(self, tensors: Sequence[Tensor]) -> None:
        """Make every tensor, in place, what it is on average."""

    def drawing(self) -> AbstractContextManager[Any]:
        """Inside, tensors of random numbers, a row for each picture, are what one process would draw for these rows."""
        return nullcontext()

    def in_turn(self) -> AbstractContextManager[Any]:
        """The first process does the block alone, then all others, who find what it kept."""
        return nullcontext()

    def wait(self) -> None:
        """Until all are here."""


class Together(Alone):
    """One of several processes. Rows are dealt out like cards: then groups of a batch that stay together in one
    process (`critics.with_deviation`) are the groups that one process would have."""

    def __init__(self, device: torch.device | str = "cpu") -> None:
        super().__init__(device)
        self.rank, self.size = distributed.get_rank(), distributed.get_world_size()
        self.first = self.rank == 0

    def mine(self, whole: Tensor) -> Tensor:
        return whole[self.rank :: self.size]

    def places(self, n: int) -> Int[Tensor, "n"]:
        return torch.arange(n, device=self.device) * self.size + self.rank

    def average(self, x: Tensor) -> Tensor:
        return _Average.apply(x)  # pyright: ignore[reportReturnType] - torch says Any

    def agree(self, tensors: Sequence[Tensor]) -> None:
        if not tensors:
            return
        flat = torch.cat([tensor.detach().reshape(-1) for tensor in tensors])
        _sum(flat)
        parts = (flat / self.size).split([tensor.numel() for tensor in tensors])
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.detach().copy_(part.view(tensor.shape))

    def drawing(self) -> AbstractContextManager[Any]:
        from latentwalk.training.whole_batch import WholeDraws  # only several processes need it

        return WholeDraws(self)

    @contextmanager
    def in_turn(self) -> Iterator[None]:
        if not self.first:
            self.wait()
        yield
        if self.first:
            self.wait()

    def wait(self) -> None:
        with _others():
            distributed.barrier(device_ids=[self.device.index or 0] if self.device.type == "cuda" else None)


def join(device: torch.device | str = "cpu") -> Alone:
    """Who this process is: one of those that `torchrun` started, or the only one.

    device: of each; "cuda" becomes a GPU of its own. Raises ValueError when the others are not found.
    """
    device = torch.device(device)
    if int(os.environ.get("WORLD_SIZE", "1")) == 1 or "RANK" not in os.environ:
        return Alone(device)
    if device.type == "cuda" and device.index is None:
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(device)
    if not distributed.is_initialized():
        with _others():
            distributed.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=PATIENCE)
        atexit.register(_leave)
    return Together(device)


def _leave() -> None:
    if distributed.is_initialized():
        distributed.destroy_process_group()


def is_first() -> bool:
    """Whether this process is the one that speaks and writes."""
    return os.environ.get("RANK", "0") == "0" or os.environ.get("WORLD_SIZE", "1") == "1"


@contextmanager
def _others() -> Iterator[None]:
    """Whoever lost the others says so in one line: why they ended they say themselves."""
    try:
        yield
    except (RuntimeError, ValueError) as error:
        raise ValueError(
            f"the processes of this run lost one another ({' '.join(str(error).split()):.160}): see what the others "
            "said, and start them with torchrun"
        ) from error


def _sum(x: Tensor) -> None:
    with _others():
        distributed.all_reduce(x)


class _Average(torch.autograd.Function):
    """The mean over processes; the gradient of a mean is the mean of gradients."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        total = x.detach().clone(memory_format=torch.contiguous_format)
        _sum(total)
        return total / distributed.get_world_size()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        return _Average.apply(grad)  # pyright: ignore[reportReturnType]
