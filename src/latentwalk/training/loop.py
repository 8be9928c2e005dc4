"""One training loop for everything that learns: seeded step by step, resumable at any step, stopped by Ctrl-C."""

import io
import math
import pickle
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from latentwalk.files import NoSpace, remove_remains, write_bytes
from latentwalk.progress import Progress, silent

EVERY = 30.0
"""Seconds between two checkpoints."""


@runtime_checkable
class Trainable(Protocol):
    """What can be trained: networks with their optimizers, one or several of each.

    It keeps nothing that changes from step to step outside of its state: then a run that was stopped ends like one that
    was not, bit for bit.
    """

    def step(self, step: int, /) -> Mapping[str, Tensor]:
        """Learn once: forward, backward and the optimizers' updates. step: counted from 0. Returns losses by name.

        Randomness comes from torch's global state, which is seeded before every step, or from `step` itself.
        """
        ...

    def state_dict(self) -> dict[str, Any]:
        """Everything that a step changes, as tensors and plain data."""
        ...

    def load_state_dict(self, state: dict[str, Any], /) -> Any:
        """Go on from a state. Raises ValueError, or what torch raises, for one of another network."""
        ...


Watch = Callable[[int, Mapping[str, Tensor]], object]
"""Called after every step with how many are done, counted over all parts of the run, and the losses of the last."""


def nobody(_done: int, _losses: Mapping[str, Tensor]) -> None:
    """Watches nothing."""


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
    trainable: Trainable,
    steps: int,
    seed: int = 0,
    checkpoint: Path | None = None,
    progress: Progress = silent,
    watch: Watch = nobody,
    writes: bool = True,
) -> None:
    """Train in place for a number of steps.

    checkpoint: a file that is written every half minute and at the end, and continued from when it exists: the result
    is the same, bit for bit, as that of an unbroken run. The caller's random state is left as it was.
    watch: may look at what is learned, but not change it. writes: whether the file is written too; of several processes
    that learn together, all read it and one writes it.
    Raises ValueError when the checkpoint belongs to another run or is damaged, or when a loss is no number any more,
    NoSpace when the disk is full, and Interrupted on Ctrl-C. The last whole state stays in the file.
    """
    run = {"steps": steps, "seed": seed}
    done = _resume(trainable, run, checkpoint)
    if checkpoint and writes:
        remove_remains(checkpoint)
    saved = time.monotonic()
    losses: Mapping[str, Tensor] = {}
    try:
        with torch.random.fork_rng():
            for step in range(done, steps):
                # A seed for every step, not for the run: then a step does not depend on where the run was taken up.
                torch.manual_seed(seed * 1_000_003 + step)
                losses = trainable.step(step)
                progress("training", step + 1, steps)
                watch(step + 1, losses)
                # By the clock, because steps of small networks are far shorter than writing a file.
                if checkpoint and writes and time.monotonic() - saved > EVERY:
                    _check_finite(losses, step)
                    _save(trainable, run, step + 1, checkpoint)
                    saved = time.monotonic()
        _check_finite(losses, steps - 1)
        if checkpoint and writes and done < steps:
            _save(trainable, run, steps, checkpoint)
    except NoSpace as error:
        step = _read(checkpoint)["step"] if checkpoint and checkpoint.exists() else 0
        raise NoSpace(f"{error}; the same command goes on from step {step}") from error
    except KeyboardInterrupt:
        # The step may be half applied, so what counts is the last whole state: the one on disk.
        raise Interrupted(checkpoint) from None


def _check_finite(losses: Mapping[str, Tensor], step: int) -> None:
    """Raises ValueError when training has diverged; asked before a state is kept, so that the kept one is sound."""
    for name, loss in losses.items():
        if not math.isfinite(float(loss)):
            raise ValueError(f"the {name} is {float(loss)} at step {step}: training diverged, try a lower rate")


def _save(trainable: Trainable, run: Mapping[str, int], step: int, path: Path) -> None:
    # By way of memory: torch does not say that a disk is full, the system does.
    whole = io.BytesIO()
    torch.save({"trainable": trainable.state_dict(), "run": run, "step": step}, whole)
    write_bytes(path, whole.getbuffer())


def _resume(trainable: Trainable, run: Mapping[str, int], path: Path | None) -> int:
    """The step to go on with: 0, or that of the checkpoint, whose state is loaded."""
    if path is None or not path.exists():
        return 0
    state = _read(path)
    if state["run"] != run:
        raise ValueError(f"{path} belongs to other settings: use the same ones, or another --run folder")
    try:
        trainable.load_state_dict(state["trainable"])
    except (RuntimeError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{path} belongs to another network or other settings: use the same, or another --run folder"
        ) from error
    return int(state["step"])


def _read(path: Path) -> dict[str, Any]:
    try:
        state = torch.load(path, "cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, KeyError, EOFError, ValueError, OSError) as error:
        raise ValueError(f"cannot continue from {path}, it is damaged: delete it to start again") from error
    if not isinstance(state, dict) or not {"trainable", "run", "step"} <= set(state):
        raise ValueError(f"{path} is no checkpoint of a training run: delete it to start again")
    return state
