"""Lists of attributes: what is known of pictures, in the layout of CelebA's own list or as CSV.

202599                                  how many pictures (may be left out)
5_o_Clock_Shadow Arched_Eyebrows ...    names of the columns; in CSV, that of the files before them
000001.jpg -1  1 ...                    a file, and a number per column
"""

import math
import re
from pathlib import Path

import numpy as np

UNKNOWN = ("", "?", "nan", "NaN")
"""What stands for a value that nobody knows."""

NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,2})?")


def read_attribute_list(path: str | Path, binary: bool = False) -> tuple[list[str], dict[str, np.ndarray]]:
    """Names of the columns, and per file (a path inside the folder of the pictures) its row of numbers [columns].

    Columns of -1 and 1 become 0 and 1; unknown values (empty, ?, nan) become NaN. binary: whether there may be nothing
    but -1 and 1.
    Raises ValueError for a file that cannot be read, and a line that does not fit.
    """
    path = Path(path)
    lines = [(number, line.strip()) for number, line in enumerate(_text(path).splitlines(), start=1) if line.strip()]
    table = lines[1:] if lines and lines[0][1].isdigit() else lines
    if len(table) < 2:
        raise ValueError(f"{path} has {len(lines)} lines: expected a count, the names of the attributes, and pictures")
    separator = "," if "," in table[0][1] else None
    names = [name.strip() for name in table[0][1].split(separator)][1 if separator else 0 :]
    if len(set(names)) < len(names) or not all(names):
        raise ValueError(f"{path}: expected a name for every column, each once, got {', '.join(names):.80}")
    files, rows = [], np.empty((len(table) - 1, len(names)), dtype=np.float32)
    for row, (number, line) in enumerate(table[1:]):
        file, *values = (part.strip() for part in line.rsplit(separator, len(names)))
        if len(values) != len(names) or not all(_is_value(value, binary) for value in values):
            kind = "values -1 or 1" if binary else "numbers"
            raise ValueError(f"{path}, line {number}: expected a file and {len(names)} {kind}, got {line!r:.80}")
        files.append(file)
        rows[row] = [math.nan if value in UNKNOWN else float(value) for value in values]
    for column in rows.T:
        if np.isin(column[~np.isnan(column)], (-1, 1)).all():
            column[column == -1] = 0
    return names, dict(zip(files, rows, strict=True))


def _is_value(text: str, binary: bool) -> bool:
    return text in ("-1", "1") if binary else text in UNKNOWN or NUMBER.fullmatch(text) is not None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"cannot read {path}: {error}") from error
