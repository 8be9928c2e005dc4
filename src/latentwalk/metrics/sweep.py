"""One recorded sweep per direction: draw the same held-out codes at every strength once, and judge afterwards.

Whatever the metrics need is written down while the pictures are drawn, and then they are dropped: the judge's logits of
every picture, embeddings at two strengths for the quality, and for the first codes a closer look at what changed where.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.direction import Direction
from latentwalk.edits import codes_for
from latentwalk.generator import Generator
from latentwalk.latents import Latents
from latentwalk.metrics.features import Features
from latentwalk.samples import Progress, silent
from latentwalk.scores import Scorer

JUDGED = 24
"""Pictures that the judge sees at once: few enough that what a convolution leaves is still in the cache."""

TYPICAL = 2.0
"""Units of strength of a usual edit: where one figure stands for a curve, it is taken at this many, either way."""

EPSILON = 1e-2
"""Units between two neighbours of a path. Karras et al. take 1e-4 of a path, which float32 pictures of ours drown in
rounding: see `path_length`."""


@dataclass(frozen=True, eq=False)
class Close:
    """A closer look at the first m codes.

    embeddings: [k, m, f]. perceptual: [k, m], distance of the features to those of the unedited picture. pixels:
    [k, m], mean |change| of a pixel, in [0, 2]. changes: [k, h, w], mean |change| over codes and channels. path: [m],
    squared speed of the features at a random strength of the sweep, per unit.
    """

    embeddings: Float[Tensor, "k m f"]
    perceptual: Float[Tensor, "k m"]
    pixels: Float[Tensor, "k m"]
    changes: Float[Tensor, "k h w"]
    path: Float[Tensor, "m"]


@dataclass(frozen=True, eq=False)
class Sweep:
    """What a direction does to n codes at k strengths.

    strengths: [k], increasing, 0 among them. attributes: of the judge. logits: [k, n, a]; the row of strength 0 is the
    same for all directions. edited: [2, n, f], embeddings at the strengths `typical`; reference: [r, f], of pictures of
    other codes that nobody edited; unedited: [n, f]. close: see there.
    target: the column that the direction is meant to change, None for none. sign: -1 when there is less of it at
    positive strengths.
    """

    direction: Direction
    strengths: Float[Tensor, "k"]
    attributes: tuple[str, ...]
    logits: Float[Tensor, "k n a"]
    edited: Float[Tensor, "2 n f"]
    unedited: Float[Tensor, "n f"]
    reference: Float[Tensor, "r f"]
    close: Close
    target: int | None = None
    sign: int = 1

    def toward(self, target: int | None, sign: int = 1) -> "Sweep":
        """The same record, read as that of a direction that changes this column."""
        return replace(self, target=target, sign=sign)

    @property
    def zero(self) -> int:
        """The row of strength 0."""
        return int(self.strengths.abs().argmin())

    @property
    def typical(self) -> tuple[int, int]:
        """The rows of a usual edit, downwards and upwards."""
        return typical(self.strengths)

    @cached_property
    def spread(self) -> Float[Tensor, "a"]:
        """Standard deviation of every logit over unedited codes; infinite where it is 0, so that nothing counts."""
        return spread(self.logits[self.zero])

    @cached_property
    def changes(self) -> Float[Tensor, "k n a"]:
        """Change of every logit, in standard deviations."""
        return (self.logits - self.logits[self.zero]) / self.spread

    @cached_property
    def curve(self) -> Float[Tensor, "k a"]:
        """The mean change over the codes."""
        return self.changes.mean(1)

    @property
    def others(self) -> list[int]:
        """The columns that should stay where they are."""
        return [column for column in range(len(self.attributes)) if column != self.target]


def spread(logits: Float[Tensor, "n a"]) -> Float[Tensor, "a"]:
    """Standard deviation of every column; infinite where it is 0."""
    size = logits.std(0)
    return size.masked_fill(size == 0, torch.inf)


def typical(strengths: Float[Tensor, "k"]) -> tuple[int, int]:
    """The rows nearest to `TYPICAL` units, downwards and upwards."""
    low = torch.where(strengths < 0, (strengths + TYPICAL).abs(), torch.inf)
    high = torch.where(strengths > 0, (strengths - TYPICAL).abs(), torch.inf)
    return int(low.argmin()), int(high.argmin())


def even_strengths(count: int = 9, reach: float = 3.0) -> Float[Tensor, "k"]:
    """`count` strengths from -reach to reach, 0 in the middle. Raises ValueError for an even count."""
    if count < 3 or count % 2 == 0:
        raise ValueError(f"a sweep has an odd number of strengths, 3 or more, so that 0 is one of them, got {count}")
    return torch.linspace(-reach, reach, count)


def check_strengths(strengths: Float[Tensor, "k"]) -> Float[Tensor, "k"]:
    """The strengths. Raises ValueError when they do not increase, or do not go both ways from 0."""
    if not bool((strengths.diff() > 0).all()) or not bool((strengths == 0).any()) or strengths[0] * strengths[-1] >= 0:
        raise ValueError(
            f"the strengths of a sweep increase from below 0 over 0 to above it, got {strengths.tolist()[:12]}"
        )
    return strengths


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
    total = (len(codes) * (1 + len(directions) * (len(strengths) - 1))) + (0 if reference is None else len(reference))
    book = [_Book(direction) for direction in directions]
    page = _Page(generator, judge, features, strengths, total, progress)
    seen = [page.look(page.draw(part))[1] for part in generator.batches(reference)] if reference is not None else []
    places = _places(strengths, min(close, len(codes)), seed).to(generator.device)
    logits, unedited, done = [], [], 0
    for part in generator.batches(codes):
        images = page.draw(part)
        judged, vectors = page.look(images)
        logits.append(judged)
        unedited.append(vectors)
        near = max(0, min(close - done, len(part)))
        starts: dict[str, Latents] = {}
        for one in book:
            space = one.direction.acts_in
            start = starts.setdefault(space, codes_for(generator, part, one.direction))
            page.sweep(one, start, images[:near], places[done : done + near])
        done += len(part)
    before = torch.cat(unedited)
    others = torch.cat(seen) if seen else before
    return [one.close(strengths, tuple(judge.attributes), torch.cat(logits), before, others) for one in book]


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

    def draw(self, codes: Latents) -> Tensor:
        images = self.generator.synthesize(codes)
        self.done += len(images)
        self.progress("drawing edits", self.done, self.total)
        return images

    def judged(self, images: Tensor) -> Tensor:
        return torch.cat([self.judge(part) for part in images.split(JUDGED)]).float().cpu()

    def vectors(self, images: Tensor) -> Tensor:
        return torch.cat([self.features.vectors(self.features.maps(part)) for part in images.split(JUDGED)]).cpu()

    def look(self, images: Tensor) -> tuple[Tensor, Tensor]:
        return self.judged(images), self.vectors(images)

    def sweep(self, book: _Book, start: Latents, unedited: Tensor, places: Tensor) -> None:
        """One direction on one batch; the first codes of it, as many as there are unedited images, closely."""
        near = len(unedited)
        maps = self.features.maps(unedited) if near else []
        for row, strength in enumerate(self.strengths.tolist()):
            images = unedited
            if strength != 0:
                images = self.draw(book.direction.shift(start, strength))
                book.note(book.logits, row, self.judged(images))
            if row in typical(self.strengths):
                book.note(book.edited, row, self.vectors(images))
            if near:
                self._close(book, row, images[:near], unedited, maps)
        if near:
            self._path(book, start[:near], places)

    def _close(self, book: _Book, row: int, images: Tensor, unedited: Tensor, before: list[Tensor]) -> None:
        after = self.features.maps(images)
        change = (images - unedited).abs().mean(1)
        book.note(book.near["embeddings"], row, self.features.vectors(after))
        book.note(book.near["perceptual"], row, self.features.distance(before, after))
        book.note(book.near["pixels"], row, change.mean((1, 2)))
        total = change.sum(0).cpu()
        book.changes[row] = book.changes[row] + total if row in book.changes else total

    def _path(self, book: _Book, start: Latents, places: Tensor) -> None:
        here, there = (
            self.features.maps(self.generator.synthesize(book.direction.shift(start, at)))
            for at in (places, places + EPSILON)
        )
        book.path.append(self.features.distance(here, there).cpu() / EPSILON**2)
