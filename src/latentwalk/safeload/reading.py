"""Any checkpoint file as a plain tree, found out from its content, without executing anything that it holds."""

from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from latentwalk.safeload.known_globals import KNOWN
from latentwalk.safeload.nodes import ADVICE, CheckpointError, shown
from latentwalk.safeload.opcodes import unpickle
from latentwalk.safeload.plain_tree import Foreign, Lowering
from latentwalk.safeload.sniff import check_kind, is_archive, is_safetensors
from latentwalk.safeload.storage import mapped
from latentwalk.safeload.torch_stream import MAGIC, Stream, read_archive, read_legacy

__all__ = ["CheckpointError", "Foreign", "read_tree"]


def read_tree(path: str | Path, everything: bool = False) -> Any:
    """What a checkpoint file holds, as dicts, lists, tuples, sets, numbers, text and tensors; nothing is executed.

    NVIDIA's persistent objects are {"class_name": ..., "state": {...}}; objects of unknown classes are `Foreign`.
    everything: give values to the tensors that an averaged generator supersedes, too, see `SUPERSEDED`.
    Raises CheckpointError (a ValueError) with one line that begins with the path.
    """
    path = Path(path)
    if not path.is_file():
        what = f"{path} is a folder" if path.is_dir() else f"no checkpoint at {path}"
        raise CheckpointError(f"{what}: expected a checkpoint file")
    try:
        return _read(path, everything)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from None
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read ({error.strerror}): expected a checkpoint file") from None


def _read(path: Path, everything: bool) -> Any:
    data, budget = mapped(path)
    if is_safetensors(data):
        return _read_safetensors(path)
    if is_archive(data):
        return Lowering(read_archive(path, data), budget, KNOWN, everything).tree()
    check_kind(data)
    return Lowering(_read_pickle(data), budget, KNOWN, everything).tree()


def _read_pickle(data: memoryview) -> Stream:
    """A plain pickle, or the torch stream that begins with one."""
    first = unpickle(data)
    return read_legacy(data, first.end) if first.root == MAGIC else Stream(first.root, {})


def _read_safetensors(path: Path) -> dict[str, Any]:
    """The tensors by name; with what the header says of them where latentwalk wrote it."""
    try:
        with safe_open(str(path), framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not iterable
            ours = metadata.get("kind", "").startswith("latentwalk.")
            return {"metadata": metadata, "state": tensors} if ours else tensors
    except (SafetensorError, ValueError, KeyError) as error:
        raise CheckpointError(f"damaged or truncated: {shown(error)}: {ADVICE}") from None
