"""Hand labels: a CSV with one row per code, and what its columns mean."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from latentwalk.generator import Generator
from latentwalk.hooks import nearest
from latentwalk.latents import Latents
from latentwalk.samples import Samples

BINARY = {"0", "1", ""}


@dataclass(frozen=True)
class Attribute:
    """What makes a row positive or negative for one attribute; every other value counts as "cannot tell"."""

    name: str
    column: str
    positive: frozenset[str]
    negative: frozenset[str]

    def value(self, row: dict[str, str]) -> float:
        found = row[self.column]
        return 1.0 if found in self.positive else 0.0 if found in self.negative else float("nan")


def read_labels(path: str | Path, generator: Generator, codes: str | Path | None, wanted: Sequence[str]) -> Samples:
    """Labelled codes from a CSV.

    The first column is `seed` (the code is `generator.sample([seed])`) or `index` (a row of `codes`, a .npy file
    [n, d] or codes written by `Latents.save`). Every other column holds 0, 1 or nothing, or names such as "k" and
    "b". `wanted` chooses and renames: "smiling" (a 0/1 column), "black_hair=hair:k" (k against every other name) or
    "black_hair=hair:k/n,b" (k against n and b, the rest unknown). Without `wanted`, every 0/1 column is taken.
    Returns Samples whose scores are 1, 0 or NaN. Raises ValueError with the line or column that does not fit.
    """
    rows, columns = _read_rows(path)
    attributes = [_attribute(text, rows, columns, path) for text in wanted or _binary_columns(rows, columns)]
    if not attributes:
        raise ValueError(f"{path} has no column of 0 and 1: expected some, or --attribute NAME=COLUMN:VALUE")
    names = [attribute.name for attribute in attributes]
    if len(set(names)) < len(names):
        raise ValueError(f"the attributes name {max(names, key=names.count)} twice: give each its own name")
    values = torch.tensor([[attribute.value(row) for attribute in attributes] for row in rows])
    return Samples(_codes(rows, generator, codes, path), values, tuple(names))


def _read_rows(path: str | Path) -> tuple[list[dict[str, str]], list[str]]:
    try:
        with Path(path).open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restval="", restkey="")
            rows = [{(k or "").strip(): str(v).strip() for k, v in row.items()} for row in reader]
            header = [name.strip() for name in reader.fieldnames or []]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"cannot read the labels {path}: {error}") from error
    if not header or header[0] not in ("seed", "index"):
        raise ValueError(f"{path} begins with {header[:1]}: expected a header whose first column is 'seed' or 'index'")
    if not rows:
        raise ValueError(f"{path} has a header and no rows")
    for number, row in enumerate(rows, start=2):
        if not (row[header[0]].isascii() and row[header[0]].isdigit()):
            raise ValueError(f"{path}, line {number}: expected a whole number as {header[0]}, got {row[header[0]]!r}")
    return rows, header[1:]


def _binary_columns(rows: list[dict[str, str]], columns: list[str]) -> list[str]:
    return [column for column in columns if {row[column] for row in rows} <= BINARY]


def _attribute(text: str, rows: list[dict[str, str]], columns: list[str], path: str | Path) -> Attribute:
    name, renamed, rule = text.partition("=")
    column, has_values, values = rule.partition(":") if renamed else (name, "", "")
    if column not in columns:
        raise ValueError(f"{path} has no column {column!r}: there are {', '.join(nearest(column, columns, 99))}")
    found = {row[column] for row in rows} - {""}
    positive, _, negative = values.partition("/")
    yes = frozenset(positive.split(",")) if has_values else frozenset("1")
    no = frozenset(negative.split(",")) if negative else frozenset(found - yes)
    if not has_values and not found <= BINARY:
        raise ValueError(
            f"{path}: the column {column} holds {', '.join(sorted(found))}: "
            f"expected 0, 1 or nothing, or say which value counts with {name}={column}:VALUE"
        )
    missing = sorted((yes | no) - found)
    if missing:
        raise ValueError(f"{path}: the column {column} never holds {', '.join(missing)}: {name} cannot be learned")
    return Attribute(name, column, yes, no)


def _codes(rows: list[dict[str, str]], generator: Generator, codes: str | Path | None, path: str | Path) -> Latents:
    if "seed" in rows[0]:
        return generator.sample([int(row["seed"]) for row in rows])
    if codes is None:
        raise ValueError(f"{path} names its codes by index: give the file of the codes with --codes")
    every = read_codes(codes, generator)
    indices = [int(row["index"]) for row in rows]
    if max(indices) >= len(every):
        raise ValueError(f"{path} names the code {max(indices)}, but {codes} holds {len(every)}")
    return every[indices]


def read_codes(path: str | Path, generator: Generator) -> Latents:
    """Codes [n, d] from a .npy file or from a file written by `Latents.save`, checked against the generator."""
    if Path(path).suffix != ".npy":
        return generator.check(Latents.load(path)).to(generator.device)
    try:
        values = torch.from_numpy(np.load(path, allow_pickle=False).astype(np.float32))
    except (OSError, ValueError) as error:
        raise ValueError(f"cannot read the codes {path}: {error}") from error
    return generator.check(Latents(values.to(generator.device), generator.input_space.name))


def count_labels(values: Tensor) -> list[tuple[int, int]]:
    """(positives, negatives) of every column."""
    return [(int((column == 1).sum()), int((column == 0).sum())) for column in values.T]
