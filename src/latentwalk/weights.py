"""Named tensors: reading them from files as data, telling them apart, checking them."""

import hashlib
import warnings
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

WRAPPINGS = 3
"""Dicts that may lie around a state dict, such as {"gen": {...}}."""


def read_state_dict(path: str | Path) -> dict[str, Tensor]:
    """All tensors of a .safetensors file or of a torch file that holds nothing but tensors.

    Nothing in the file is executed. A dict with a single dict of tensors inside is unwrapped.
    Raises ValueError when the file is missing, damaged or holds something else.
    """
    path = Path(path)
    if not path.is_file():
        what = f"{path} is a folder" if path.is_dir() else f"no checkpoint at {path}"
        raise ValueError(f"{what}: expected a .safetensors, .pt or .pth file")
    try:
        found = load_file(path) if is_safetensors(path) else _read_torch(path)
    except Exception as error:  # a damaged file can fail anywhere in its reader, with any error
        raise ValueError(
            f"{path} is not a readable checkpoint (it is damaged or truncated, or holds more than tensors): "
            "expected a state dict in .safetensors, .pt or .pth, saved with torch.save(network.state_dict(), path)"
        ) from error
    return _state_dict(found, path)


def _read_torch(path: Path) -> object:
    with warnings.catch_warnings(action="ignore"):  # torch prints advice on what it cannot read; our error says enough
        return torch.load(path, "cpu", weights_only=True)


def is_safetensors(path: Path) -> bool:
    """Whether the content (not the name) is safetensors: an 8-byte length, then a JSON header."""
    with path.open("rb") as file:
        return file.read(9)[8:] == b"{"


def _state_dict(found: object, path: Path) -> dict[str, Tensor]:
    for _ in range(WRAPPINGS):
        if not isinstance(found, Mapping) or _holds_tensors(found):
            break
        inner = [value for value in found.values() if isinstance(value, Mapping)]
        if len(inner) != 1:
            break
        found = inner[0]
    if not isinstance(found, Mapping) or not _holds_tensors(found):
        names = f"a dict of {', '.join(map(repr, list(found)[:4])) or 'nothing'}" if isinstance(found, Mapping) else ""
        raise ValueError(
            f"{path} holds {names or type(found).__name__}, no state dict: expected a dict from names to tensors; "
            "save the generator alone with torch.save(network.state_dict(), path)"
        )
    _check_plain(found, path)
    return {str(name): tensor.detach() for name, tensor in found.items()}


def _holds_tensors(found: Mapping[object, object]) -> bool:
    return bool(found) and all(isinstance(value, Tensor) for value in found.values())


def _check_plain(tensors: Mapping[str, Tensor], path: Path) -> None:
    """Raises ValueError for a tensor without values of its own (a few bytes could claim terabytes), or in float8."""
    for name, tensor in tensors.items():
        plain = tensor.layout == torch.strided and not tensor.is_quantized and tensor.device.type == "cpu"
        short = tensor.is_floating_point() and tensor.element_size() < 2
        if not plain or short or tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
            raise ValueError(
                f"{path}: the tensor {name!r} is not stored value by value: save it with .float().contiguous()"
            )


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
            raise ValueError(
                f"{where}: the tensor {name!r} holds NaN or infinite values; the network did not train or the file is "
                "damaged: use another checkpoint"
            )
