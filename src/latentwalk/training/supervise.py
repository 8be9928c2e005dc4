"""The loss of an attribute classifier: pictures that are changed, and what is known of them."""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn
from torch.nn import functional as F

from latentwalk.training.augment import Augmentation, augment, mirror_columns
from latentwalk.training.one_cycle import Loss

Read = Callable[[Tensor], UInt8[Tensor, "n c h w"]]
"""Row numbers [n] -> pictures as bytes [n, c, h, w], 0 to 255: from memory or from disk."""


def supervision(
    read: Read,
    targets: Float[Tensor, "n a"],
    attributes: Sequence[str],
    batch: int,
    augmentation: Augmentation,
    seed: int = 0,
) -> Loss:
    """Binary cross-entropy on the logits against probabilities, for the batch of a step.

    targets: in [0, 1]. Every epoch visits the rows in an order of its own, drawn from the seed and the epoch alone, so
    that a run can be continued at any step. Columns named "..._left" and "..._right" change places in a mirrored
    picture.
    """
    mirrored = mirror_columns(attributes)
    per_epoch = steps_per_epoch(len(targets), batch)

    def loss(network: nn.Module, step: int) -> Tensor:
        epoch, place = divmod(step, per_epoch)
        order = torch.randperm(len(targets), generator=torch.Generator().manual_seed(seed * 1000 + epoch))
        rows = order[place * batch : (place + 1) * batch]
        device = next(network.parameters()).device
        images, flipped = augment(from_bytes(read(rows).to(device)), augmentation)
        wanted = targets[rows].to(device)
        wanted = torch.where(flipped[:, None] > 0, wanted[:, mirrored], wanted)
        # bfloat16 halves the time of a convolution where the processor has it and costs no accuracy here.
        with torch.autocast(device.type, torch.bfloat16, enabled=has_bfloat16(device)):
            logits = network(images)
        return F.binary_cross_entropy_with_logits(logits.float(), wanted)

    return loss


def has_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 is computed there: a processor that imitates it takes 5 to 8 times as long as in float32."""
    if device.type != "cpu":
        return True
    can = getattr(torch.cpu, "get_capabilities", dict)()  # older torch cannot tell
    return bool(can.get("avx512_bf16") or can.get("amx_bf16"))


def steps_per_epoch(pictures: int, batch: int) -> int:
    """Full batches in one pass; the rest of an epoch is left out, in another order every time."""
    return pictures // batch


def from_bytes(pictures: UInt8[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
    """0 to 255 -> [-1, 1], which is also (x / 255 - 0.5) / 0.5."""
    return pictures.float() / 127.5 - 1


def to_bytes(images: Float[Tensor, "n c h w"]) -> UInt8[Tensor, "n c h w"]:
    """[-1, 1] -> 0 to 255, rounded."""
    return ((images + 1) * 127.5).round().clamp(0, 255).byte()
