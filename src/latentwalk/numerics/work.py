"""How long a computation takes, counted and not timed, so that the answer is the same on every machine."""

from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

PER_PRODUCT, PER_NUMBER = 7e-11, 2.5e-9
"""Seconds of one core for a multiplication, and for a number that is written: convolutions of few channels, as in
StyleGAN3's filters, wait for memory. Good to a fifth for the families that were measured."""


class Work(TorchDispatchMode):
    """Counts what torch does inside the block: `seconds` on one core of the usual kind."""

    def __init__(self) -> None:
        super().__init__()
        self._products, self._numbers = FlopCounterMode(display=False), 0

    def __enter__(self) -> "Work":
        self._products.__enter__()
        super().__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        self._products.__exit__(*error)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        if isinstance(made, torch.Tensor) and not func.is_view:
            self._numbers += made.numel()
        return made

    @property
    def seconds(self) -> float:
        return self._products.get_total_flops() / 2 * PER_PRODUCT + self._numbers * PER_NUMBER
