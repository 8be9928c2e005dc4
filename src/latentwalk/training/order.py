"""In which order pictures are seen: all of them once, then all again in another order."""

import torch
from jaxtyping import Int
from torch import Tensor

ORDER = 2**40
"""The seed of the order: every run sees the same one, whatever its own seed."""


class Order:
    """Rows of the pictures that a step sees: a function of the step alone, so that it does not matter where a run goes
    on. count: of the pictures. batch: of a step, which may begin in one epoch and end in another."""

    def __init__(self, count: int, batch: int) -> None:
        self.count, self.batch = count, batch
        self.drawn: dict[int, Tensor] = {}

    def rows(self, step: int) -> Int[Tensor, "batch"]:
        places = torch.arange(step * self.batch, (step + 1) * self.batch)
        epochs = places // self.count
        return torch.cat(
            [self._epoch(epoch)[places[epochs == epoch] % self.count] for epoch in epochs.unique().tolist()]
        )

    def _epoch(self, epoch: int) -> Tensor:
        """All rows, shuffled; kept until the epoch is over."""
        if epoch not in self.drawn:
            self.drawn = {old: rows for old, rows in self.drawn.items() if old == epoch - 1}
            self.drawn[epoch] = torch.randperm(self.count, generator=torch.Generator().manual_seed(ORDER + epoch))
        return self.drawn[epoch]
