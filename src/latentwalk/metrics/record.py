"""Record sweeps: draw the same held-out codes at every strength of every direction once, and look at each picture once.

What the metrics need is written down batch by batch, and the pictures are dropped: the judge's logits of every one,
embeddings at two strengths for the quality, and for the first codes a closer look at what changed where.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.direction import Direction
from latentwalk.edits import codes_for
from latentwalk.features.network import Features
from latentwalk.generator import Generator
from latentwalk.latents import Latents
from latentwalk.metrics.crew import crew
from latentwalk.metrics.sweep import Close, Sweep, check_strengths, even_strengths, typical
from latentwalk.progress import Progress, silent
from latentwalk.scores import Scorer

JUDGED = 16
"""Pictures that the judge sees at once: few enough that what a convolution leaves is still in the cache."""

EPSILON = 1e-3
"""Units between two neighbours of a path. On faces64 float32 is within 0.3% of float64 for every code, as is the limit;
with 1e-4, as Karras et al. (2019) have it, rounding alone is up to 2%."""


@torch.no_grad()
def record(
    generator: Generator,
    directions: Sequence[Direction],
    codes: Latents,
    judge: Scorer,
    features: Features,
    strengths: Float[Tensor, "k"] | None = None,
    reference: Latents | None = None,
    close: int = 96,
    seed: int = 0,
    progress: Progress = silent,
) -> list[Sweep]:
    """Draw every code at every strength of every direction, once, and keep what the metrics read.

    codes: held out, in any space that leads to where the directions act. strengths: [k], see `Sweep`.
    reference: other codes, whose pictures stand for good ones; the codes themselves if None.
    close: how many codes are looked at closely, from the first. seed: of the strengths at which paths are measured.
    Raises ValueError for codes that a direction does not move, too few of them, and logits that are not finite.
    """
    strengths = check_strengths(even_strengths() if strengths is None else strengths)
    if close < 1 or len(codes) < 2:
        raise ValueError(f"expected 2 codes or more and a close look at 1 or more, got {len(codes)} and {close}")
    total = len(codes) * (1 + len(directions) * (len(strengths) - 1))
    book = [_Book(direction) for direction in directions]
    page = _Page(generator, judge, features, strengths, total, progress)
    places = _places(strengths, min(close, len(codes)), seed).to(generator.device)
    logits, unedited, done = [], [], 0
    with crew(generator.device) as each:
        for part in generator.batches(codes):
            near = max(0, min(close - done, len(part)))
            images = page.draw(part)
            judged, vectors, maps = page.look(images, near, embed=True)
            logits.append(judged)
            unedited.append(vectors)
            spaces = {one.direction.acts_in: one.direction for one in book}
            starts = {space: codes_for(generator, part, direction) for space, direction in spaces.items()}
            sweep = partial(page.sweep, starts, images[:near], maps, places[done : done + near])
            each(sweep, book)
            done += len(part)
    before = torch.cat(unedited)
    others = before if reference is None else embed(generator, reference, features)
    return [one.close(strengths, tuple(judge.attributes), torch.cat(logits), before, others) for one in book]


@torch.no_grad()
def embed(generator: Generator, codes: Latents, features: Features) -> Float[Tensor, "n f"]:
    """Embeddings of the pictures of any number of codes."""
    parts = (images for part in generator.batches(codes) for images in generator.synthesize(part).split(JUDGED))
    return torch.cat([features.vectors(features.maps(images)).float().cpu() for images in parts])


def _places(strengths: Float[Tensor, "k"], count: int, seed: int) -> Float[Tensor, "m"]:
    """A random strength per code, between the first and the last."""
    part = torch.rand(count, generator=torch.Generator().manual_seed(seed))
    return torch.lerp(strengths[0].expand(count), strengths[-1].expand(count), part)


class _Book:
    """What is being written down about one direction, row by row of strengths and batch by batch of codes."""

    def __init__(self, direction: Direction) -> None:
        self.direction = direction
        self.logits: dict[int, list[Tensor]] = {}
        self.edited: dict[int, list[Tensor]] = {}
        self.near: dict[str, dict[int, list[Tensor]]] = {"embeddings": {}, "perceptual": {}, "pixels": {}}
        self.changes: dict[int, Tensor] = {}
        self.path: list[Tensor] = []

    def note(self, into: dict[int, list[Tensor]], row: int, what: Tensor) -> None:
        into.setdefault(row, []).append(what.cpu())

    def close(
        self, strengths: Tensor, attributes: tuple[str, ...], zero: Tensor, unedited: Tensor, reference: Tensor
    ) -> Sweep:
        rows = range(len(strengths))
        logits = torch.stack([torch.cat(self.logits[row]) if row in self.logits else zero for row in rows])
        if not bool(logits.isfinite().all()):
            raise ValueError(f"the judge's logits are not finite along {self.direction.name!r}: use another judge")
        near = {name: torch.stack([torch.cat(by[row]) for row in rows]) for name, by in self.near.items()}
        changes = torch.stack([self.changes[row] for row in rows]) / max(1, near["pixels"].shape[1])
        edited = torch.stack([torch.cat(self.edited[row]) for row in typical(strengths)])
        close = Close(**near, changes=changes, path=torch.cat(self.path))
        return Sweep(self.direction, strengths, attributes, logits, edited, unedited, reference, close)


class _Look(NamedTuple):
    """What was seen of a batch: logits [n, a], embeddings [n, f] if they were wanted, maps of the first pictures."""

    logits: Tensor
    vectors: Tensor | None
    maps: list[Tensor]


@dataclass
class _Page:
    """Draws pictures, looks at them and writes down what it saw."""

    generator: Generator
    judge: Scorer
    features: Features
    strengths: Tensor
    total: int
    progress: Progress
    done: int = 0
    lock: Any = field(default_factory=Lock)

    def draw(self, codes: Latents) -> Tensor:
        images = self.generator.synthesize(codes)
        with self.lock:
            self.done += len(images)
            self.progress("drawing edits", self.done, self.total)
        return images

    def look(self, images: Tensor, near: int, embed: bool) -> _Look:
        """Every picture goes through the judge once; features are read on the way where it is their network."""
        logits, vectors, kept = [], [], []
        for start in range(0, len(images), JUDGED):
            part = images[start : start + JUDGED]
            if not embed and start >= near:
                logits.append(self.judge(part))
                continue
            answer, maps = self.features.beside(self.judge, part)
            logits.append(answer)
            if embed:
                vectors.append(self.features.vectors(maps))
            if start < near:
                kept.append([layer[: near - start] for layer in maps])
        maps = [torch.cat(layers) for layers in zip(*kept, strict=True)]
        return _Look(torch.cat(logits).float().cpu(), torch.cat(vectors).float().cpu() if embed else None, maps)

    @torch.no_grad()  # of each thread
    def sweep(
        self, starts: dict[str, Latents], unedited: Tensor, before: list[Tensor], places: Tensor, book: _Book
    ) -> None:
        """One direction on one batch; the first codes of it, as many as there are unedited images, closely."""
        near, usual, start = len(unedited), typical(self.strengths), starts[book.direction.acts_in]
        for row, strength in enumerate(self.strengths.tolist()):
            images, maps = unedited, before
            if strength != 0:
                images = self.draw(book.direction.shift(start, strength))
                logits, vectors, maps = self.look(images, near, row in usual)
                book.note(book.logits, row, logits)
                if vectors is not None:
                    book.note(book.edited, row, vectors)
            if near:
                book.note(book.near["embeddings"], row, self.features.vectors(maps).float())
                book.note(book.near["perceptual"], row, self.features.distance(before, maps).float())
                self._where(book, row, (images[:near] - unedited).abs().float().mean(1))
        if near:
            self._path(book, start[:near], places)

    def _where(self, book: _Book, row: int, change: Tensor) -> None:
        book.note(book.near["pixels"], row, change.mean((1, 2)))
        total = change.sum(0).cpu()
        book.changes[row] = book.changes[row] + total if row in book.changes else total

    def _path(self, book: _Book, start: Latents, places: Tensor) -> None:
        here, there = (
            self.features.maps(self.generator.synthesize(book.direction.shift(start, at)))
            for at in (places, places + EPSILON)
        )
        book.path.append(self.features.distance(here, there).float().cpu() / EPSILON**2)
