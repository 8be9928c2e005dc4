"""Labels by hand: the table that keeps them, and what to label next."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from PIL import Image

from latentwalk.files import write_text
from latentwalk.generator import Generator
from latentwalk.jobs.sheets import names_of
from latentwalk.labels import read_labels
from latentwalk.latents import concatenate
from latentwalk.methods.fewshot import FewShot, next_to_label
from latentwalk.pictures.grid import grid
from latentwalk.samples import Samples

YES, NO, UNKNOWN = "1", "0", ""
"""What a cell of the table says."""


@dataclass(frozen=True)
class LabelTable:
    """Labels by seed: what `read_labels` reads, and what is written after every answer.

    columns: names after `seed`. rows: per seed its cells by column; what is not there is unknown.
    """

    columns: tuple[str, ...] = ()
    rows: Mapping[int, Mapping[str, str]] = field(default_factory=dict)

    @staticmethod
    def read(path: str | Path) -> "LabelTable":
        """The table in a file, an empty one when there is none.

        Raises ValueError with the line that does not fit, and for tables whose first column is not `seed`.
        """
        path = Path(path)
        if not path.exists():
            return LabelTable()
        try:
            lines = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""), strict=True))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise ValueError(f"cannot read the labels {path}: {error}") from error
        header, *body = [[cell.strip() for cell in line] for line in lines if line] or [[]]
        if header[:1] != ["seed"]:
            raise ValueError(f"{path} begins with {header[:1]}: expected a header whose first column is 'seed'")
        if len(set(header)) < len(header) or "" in header:
            raise ValueError(f"{path} has the columns {', '.join(header)}: give each a name of its own")
        rows: dict[int, Mapping[str, str]] = {}
        for number, line in enumerate(body, start=2):
            rows[_seed(path, number, line, header, rows)] = dict(zip(header[1:], line[1:], strict=False))
        return LabelTable(tuple(header[1:]), rows)

    def write(self, path: str | Path) -> None:
        """The whole file or nothing: an answer that was kept stays, whatever happens after."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["seed", *self.columns])
        writer.writerows([seed, *(row.get(name, UNKNOWN) for name in self.columns)] for seed, row in self.rows.items())
        write_text(path, text.getvalue())

    def cell(self, seed: int, attribute: str) -> str:
        return self.rows.get(seed, {}).get(attribute, UNKNOWN)

    def with_rows(self, seeds: Sequence[int], attributes: Sequence[str]) -> "LabelTable":
        """The same labels with room for these seeds and attributes where there was none."""
        columns = tuple(dict.fromkeys([*self.columns, *attributes]))
        return LabelTable(columns, {**self.rows, **{seed: self.rows.get(seed, {}) for seed in seeds}})

    def with_cell(self, seed: int, attribute: str, value: str) -> "LabelTable":
        roomy = self.with_rows([seed], [attribute])
        return LabelTable(roomy.columns, {**roomy.rows, seed: {**roomy.rows[seed], attribute: value}})

    def open_questions(self, seeds: Sequence[int], attributes: Sequence[str]) -> list[tuple[int, str]]:
        """What is not answered yet, seed by seed."""
        return [(seed, name) for seed in seeds for name in attributes if self.cell(seed, name) == UNKNOWN]

    def counts(self, attribute: str) -> tuple[int, int]:
        """How many have it, and how many have it not."""
        cells = [row.get(attribute, UNKNOWN) for row in self.rows.values()]
        return cells.count(YES), cells.count(NO)

    def check(self, attributes: Sequence[str]) -> "LabelTable":
        """The table, once these columns hold 0, 1 or nothing. Raises ValueError."""
        for name in attributes:
            other = {row.get(name, UNKNOWN) for row in self.rows.values()} - {YES, NO, UNKNOWN}
            if other:
                raise ValueError(f"the column {name} holds {', '.join(sorted(other))}: expected 0, 1 or nothing")
        return self


def _seed(path: Path, number: int, line: list[str], header: list[str], known: Mapping[int, object]) -> int:
    """The seed of one line. Raises ValueError when it is none, or came before, or cells have no column."""
    text = line[0]
    if not (text.isascii() and text.isdigit()) or int(text) >= 2**63:
        raise ValueError(f"{path}, line {number}: expected a whole number as seed, got {text!r}")
    if int(text) in known:
        raise ValueError(f"{path}, line {number}: the seed {text} has a line already, merge the two")
    if len(line) > len(header):
        raise ValueError(f"{path}, line {number}: expected at most {len(header)} cells, got {len(line)}")
    return int(text)


def draw_label_sheet(
    generator: Generator, seeds: Sequence[int], columns: int | None = None, scale: int | None = None
) -> Image.Image:
    """The samples of these seeds, each with its number."""
    codes = generator.sample(seeds)
    return grid(generator.render(codes), columns, names_of(codes), scale)


def propose(
    generator: Generator,
    labels: str | Path,
    attribute: str,
    seeds: Sequence[int],
    count: int,
    method: FewShot | None = None,
) -> list[int]:
    """Which of these seeds to label next, those that tell most first: see `next_to_label`.

    Raises ValueError when fewer than `count` of them have no label yet, and for labels that do not fit.
    """
    hand = read_labels(labels, generator, None, [attribute])
    if hand.latents.seeds is None:
        raise ValueError(f"{labels} names its codes by index: expected the column 'seed' to propose seeds")
    known = set(hand.latents.seeds[~hand.scores[:, 0].isnan()].tolist())
    free = [seed for seed in dict.fromkeys(seeds) if seed not in known]
    if len(free) < count:
        raise ValueError(f"{len(free)} of the seeds have no label yet, fewer than the {count} to propose: offer more")
    taught = hand.latents[[i for i, seed in enumerate(hand.latents.seeds.tolist()) if seed in known]]
    scores = hand.scores[~hand.scores.isnan().any(1)]
    blank = scores.new_full((len(free), 1), torch.nan)
    every = Samples(concatenate([taught, generator.sample(free)]), torch.cat([scores, blank]), (attribute,))
    return [free[index - len(taught)] for index in next_to_label(generator, every, attribute, count, method)]
