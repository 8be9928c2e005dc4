"""Hand labels: a table with one row per code, and what its columns mean.

The plain form has commas, one header and 1, 0 or nothing in its cells; it is the only one that is written. What
spreadsheets make of it is read as well: semicolons and tabs, UTF-16, `Seed`, spaces, TRUE, yes and 1.0, empty lines and
columns.
"""

import codecs
import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.code_files import load_codes
from latentwalk.files import write_text
from latentwalk.generator import Generator
from latentwalk.hooks import nearest
from latentwalk.latents import Latents
from latentwalk.samples import Samples

YES, NO, UNKNOWN = "1", "0", ""
"""What a cell says about an attribute."""

ANSWERS = {
    **dict.fromkeys(("1", "1.0", "1,0", "true", "yes"), YES),
    **dict.fromkeys(("0", "0.0", "0,0", "false", "no"), NO),
    "": UNKNOWN,
}
"""How spreadsheets and people write it, in small letters. Single letters are names: "n" may be a colour of hair."""

KEYS = ("seed", "index", "photo")
"""What the first column may be."""

Key = int | str
"""What a row is about: a seed, an index, or the path of a photograph."""

SEPARATORS = (",", ";", "\t")


@dataclass(frozen=True)
class LabelTable:
    """Labels by seed (the code is `generator.sample([seed])`), index (a row of a file of codes) or photo (a file).

    columns: names after the key. rows: per key its cells by column; what is not there is unknown. A column that
    answers yes or no everywhere holds YES, NO and UNKNOWN, every other one its own names.
    """

    columns: tuple[str, ...] = ()
    rows: Mapping[Key, Mapping[str, str]] = field(default_factory=dict)
    key: str = "seed"

    @staticmethod
    def read(path: str | Path) -> "LabelTable":
        """The table in a file.

        Raises ValueError with the line or the column that does not fit, and for a seed with two different answers.
        """
        try:
            lines = _lines(_decode(Path(path).read_bytes()))
        except (OSError, UnicodeError, csv.Error) as error:
            raise ValueError(f"cannot read the labels {path}: {error}") from error
        (_, header), *body = lines or [(1, [""])]
        key, columns = header[0].casefold(), tuple(header[1:])
        if key not in KEYS:
            raise ValueError(
                f"{path} begins with {header[0]!r}: expected a header whose first column is seed, index or photo"
            )
        _check_columns(columns, body, path)
        keys = [(line, _key(cells[0], key, path, line)) for line, cells in body]
        plain = [_plain_column([cells[i] for _, cells in body]) for i in range(1, len(header))]
        merged = {
            name: _merge(keys, cells, f"{path}, column {name}: {key}")
            for name, cells in zip(columns, plain, strict=True)
        }
        rows = {code: {name: merged[name][code] for name in columns} for _, code in keys}
        return LabelTable(columns, rows, key)

    def write(self, path: str | Path) -> None:
        """The whole file or nothing, in the plain form: an answer that was kept stays, whatever happens after."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([self.key, *self.columns])
        writer.writerows([code, *(row.get(name, UNKNOWN) for name in self.columns)] for code, row in self.rows.items())
        write_text(path, text.getvalue())

    def cell(self, code: Key, column: str) -> str:
        return self.rows.get(code, {}).get(column, UNKNOWN)

    def with_rows(self, codes: Sequence[Key], columns: Sequence[str]) -> "LabelTable":
        """The same labels with room for these codes and columns where there was none."""
        names = tuple(dict.fromkeys([*self.columns, *columns]))
        return LabelTable(names, {**self.rows, **{code: self.rows.get(code, {}) for code in codes}}, self.key)

    def with_cell(self, code: Key, column: str, value: str) -> "LabelTable":
        roomy = self.with_rows([code], [column])
        return LabelTable(roomy.columns, {**roomy.rows, code: {**roomy.rows[code], column: value}}, self.key)

    def values(self, column: str) -> set[str]:
        """What a column says somewhere."""
        return {row.get(column, UNKNOWN) for row in self.rows.values()} - {UNKNOWN}

    def is_binary(self, column: str) -> bool:
        """Whether a column answers yes or no, or nothing, everywhere."""
        return self.values(column) <= {YES, NO}

    def open_questions(self, codes: Sequence[int], columns: Sequence[str]) -> list[tuple[int, str]]:
        """What is not answered yet, code by code."""
        return [(code, name) for code in codes for name in columns if self.cell(code, name) == UNKNOWN]

    def counts(self, column: str) -> tuple[int, int]:
        """How many have it, and how many have it not."""
        cells = [row.get(column, UNKNOWN) for row in self.rows.values()]
        return cells.count(YES), cells.count(NO)


def _decode(raw: bytes) -> str:
    """Text from UTF-8, or from UTF-16 that says so in its first two bytes, as spreadsheets do."""
    return raw.decode("utf-16" if raw[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig")


def _lines(text: str) -> list[tuple[int, list[str]]]:
    """Line number and cells of every line that says something, all of one width, without columns that say nothing."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True, skipinitialspace=True)
    lines = [(reader.line_num, [cell.strip() for cell in line]) for line in reader]
    lines = [(number, line) for number, line in lines if any(line) and not _is_hint(line[0])]
    width = max((len(line) for _, line in lines), default=0)
    padded = [(number, line + [""] * (width - len(line))) for number, line in lines]
    kept = [i for i in range(width) if i == 0 or any(line[i] for _, line in padded)]
    return [(number, [line[i] for i in kept]) for number, line in padded]


def _separator(text: str) -> str:
    """What stands after the first name of the header; guessing from the cells would trip over lists in them."""
    header = next((line for line in text.splitlines() if line.strip() and not _is_hint(line)), "")
    for mark in SEPARATORS:
        cells = next(csv.reader([header], delimiter=mark, skipinitialspace=True))
        if cells and cells[0].strip().casefold() in KEYS:
            return mark
    return ","


def _is_hint(line: str) -> bool:
    """Whether it is the line "sep=;" that Excel reads and writes."""
    return line.casefold().startswith("sep=")


def _check_columns(columns: Sequence[str], body: Sequence[tuple[int, list[str]]], path: str | Path) -> None:
    """Raises ValueError for two columns of one name, and for cells in a column without one."""
    for number, line in body:
        stray = [cell for name, cell in zip(columns, line[1:], strict=True) if cell and not name]
        if stray:
            raise ValueError(f"{path}, line {number}: {stray[0]!r} stands in a column without a name: name it")
    if len(set(columns)) < len(columns):
        raise ValueError(f"{path} has the columns {', '.join(columns)}: give each a name of its own")


def _merge(keys: Sequence[tuple[int, Key]], cells: Sequence[str], where: str) -> dict[Key, str]:
    """What one column says of every code. Raises ValueError when two lines of one code say different things."""
    found: dict[Key, str] = {}
    lines: dict[Key, int] = {}
    for (line, code), cell in zip(keys, cells, strict=True):
        known = found.get(code, UNKNOWN)
        if known and cell and known != cell:
            raise ValueError(f"{where} {code} says {known} in line {lines[code]} and {cell} in line {line}: keep one")
        if not known:
            found[code], lines[code] = cell, line
    return found


def _plain_column(cells: list[str]) -> list[str]:
    """1, 0 and nothing where every cell is a way to write that, else the cells as they are."""
    answers = [ANSWERS.get(cell.casefold()) for cell in cells]
    return cells if None in answers else [answer or UNKNOWN for answer in answers]


def _key(cell: str, key: str, path: str | Path, line: int) -> Key:
    """A photograph, a seed or an index; 12.0 is what a spreadsheet may make of 12."""
    if key == "photo" and cell:
        return cell
    found = re.fullmatch(r"([0-9]+)([.,]0)?", cell)
    if not found or int(found[1]) >= 2**63:
        raise ValueError(f"{path}, line {line}: expected a whole number as {key}, got {cell!r}")
    return int(found[1])


@dataclass(frozen=True)
class Attribute:
    """What makes a row positive or negative for one attribute; every other value counts as "cannot tell"."""

    name: str
    column: str
    positive: frozenset[str]
    negative: frozenset[str]

    def value(self, row: Mapping[str, str]) -> float:
        found = row.get(self.column, UNKNOWN)
        return 1.0 if found in self.positive else 0.0 if found in self.negative else float("nan")


def read_labels(
    path: str | Path,
    generator: Generator,
    codes: str | Path | None,
    wanted: Sequence[str],
    space: str | None = None,
) -> Samples:
    """Labelled codes: what a table of labels says about some attributes.

    The first column is `seed` (the code is `generator.sample([seed])`) or `index` (a row of `codes`, a file that
    `load_codes` reads, with `space`). Every other column holds 0, 1 or nothing, or names such as "k" and "b". `wanted`
    chooses and renames: "smiling" (a 0/1 column), "black_hair=hair:k" (k against every other name) or
    "black_hair=hair:k/n,b" (k against n and b, the rest unknown). Without `wanted`, every 0/1 column is taken.
    Returns Samples whose scores are 1, 0 or NaN. Raises ValueError with the line or column that does not fit.
    """
    table = LabelTable.read(path)
    names, values = read_answers(table, wanted, path)
    return Samples(_codes(table, generator, codes, space, path), values, names)


def read_answers(
    table: LabelTable, wanted: Sequence[str], path: str | Path
) -> tuple[tuple[str, ...], Float[Tensor, "rows attributes"]]:
    """Names of attributes, and 1, 0 or NaN for every row. path: of the table, for errors. Else as in `read_labels`."""
    if not table.rows:
        raise ValueError(f"{path} has a header and no rows")
    binary = [column for column in table.columns if table.is_binary(column)]
    attributes = [_attribute(text, table, path) for text in wanted or binary]
    if not attributes:
        raise ValueError(f"{path} has no column of 0 and 1: expected some, or --attribute NAME=COLUMN:VALUE")
    names = [attribute.name for attribute in attributes]
    if len(set(names)) < len(names):
        raise ValueError(f"the attributes name {max(names, key=names.count)} twice: give each its own name")
    values = torch.tensor([[attribute.value(row) for attribute in attributes] for row in table.rows.values()])
    return tuple(names), values


def _attribute(text: str, table: LabelTable, path: str | Path) -> Attribute:
    name, renamed, rule = text.partition("=")
    column, has_values, values = rule.partition(":") if renamed else (name, "", "")
    if column not in table.columns:
        raise ValueError(f"{path} has no column {column!r}: there are {', '.join(nearest(column, table.columns, 99))}")
    found, binary = table.values(column), table.is_binary(column)
    if not has_values and not binary:
        raise ValueError(
            f"{path}: the column {column} holds {', '.join(sorted(found))}: "
            f"expected 0, 1 or nothing, or say which value counts with {name}={column}:VALUE"
        )
    yes, _, no = values.partition("/")
    positive = _values(yes, binary) if has_values else frozenset({YES})
    negative = _values(no, binary) if no else frozenset(found - positive)
    missing = sorted((positive | negative) - found)
    if missing:
        raise ValueError(f"{path}: the column {column} never holds {', '.join(missing)}: {name} cannot be learned")
    return Attribute(name, column, positive, negative)


def _values(text: str, binary: bool) -> frozenset[str]:
    """The values of a rule; in a column of answers "yes" means what it means in its cells."""
    return frozenset(ANSWERS.get(value.casefold(), value) if binary else value for value in text.split(","))


def _codes(
    table: LabelTable, generator: Generator, codes: str | Path | None, space: str | None, path: str | Path
) -> Latents:
    if table.key == "photo":
        raise ValueError(
            f"{path} names photographs: expected seeds or indices here; latentwalk discover takes photographs"
        )
    indices = [int(key) for key in table.rows]
    if table.key == "seed":
        return generator.sample(indices)
    if codes is None:
        raise ValueError(f"{path} names its codes by index: give the file of the codes with --codes")
    every = load_codes(generator, codes, space)
    if max(indices) >= len(every):
        raise ValueError(f"{path} names the code {max(indices)}, but {codes} holds {len(every)}")
    return every[indices]
