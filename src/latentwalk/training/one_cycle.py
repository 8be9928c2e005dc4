"""One network that learns from one loss: AdamW with a learning rate that rises and falls once."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

Loss = Callable[[nn.Module, int], Tensor]
"""(network, step) -> scalar. Randomness inside comes from torch's global state, which the loop seeds per step."""


@dataclass(frozen=True)
class Schedule:
    """Settings of AdamW with one cycle: `steps` updates, the rate rising over a share of them and falling to zero.

    rate: the highest one. decay: of the weights. warmup: the share of steps in which the rate rises.
    """

    steps: int
    rate: float = 4e-3
    decay: float = 0.02
    warmup: float = 0.15

    def rate_at(self, step: int) -> float:
        """Learning rate of a step (Smith and Topin, 2018: one cycle, cosine on both sides)."""
        start = max(1, round(self.warmup * self.steps))
        if step < start:
            return self.rate * (0.04 + 0.96 * (1 - math.cos(math.pi * step / start)) / 2)
        return self.rate * (1 + math.cos(math.pi * (step - start) / max(1, self.steps - start))) / 2


class OneCycle:
    """A `Trainable` of one network, which learns in training mode and in place."""

    def __init__(self, network: nn.Module, loss: Loss, schedule: Schedule, device: torch.device | str = "cpu") -> None:
        self.network, self.loss, self.schedule = network.to(device).train(), loss, schedule
        self.optimizer = torch.optim.AdamW(network.parameters(), lr=schedule.rate, weight_decay=schedule.decay)

    def step(self, step: int, /) -> dict[str, Tensor]:
        for group in self.optimizer.param_groups:
            group["lr"] = self.schedule.rate_at(step)
        self.optimizer.zero_grad()
        loss = self.loss(self.network, step)
        loss.backward()
        self.optimizer.step()
        return {"loss": loss.detach()}

    def state_dict(self) -> dict[str, Any]:
        return {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": asdict(self.schedule),
        }

    def load_state_dict(self, state: dict[str, Any], /) -> None:
        if state["schedule"] != asdict(self.schedule):
            raise ValueError(f"expected the schedule {self.schedule}, got {state['schedule']}")
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
