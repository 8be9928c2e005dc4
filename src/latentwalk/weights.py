"""Named tensors: telling them apart, and checking them."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor


def fingerprint(tensors: Mapping[str, Tensor]) -> str:
    """Sixteen hex digits over names, shapes, types and values: the same network has the same in any file."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name}{list(tensor.shape)}{tensor.dtype}".encode())
        flat = tensor.as_strided((tensor.numel(),), (1,))  # of one number, the stride may be any
        digest.update(flat.view(torch.uint8).numpy().data)
    return digest.hexdigest()[:16]


def check_finite(tensors: Mapping[str, Tensor], where: str | Path) -> None:
    """Raises ValueError that names the first tensor holding NaN or infinity."""
    for name, tensor in tensors.items():
        if not (tensor.is_floating_point() and tensor.numel()):
            continue
        low, high = torch.aminmax(tensor)  # NaN if there is one; several times as fast as to ask every number
        if not bool(torch.isfinite(low) & torch.isfinite(high)):
            raise ValueError(
                f"{where}: the tensor {name!r} holds NaN or infinite values; the network did not train or the file is "
                "damaged: use another checkpoint"
            )


NUMBERS = frozenset({torch.float16, torch.bfloat16, torch.float32, torch.float64})
"""Types of numbers that weights have."""


def check_numbers(tensors: Mapping[str, Tensor], where: str | Path) -> None:
    """Raises ValueError that names the first tensor that is empty, or whose numbers are complex, whole or of 8 bits.

    A single whole number is a counter.
    """
    for name, tensor in tensors.items():
        if not tensor.numel():
            raise ValueError(
                f"{where}: the tensor {name!r} is empty: the file is damaged, or one of several that hold a network"
            )
        counts = tensor.numel() < 2 and not (tensor.is_floating_point() or tensor.is_complex())
        if tensor.dtype not in NUMBERS and not counts:
            raise ValueError(
                f"{where}: the tensor {name!r} has numbers of the type {tensor.dtype}: expected floating point numbers "
                "of 16, 32 or 64 bits; save the network as it was trained, before it was quantised"
            )
