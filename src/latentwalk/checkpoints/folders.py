"""Folders that are one checkpoint: weights, and beside them the configuration that they need."""

import json
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple

from latentwalk.safeload.nodes import ADVICE, CheckpointError, shown
from latentwalk.safeload.reading import read_tree

LONGEST_JSON = 2**20
CHECKPOINTS = (".safetensors", ".pt", ".pth", ".pkl", ".bin", ".ckpt")
"""How the names of checkpoints end, where one has to be found among other files."""


class Layout(NamedTuple):
    """The weights of a folder and the configuration beside it; "*" is the same in both names."""

    weights: str
    config: str


LAYOUTS = (
    Layout("pytorch_model*.bin", "config*.json"),
    Layout("*pytorch_model.bin", "*config.json"),
    Layout("model*.safetensors", "config*.json"),
    Layout("G_ema*.pth", "state_dict*.pth"),
    Layout("G*.pth", "state_dict*.pth"),
)
"""In the order in which they are looked for: an averaged generator comes before the other one."""


def read_path(path: Path, everything: bool = False) -> Any:
    """The tree of a checkpoint file or folder; with a configuration {"state": tree of the weights, "config": its tree}.

    everything: see `read_tree`.

    Raises CheckpointError when there are no weights, or when it is not clear which ones are meant.
    """
    weights, *config = files_of(path)
    tree = read_tree(weights, everything)
    return {"state": tree, "config": _read_config(config[0])} if config else tree


def files_of(path: Path) -> list[Path]:
    """The files that `read_path` reads: the weights and, where one lies beside them, their configuration."""
    if path.is_dir():
        return [path / name for name in choose([found.name for found in path.iterdir() if found.is_file()], str(path))]
    configs = [_config_of(path.name, layout) for layout in LAYOUTS]
    beside = [path.parent / config for config in configs if config and (path.parent / config).is_file()]
    return [path, *beside[:1]]


def choose(names: Collection[str], where: str) -> tuple[str, ...]:
    """The file of the weights and that of their configuration, where they have one, among the files of a folder.

    Raises CheckpointError when there are no weights, or when it is not clear which ones are meant.
    """
    for layout in LAYOUTS:
        for weights in sorted(names, key=lambda name: (len(name), name)):
            config = _config_of(weights, layout)
            if config is not None and config in names:
                return weights, config
    files = sorted(name for name in names if name.lower().endswith(CHECKPOINTS))
    if len(files) == 1:
        return (files[0],)
    if files:
        some = ", ".join(map(shown, files[:4]))
        raise CheckpointError(f"{where} is a folder of {len(files)} checkpoints ({some}): expected one of them")
    raise CheckpointError(
        f"{where} is a folder without weights: expected pytorch_model.bin and config.json, G_ema.pth and "
        f"state_dict.pth, or one checkpoint ({', '.join(CHECKPOINTS)})"
    )


def _config_of(weights: str, layout: Layout) -> str | None:
    """The name of the configuration of weights, None when they are named otherwise."""
    match = re.fullmatch(re.escape(layout.weights).replace(r"\*", "(.*)"), weights, re.DOTALL)
    return None if match is None else layout.config.replace("*", match[1])


def _read_config(path: Path) -> Any:
    if path.suffix != ".json":
        return read_tree(path)
    if path.stat().st_size > LONGEST_JSON:
        raise CheckpointError(f"{path} has more than {LONGEST_JSON} bytes: expected a configuration")
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} is not readable JSON ({shown(error)}): {ADVICE}") from None
