"""One training loop: seeded step by step, resumable at any step, with a one-cycle learning rate."""

import math
import pickle
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from latentwalk.files import atomic
from latentwalk.progress import Progress, silent

Loss = Callable[[nn.Module, int], Tensor]
"""(network, step) -> scalar. Randomness inside comes from torch's global state, which the loop seeds per step."""


@dataclass(frozen=True)
class Schedule:
    """How long and how fast: `steps` updates by AdamW, the rate rising over `warmup` of them and falling to zero."""

    steps: int
    rate: float = 4e-3
    decay: float = 0.02
    warmup: float = 0.15
    seed: int = 0

    def rate_at(self, step: int) -> float:
        """Learning rate of a step (Smith and Topin, 2018: one cycle, cosine on both sides)."""
        start = max(1, round(self.warmup * self.steps))
        if step < start:
            return self.rate * (0.04 + 0.96 * (1 - math.cos(math.pi * step / start)) / 2)
        return self.rate * (1 + math.cos(math.pi * (step - start) / max(1, self.steps - start))) / 2


EVERY = 30.0
"""Seconds between two checkpoints."""


class Interrupted(KeyboardInterrupt):
    """Training was stopped by the user. `checkpoint` is the file to continue from, or None, and `step` its step."""

    def __init__(self, checkpoint: Path | None) -> None:
        self.checkpoint = checkpoint if checkpoint and checkpoint.exists() else None
        self.step = int(_read(self.checkpoint)["step"]) if self.checkpoint else 0
        super().__init__(
            f"stopped; step {self.step} is kept in {self.checkpoint}: the same command continues from there"
            if self.checkpoint
            else "stopped before the first checkpoint was written: the same command starts again"
        )


def train(
    network: nn.Module,
    loss: Loss,
    schedule: Schedule,
    checkpoint: Path | None = None,
    progress: Progress = silent,
    device: torch.device | str = "cpu",
) -> nn.Module:
    """Train a network in place and return it in evaluation mode.

    checkpoint: a file that is written every half minute and continued from when it exists: the result is the same, bit
    for bit, as that of an unbroken run. Raises ValueError when it belongs to another schedule or is damaged, and
    Interrupted on Ctrl-C.
    """
    network.to(device).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=schedule.rate, weight_decay=schedule.decay)
    done = _resume(network, optimizer, schedule, checkpoint)
    saved = time.monotonic()
    try:
        with torch.random.fork_rng():
            for step in range(done, schedule.steps):
                torch.manual_seed(schedule.seed * 1_000_003 + step)
                for group in optimizer.param_groups:
                    group["lr"] = schedule.rate_at(step)
                optimizer.zero_grad()
                loss(network, step).backward()
                optimizer.step()
                progress("training", step + 1, schedule.steps)
                if checkpoint and time.monotonic() - saved > EVERY:
                    _save(network, optimizer, schedule, step + 1, checkpoint)
                    saved = time.monotonic()
        if checkpoint and done < schedule.steps:
            _save(network, optimizer, schedule, schedule.steps, checkpoint)
    except KeyboardInterrupt:
        # The step may be half applied, so what counts is the last whole state: the one on disk.
        raise Interrupted(checkpoint) from None
    return network.eval()


def _save(network: nn.Module, optimizer: torch.optim.Optimizer, schedule: Schedule, step: int, path: Path) -> None:
    state = {
        "network": network.state_dict(),
        "optimizer": optimizer.state_dict(),
        "schedule": asdict(schedule),
        "step": step,
    }
    with atomic(path) as temporary:
        torch.save(state, temporary)


def _resume(network: nn.Module, optimizer: torch.optim.Optimizer, schedule: Schedule, path: Path | None) -> int:
    """The step to go on with: 0, or that of the checkpoint, whose state is loaded."""
    if path is None or not path.exists():
        return 0
    state = _read(path)
    if state["schedule"] != asdict(schedule):
        raise ValueError(f"{path} belongs to other settings: use the same ones, or another --run folder")
    try:
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
    except (RuntimeError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} belongs to another network: use the same one, or another --run folder") from error
    return int(state["step"])


def _read(path: Path) -> dict[str, Any]:
    try:
        state = torch.load(path, "cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, KeyError, EOFError, ValueError, OSError) as error:
        raise ValueError(f"cannot continue from {path}, it is damaged: delete it to start again") from error
    if not isinstance(state, dict) or not {"network", "optimizer", "schedule", "step"} <= set(state):
        raise ValueError(f"{path} is no checkpoint of a training run: delete it to start again")
    return state
