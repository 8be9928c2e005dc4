"""A notebook from top to bottom without Jupyter: its cells in one namespace, and what each would show.

    python tests/notebooks.py examples/tour.ipynb

runs it where it lies and writes what it shows into it, for those who read it without running it.
"""

import ast
import base64
import contextlib
import io
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Output = dict[str, Any]

KINDS = {"text/html": "_repr_html_", "image/png": "_repr_png_"}
"""What a notebook shows of a value beside its text, and the method that makes it."""


def code_cells(notebook: Path) -> list[dict[str, Any]]:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def run(notebook: Path, instead: Mapping[str, str] | None = None) -> list[list[Output]]:
    """Every code cell, in order, in the folder where this process is: what each shows.

    instead: what is run in place of a text. Raises what a cell raises.
    """
    space: dict[str, Any] = {"__name__": "__main__"}
    outputs: list[list[Output]] = []
    for count, cell in enumerate(code_cells(notebook), 1):
        source = "".join(cell["source"])
        for text, other in (instead or {}).items():
            source = source.replace(text, other)
        outputs.append(run_cell(source, space, f"cell {count}", count))
    return outputs


def run_cell(source: str, space: dict[str, Any], name: str, count: int = 1) -> list[Output]:
    """What is printed, and the value of the last line if it is an expression."""
    body = ast.parse(source).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(ast.Module(body, []), name, "exec"), space)
        value = eval(compile(ast.Expression(last.value), name, "eval"), space) if isinstance(last, ast.Expr) else None
    outputs: list[Output] = []
    if printed.getvalue():
        text = printed.getvalue().splitlines(keepends=True)
        outputs.append({"output_type": "stream", "name": "stdout", "text": text})
    if value is not None:
        data = shown(value)
        outputs.append({"output_type": "execute_result", "execution_count": count, "data": data, "metadata": {}})
    return outputs


def shown(value: object) -> dict[str, str | list[str]]:
    """A value as a notebook keeps it."""
    data: dict[str, str | list[str]] = {"text/plain": repr(value).splitlines(keepends=True)}
    for kind, name in KINDS.items():
        made = getattr(value, name, lambda: None)()
        if isinstance(made, bytes):
            made = base64.b64encode(made).decode()
        if made is not None:
            data[kind] = made
    return data


def write(notebook: Path, outputs: list[list[Output]]) -> None:
    """The notebook with these outputs of its code cells."""
    content = json.loads(notebook.read_text(encoding="utf-8"))
    code = [cell for cell in content["cells"] if cell["cell_type"] == "code"]
    for count, (cell, seen) in enumerate(zip(code, outputs, strict=True), 1):
        cell |= {"outputs": seen, "execution_count": count}
    notebook.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    path = Path(sys.argv[1]).resolve()
    os.chdir(path.parent)
    write(path, run(path))
