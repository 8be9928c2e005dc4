"""One training loop: seeded step by step, resumable at any step, with a one-cycle learning rate."""

import math
import pickle
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from latentwalk.files import atomic
from latentwalk.samples import Progress, silent

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


class Interrupted(KeyboardInterrupt):
    """Training was stopped by the user; `checkpoint` holds the last step."""

    def __init__(self, checkpoint: Path | None, step: int) -> None:
        super().__init__(f"stopped at step {step}")
        self.checkpoint, self.step = checkpoint, step


def train(
    network: nn.Module,
    loss: Loss,
    schedule: Schedule,
    checkpoint: Path | None = None,
    progress: Progress = silent,
    every: float = 30.0,
    device: torch.device | str = "cpu",
) -> nn.Module:
    """Train a network in place and return it in evaluation mode.

    checkpoint: a file that is written every `every` seconds and on Ctrl-C, and continued from when it exists: the
    result is the same as that of an unbroken run. Raises ValueError when it belongs to another schedule, and
    Interrupted on Ctrl-C.
    """
    network.to(device).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=schedule.rate, weight_decay=schedule.decay)
    done = _resume(network, optimizer, schedule, checkpoint)
    saved = time.monotonic()
    step = done
    with torch.random.fork_rng():
        try:
            for step in range(done, schedule.steps):
                torch.manual_seed(schedule.seed * 1_000_003 + step)
                for group in optimizer.param_groups:
                    group["lr"] = schedule.rate_at(step)
                optimizer.zero_grad()
                loss(network, step).backward()
                optimizer.step()
                progress("training", step + 1, schedule.steps)
                if checkpoint and time.monotonic() - saved > every:
                    _save(network, optimizer, schedule, step + 1, checkpoint)
                    saved = time.monotonic()
        except KeyboardInterrupt:
            # The step may be half applied, so the last whole state is the one on disk.
            raise Interrupted(checkpoint if checkpoint and checkpoint.exists() else None, step) from None
    if checkpoint:
        _save(network, optimizer, schedule, schedule.steps, checkpoint)
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
    if path is None or not path.exists():
        return 0
    try:
        state = torch.load(path, "cpu", weights_only=True)
        if state["schedule"] != asdict(schedule):
            raise ValueError(f"{path} belongs to other settings: use the same ones, or another --run folder")
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
    except (pickle.UnpicklingError, RuntimeError, KeyError, EOFError) as error:
        raise ValueError(f"cannot continue from {path}: {error}; delete it to start again") from error
    return int(state["step"])
