"""Folders that are one checkpoint: weights, and beside them the configuration that they need."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from latentwalk.checkpoints.lowering import read_tree
from latentwalk.checkpoints.nodes import ADVICE, CheckpointError, shown

LONGEST_JSON = 2**20
CHECKPOINTS = (".safetensors", ".pt", ".pth", ".pkl", ".bin", ".ckpt")
"""How the names of checkpoints end, where one has to be found among other files."""


class Layout(NamedTuple):
    """The weights of a folder and the configuration beside it; "*" is the same in both names."""

    weights: str
    config: str


LAYOUTS = (
    Layout("pytorch_model*.bin", "config*.json"),
    Layout("model*.safetensors", "config*.json"),
    Layout("G_ema*.pth", "state_dict*.pth"),
    Layout("G*.pth", "state_dict*.pth"),
)
"""In the order in which they are looked for: an averaged generator comes before the other one."""


def read_folder(folder: Path) -> Any:
    """{"state": tree of the weights, "config": tree of the configuration}, or the tree of the only checkpoint.

    Raises CheckpointError when there are no weights, or when it is not clear which ones are meant.
    """
    weights, *configs = files_of(folder)
    return {"state": read_tree(weights), "config": _read_config(configs[0])} if configs else read_tree(weights)


def files_of(folder: Path) -> list[Path]:
    """The weights of a folder and, where they need one, their configuration. Raises CheckpointError as above."""
    for layout in LAYOUTS:
        start, end = layout.weights.split("*")
        for weights in sorted(folder.glob(layout.weights), key=lambda path: (len(path.name), path.name)):
            middle = weights.name.removeprefix(start).removesuffix(end)
            config = folder / layout.config.replace("*", middle)
            if config.is_file():
                return [weights, config]
    return [_only(folder)]


def _only(folder: Path) -> Path:
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.suffix.lower() in CHECKPOINTS)
    if len(files) == 1:
        return files[0]
    if files:
        names = ", ".join(shown(path.name) for path in files[:4])
        raise CheckpointError(f"{folder} is a folder of {len(files)} checkpoints ({names}): expected one of them")
    raise CheckpointError(
        f"{folder} is a folder without weights: expected pytorch_model.bin and config.json, G_ema.pth and "
        f"state_dict.pth, or one checkpoint ({', '.join(CHECKPOINTS)})"
    )


def _read_config(path: Path) -> Any:
    if path.suffix != ".json":
        return read_tree(path)
    if path.stat().st_size > LONGEST_JSON:
        raise CheckpointError(f"{path} has more than {LONGEST_JSON} bytes: expected a configuration")
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} is not readable JSON ({shown(error)}): {ADVICE}") from None
