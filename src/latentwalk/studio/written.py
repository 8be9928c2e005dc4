"""What is written to files elsewhere, as bytes for a page."""

import re
import tempfile
from collections.abc import Callable
from pathlib import Path, PurePath

from latentwalk.studio.recipe import plain_name
from latentwalk.studio.session import Session
from latentwalk.studio.state import State

NAMED = 3
"""Sliders that stand in the name of a file."""


def written(name: str, save: Callable[[Path], None]) -> bytes:
    """What `save` writes to a file of this name. Nothing is left of it."""
    with tempfile.TemporaryDirectory(prefix="latentwalk-") as folder:
        save(Path(folder) / name)
        return (Path(folder) / name).read_bytes()


def file_name(session: Session, state: State, ending: str) -> str:
    """What a picture is called: after the generator, the seed, and the sliders that moved it."""
    stem = PurePath(plain_name(session.model.generator.source)).stem or "picture"
    code = "code" if state.kept is not None else f"seed{state.seed}"
    sliders = session.sliders
    moved = [sliders[edit.direction].name for edit in state.edits if edit.amount and edit.direction in sliders][:NAMED]
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", "-".join([stem, code, *moved])).strip("._") + ending
