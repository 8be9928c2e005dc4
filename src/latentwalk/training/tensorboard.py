"""Losses for TensorBoard, where somebody has it."""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from latentwalk.training.diary import LINES
from latentwalk.training.loop import Watch


def to_tensorboard(folder: Path, batch: int) -> Watch:
    """A watch that writes every loss each 50 steps, over the pictures seen, into a folder that `tensorboard --logdir`
    takes. batch: pictures of a step. Raises ValueError where TensorBoard is not installed."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise ValueError("TensorBoard is not installed: pip install tensorboard, or leave --tensorboard out") from None
    writer = SummaryWriter(str(folder / "tensorboard"))

    def watch(done: int, losses: Mapping[str, Tensor]) -> None:
        if done % LINES == 0:
            for name, loss in losses.items():
                writer.add_scalar(name, float(loss), done * batch)
            writer.flush()

    return watch
