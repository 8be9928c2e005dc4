"""Labels by hand: the table to go on with, and what to label next."""

from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image

from latentwalk.generator import Generator
from latentwalk.jobs.sheets import names_of
from latentwalk.labels import LabelTable, read_labels
from latentwalk.latents import concatenate
from latentwalk.methods.fewshot import FewShot, next_to_label
from latentwalk.pictures.grid import grid
from latentwalk.samples import Samples


def open_table(path: str | Path, attributes: Sequence[str]) -> LabelTable:
    """The labels in a file, to go on with; an empty table when there is no file.

    Raises ValueError for labels by index, and for attributes whose column does not answer yes or no.
    """
    if not Path(path).exists():
        return LabelTable()
    table = LabelTable.read(path)
    if table.key != "seed":
        raise ValueError(f"{path} names its codes by index: expected the column 'seed' to label samples")
    for name in attributes:
        if not table.is_binary(name):
            found = ", ".join(sorted(table.values(name)))
            raise ValueError(f"the column {name} of {path} holds {found}: expected 0, 1 or nothing")
    return table


def label_sheet(
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
