"""Small images to draw."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor


@pytest.fixture
def noise() -> Callable[..., Tensor]:
    """Makes images [count, channels, 6, 5] in [-1, 1] in which no two pixels are alike; each seed has its own."""

    def make(count: int, channels: int = 3, seed: int = 0) -> Tensor:
        return torch.rand(count, channels, 6, 5, generator=torch.Generator().manual_seed(seed)) * 2 - 1

    return make
