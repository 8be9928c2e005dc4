"""Record sweeps: render the same held-out codes at every strength of every direction once, look at each picture once.

A batch of codes becomes a small sweep per direction and its pictures are dropped; the whole is their concatenation.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Lock
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.direction import Direction
from latentwalk.edits import codes_for
from latentwalk.features.network import Features
from latentwalk.generator import Generator
from latentwalk.latents import Latents
from latentwalk.progress import Progress, silent
from latentwalk.scores import Scorer
from latentwalk.sweep import Close, Sweep, check_strengths, even_strengths, typical
from latentwalk.threads import Each, pool

AT_ONCE = 16
"""Pictures that the judge sees at once: few enough that what a convolution leaves is still in the cache."""

EPSILON = 1e-3
"""Units between two neighbours of a path. On faces64 float32 is within 0.3% of float64 for every code, as is the limit;
with 1e-4, as Karras et al. (2019) have it, rounding alone is up to 2%."""


class Seen(NamedTuple):
    """What was seen of n pictures.

    logits: [n, a]. embeddings: [n, f], None where nobody asks for them. near: the first m pictures, on the device of
    the generator, and maps: their features.
    """

    logits: Float[Tensor, "n a"]
    embeddings: Float[Tensor, "n f"] | None
    near: Float[Tensor, "m c h w"]
    maps: list[Tensor]


@dataclass
class Recorder:
    """Records what directions do to the pictures of a generator.

    judge: tells the attributes of every picture. features: what embeddings and distances are measured on.
    strengths: [k], see `Sweep`. progress: hears of every batch of pictures.
    """

    generator: Generator
    judge: Scorer
    features: Features
    strengths: Float[Tensor, "k"] = field(default_factory=even_strengths)
    progress: Progress = silent

    def __post_init__(self) -> None:
        check_strengths(self.strengths)
        self._lock, self._done, self._total = Lock(), 0, 0

    @torch.no_grad()
    def record(
        self,
        directions: Sequence[Direction],
        codes: Latents,
        reference: Latents | None = None,
        close: int = 96,
        seed: int = 0,
        first: int = 0,
    ) -> list[Sweep]:
        """One sweep per direction over the same codes.

        codes: held out, 2 or more, in any space that leads to where the directions act.
        reference: other codes, whose pictures stand for good ones; the codes themselves if None.
        close: how many codes are looked at closely, from the first. seed: of the strengths at which paths are measured.
        first: for codes that are one part of more, how many come before them; `Sweep.concatenate` joins the parts.
        Raises ValueError for codes that a direction does not move, too few of them, and logits that are not finite.
        """
        if close < 1 or len(codes) < 2:
            raise ValueError(f"expected 2 codes or more and a close look at 1 or more, got {len(codes)} and {close}")
        self._done, self._total = 0, len(codes) * (1 + len(directions) * (len(self.strengths) - 1))
        anywhere = self._random_strengths(close, seed)[first:]
        batches, done = [], 0
        with pool(self.generator.device) as each:
            for part in self.generator.batches(codes):
                batches.append(self._batch(directions, part, anywhere[done : done + len(part)], each))
                done += len(part)
        sweeps = [Sweep.concatenate(parts) for parts in zip(*batches, strict=True)]
        unedited = sweeps[0].unedited if sweeps else None
        good = unedited if reference is None else self._embed(reference)
        for sweep in sweeps:
            if not bool(sweep.logits.isfinite().all()):
                raise ValueError(f"the judge's logits are not finite along {sweep.direction.name!r}: use another judge")
        return [replace(sweep, unedited=unedited, reference=good) for sweep in sweeps]  # all share the same memory

    def _batch(
        self, directions: Sequence[Direction], codes: Latents, anywhere: Float[Tensor, "m"], each: Each
    ) -> list[Sweep]:
        """Sweeps over one batch, without a reference; the first m codes are looked at closely."""
        before = self._look(self._render(codes), len(anywhere), embed=True)
        spaces = {direction.acts_in: direction for direction in directions}
        starts = {space: codes_for(self.generator, codes, direction) for space, direction in spaces.items()}
        return each(partial(self._sweep, starts, before, anywhere), directions)

    @torch.no_grad()  # of each thread
    def _sweep(
        self, starts: dict[str, Latents], before: Seen, anywhere: Float[Tensor, "m"], direction: Direction
    ) -> Sweep:
        """One direction on one batch."""
        start, near, usual = starts[direction.acts_in], len(anywhere), typical(self.strengths)
        logits, edited, views = [], [], []
        for row, strength in enumerate(self.strengths.tolist()):
            after = before
            if strength != 0:
                after = self._look(self._render(direction.shift(start, strength)), near, row in usual)
            logits.append(after.logits)
            if row in usual:
                edited.append(after.embeddings)
            views.append(self._compare(before, after))
        unedited = before.embeddings
        assert unedited is not None
        close = Close(*map(torch.stack, zip(*views, strict=True)), path=self._path(direction, start[:near], anywhere))
        nothing = unedited[:0]
        attributes = tuple(self.judge.attributes)
        return Sweep(
            direction, self.strengths, attributes, torch.stack(logits), torch.stack(edited), unedited, nothing, close
        )

    def _render(self, codes: Latents) -> Float[Tensor, "n c h w"]:
        images = self.generator.synthesize(codes)
        with self._lock:
            self._done += len(images)
            self.progress("rendering edits", self._done, self._total)
        return images

    def _look(self, images: Float[Tensor, "n c h w"], near: int, embed: bool) -> Seen:
        """Every picture goes through the judge once; features are read on the way where it is their network."""
        logits, embeddings, kept = [], [], []
        for start in range(0, len(images), AT_ONCE):
            part = images[start : start + AT_ONCE]
            if not embed and start >= near:
                logits.append(self.judge(part))
                continue
            answer, maps = self.features.beside(self.judge, part)
            logits.append(answer)
            if embed:
                embeddings.append(self.features.vectors(maps))
            if start < near:
                kept.append([layer[: near - start] for layer in maps])
        maps = [torch.cat(layers) for layers in zip(*kept, strict=True)]
        seen = torch.cat(embeddings).float().cpu() if embed else None
        return Seen(torch.cat(logits).float().cpu(), seen, images[:near], maps)

    def _compare(self, before: Seen, after: Seen) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """A row of `Close`, without the path: embeddings, distance, mean |change| and where it is."""
        if not len(after.near):
            nobody = torch.zeros(0)
            assert before.embeddings is not None
            return before.embeddings[:0], nobody, nobody, torch.zeros(after.near.shape[2:])
        change = (after.near - before.near).abs().float().mean(1)
        embeddings, distance = self.features.vectors(after.maps), self.features.distance(before.maps, after.maps)
        return embeddings.float().cpu(), distance.float().cpu(), change.mean((1, 2)).cpu(), change.mean(0).cpu()

    def _path(self, direction: Direction, start: Latents, anywhere: Float[Tensor, "m"]) -> Float[Tensor, "m"]:
        """Squared speed of the features, at one strength per code."""
        if not len(start):
            return torch.zeros(0)
        here, there = (
            self.features.maps(self.generator.synthesize(direction.shift(start, strengths)))
            for strengths in (anywhere, anywhere + EPSILON)
        )
        return self.features.distance(here, there).float().cpu() / EPSILON**2

    def _embed(self, codes: Latents) -> Float[Tensor, "n f"]:
        """Embeddings of the pictures of any number of codes."""
        batches = (self.generator.synthesize(part) for part in self.generator.batches(codes))
        parts = (part for images in batches for part in images.split(AT_ONCE))
        return torch.cat([self.features.vectors(self.features.maps(part)).float().cpu() for part in parts])

    def _random_strengths(self, count: int, seed: int) -> Float[Tensor, "m"]:
        """A strength per code, between the first and the last."""
        part = torch.rand(count, generator=torch.Generator().manual_seed(seed))
        low, high = self.strengths[0].expand(count), self.strengths[-1].expand(count)
        return torch.lerp(low, high, part).to(self.generator.device)
