"""The folder of a run: what it was started with, and where its checkpoint lies."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from latentwalk.files import write_text

CHECKPOINT = "checkpoint.pt"


def open_run(run: str | Path | None, settings: Mapping[str, Any]) -> Path | None:
    """Where the checkpoint of a run goes; None without a folder.

    A new folder notes the settings (plain data). One with a checkpoint must hold the same, else ValueError: to continue
    with other settings would give a network that no recipe describes.
    """
    if run is None:
        return None
    note, checkpoint = Path(run) / "run.json", Path(run) / CHECKPOINT
    text = json.dumps(settings, indent=2)
    if not checkpoint.exists():
        write_text(note, text)
    elif (there := _read(note)) != text:
        raise ValueError(
            f"{run} holds a run with other settings ({_difference(there, text)}): use the same ones, choose another "
            "--run folder, or delete it"
        )
    return checkpoint


def _difference(there: str, here: str) -> str:
    """The first setting that differs, such as "recipe.batch is 32 there, 16 here"."""
    try:
        old, new = (dict(_flat(json.loads(text))) for text in (there, here))
    except ValueError:
        return "its note is damaged"
    for name in [*new, *old]:
        if old.get(name) != new.get(name):
            return f"{name} is {old.get(name)} there, {new.get(name)} here"
    return "in another order"


def _flat(tree: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every plain value of nested data, by its dotted path."""
    parts = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else None
    if parts is None:
        yield name, tree
        return
    for key, value in parts:
        yield from _flat(value, f"{name}.{key}" if name else str(key))


def _read(note: Path) -> str:
    try:
        return note.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"cannot read the settings of the run in {note}: {error}") from error
