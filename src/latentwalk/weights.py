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
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
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
