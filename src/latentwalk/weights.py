"""Named tensors: reading them from files as data, telling them apart, checking them."""

import hashlib
import pickle
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor


def read_state_dict(path: str | Path) -> dict[str, Tensor]:
    """All tensors of a .safetensors file or of a torch file that holds nothing but tensors.

    Nothing in the file is executed. A dict with a single dict of tensors inside is unwrapped.
    Raises ValueError when the file is missing, damaged or holds something else.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"no checkpoint at {path}: expected a .safetensors, .pt or .pth file")
    try:
        found = load_file(path) if is_safetensors(path) else torch.load(path, "cpu", weights_only=True)
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError, OSError) as error:
        raise ValueError(
            f"{path} is not a readable checkpoint (it may be truncated, or hold more than tensors): "
            "expected a state dict in .safetensors, .pt or .pth"
        ) from error
    tensors = _flat_state(found)
    if tensors is None:
        raise ValueError(f"{path} holds no state dict: expected a dict from names to tensors")
    return tensors


def is_safetensors(path: Path) -> bool:
    """Whether the content (not the name) is safetensors: an 8-byte length, then a JSON header."""
    with path.open("rb") as file:
        return file.read(9)[8:] == b"{"


def _flat_state(found: object) -> dict[str, Tensor] | None:
    if not isinstance(found, Mapping):
        return None
    if found and all(isinstance(value, Tensor) for value in found.values()):
        return {str(name): value for name, value in found.items()}
    inner = [value for value in found.values() if isinstance(value, Mapping)]
    return _flat_state(inner[0]) if len(inner) == 1 else None


def fingerprint(tensors: Mapping[str, Tensor]) -> str:
    """Sixteen hex digits over names, shapes, types and values: the same network has the same in any file."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name}{list(tensor.shape)}{tensor.dtype}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:16]


def check_finite(tensors: Mapping[str, Tensor], where: str | Path) -> None:
    """Raises ValueError that names the first tensor holding NaN or infinity."""
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise ValueError(f"{where}: the tensor {name} holds NaN or infinite values; the file is damaged")
