"""The folder of a run: what it was started with, and where its checkpoint lies."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from latentwalk.difference import difference
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
    """The first setting that differs."""
    try:
        return difference(json.loads(there), json.loads(here)) or "in another order"
    except ValueError:
        return "its note is damaged"


def _read(note: Path) -> str:
    try:
        return note.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"cannot read the settings of the run in {note}: {error}") from error
