"""Labels that come one by one: what they teach so far, how sure that is, and what to ask next.

The same as `FewShot`, on codes that are looked at once: what a generator knows of them stays, so a label more takes a
fraction of a second.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch
from jaxtyping import Float
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from torch import Tensor

from latentwalk.direction import Direction, Directions
from latentwalk.generator import Generator
from latentwalk.hooks import read_layers
from latentwalk.latents import Latents
from latentwalk.methods.fewshot import FEWEST, FOLDS, Classifier, Eyes, FewShot, check_enough, least_squares
from latentwalk.methods.offsets import boundary_offset
from latentwalk.methods.places import CELLS, Features, Places, cells, hidden
from latentwalk.origin import Origin, Source
from latentwalk.progress import Progress, silent

NUMBERS = 2**24
"""Numbers that a lesson keeps of all its codes: 64 MB."""

BATCH = 16
"""Codes that are looked at at once: few, so that whoever waits for the generator never waits for long."""


@dataclass(frozen=True, eq=False)
class Lesson:
    """latents: [n, ...], what may be asked about, in the space where the direction is wanted. features: what the
    generator's activations say of each, place by place."""

    generator: Generator
    latents: Latents
    eyes: Eyes
    features: Features

    @staticmethod
    def begin(generator: Generator, latents: Latents, progress: Progress = silent) -> "Lesson":
        """Look at all codes, batch by batch. Raises ValueError for fewer codes than numbers in one."""
        latents = generator.check(latents)
        check_enough(latents.values.flatten(1))
        places, parts, done = Places(generator, (telling_layer(generator, latents),)), [], 0
        for part in latents.split(BATCH):
            parts.append(places.read(part))
            done += len(part)
            progress("looking at faces", done, len(latents))
        features = [torch.cat(place) for place in zip(*parts, strict=True)]
        means = [place.mean(0) for place in features]
        energies = [float((x - m).square().sum(1).mean()) for x, m in zip(features, means, strict=True)]
        return Lesson(generator, latents, Eyes(places, means, energies), features)

    def learn(self, rows: Sequence[int], has: Sequence[bool]) -> "Learned":
        """What labels teach. rows: of the codes that have one. Raises ValueError for fewer than two of a kind."""
        return Learned(self, list(rows), np.array(has, dtype=bool))


class Learned:
    """What some labels teach.

    rows, has: the labels. guess: [n], what the classifier says of every code, above 0 for yes.
    """

    def __init__(self, lesson: Lesson, rows: list[int], has: np.ndarray) -> None:
        self.lesson, self.rows, self.has = lesson, rows, has
        yes = int(has.sum())
        if min(yes, len(has) - yes) < FEWEST:
            raise ValueError(f"expected {FEWEST} labels of each kind, got {yes} yes and {len(has) - yes} no")
        self.classifier = self._classifier(np.arange(len(has)))
        self.guess = self.classifier(lesson.features).cpu().double()

    def ask(self, count: int, known: Sequence[int] = ()) -> list[int]:
        """Rows where the classifier is least sure, without those that are labelled or known (Lewis and Gale, 1994)."""
        done = {*self.rows, *known}
        return [row for row in self.guess.abs().argsort(stable=True).tolist() if row not in done][:count]

    def direction(self, name: str) -> Directions:
        """As `FewShot` finds it on these codes."""
        flat = self._flat
        vector = least_squares(flat, self.guess)
        along = (flat @ vector).numpy()
        says = (self.guess > 0).numpy()
        says[self.rows] = self.has
        latents, eyes = self.lesson.latents, self.lesson.eyes
        offset, unit = boundary_offset(name, along, says), float(along.std(ddof=1))
        yes = int(self.has.sum())
        origin = Origin(
            method="fewshot",
            parameters={**asdict(FewShot()), "layers": list(eyes.places.layers)},
            generator=Source.of(self.lesson.generator),
            figures={name: {"yes": yes, "no": len(self.has) - yes, **self.classifier.figures}},
        )
        return Directions((Direction(name, vector.float(), latents.space, unit, offset),), origin)

    def auc(self, among: Sequence[int], progress: Progress = silent) -> float:
        """How well the direction orders labels that it was not taught: the area under the ROC curve over folds, from
        .5 (it guesses) to 1. Only sharpness and penalty are those of all labels.

        among: which labels are ordered, by their number; all of them teach. Those that were asked because they are hard
        say less of a direction than any others. Raises ValueError for labels of one kind.
        """
        folds = min(FOLDS, int(self.has.sum()), int((~self.has).sum()))
        split = StratifiedKFold(folds, shuffle=True, random_state=0).split(self.has[:, None], self.has)
        places = np.empty(len(self.has))
        for done, (fit, rest) in enumerate(split):
            guess = self._classifier(fit, self.classifier)(self.lesson.features).cpu().double()
            along = self._flat @ least_squares(self._flat, guess)
            places[rest] = ((along - along.mean()) / along.std())[[self.rows[i] for i in rest]].numpy()
            progress("checking", done + 1, folds)
        which = list(among)
        if len(set(self.has[which].tolist())) < 2:
            raise ValueError("an area under the curve needs labels of both kinds")
        return float(roc_auc_score(self.has[which], places[which]))

    @property
    def _flat(self) -> Float[Tensor, "n d"]:
        return self.lesson.latents.values.flatten(1).cpu().double()

    def _classifier(self, which: np.ndarray, like: Classifier | None = None) -> Classifier:
        """The classifier of some labels, with settings of another one or its own."""
        rows = torch.tensor([self.rows[i] for i in which])
        seen = [place[rows.to(place.device)] for place in self.lesson.features]
        how = (like.figures["sharpness"], like.figures["penalty"]) if like else None
        return self.lesson.eyes.learn_seen(seen, self.has[which], 0, how)


@torch.no_grad()
def telling_layer(generator: Generator, latents: Latents) -> str:
    """The last layer with maps of at most 8 x 8 of which a lesson can keep everything; the first one if there is none.

    Of faces64 the activations of layer 1 teach as well as those of all layers, in a third of the time.
    """
    layers = hidden(generator, latents)
    with read_layers(generator, layers, stop=False) as found:
        generator.synthesize(latents[:1].to(generator.device, generator.dtype))
    small = [layer for layer in layers if found[layer].ndim != 4 or max(found[layer].shape[2:]) <= CELLS]
    fitting = [
        layer for layer in small if sum(place.shape[1] for place in cells(found[layer])) * len(latents) <= NUMBERS
    ]
    return (fitting or list(layers[:1]))[-1]
