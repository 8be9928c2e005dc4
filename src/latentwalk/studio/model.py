"""What a studio shows: a generator, what looks at its pictures, and its sliders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.crowd import Crowd
from latentwalk.direction import Direction, Directions
from latentwalk.features.network import Features
from latentwalk.generator import Generator
from latentwalk.jobs.discover import default_space
from latentwalk.latents import Latents
from latentwalk.methods.lesson import Lesson
from latentwalk.progress import Progress, silent
from latentwalk.samples import class_numbers, map_codes, sample_codes
from latentwalk.scores import Scorer
from latentwalk.studio.cards import Card
from latentwalk.studio.faces import Faces

USUAL = 64
"""Samples that say what an embedding is without anything special in it."""

POPULATION = 1000
"""Codes that say how a mapped space is spread."""

CODES = 1000
"""Codes that labels are asked about: the seeds from 0 on, as many as a direction needs."""


@dataclass(frozen=True, eq=False)
class Model:
    """What a studio shows: a generator, what looks at its pictures, and its sliders by id.

    features: what likeness is measured on. usual: the mean embedding of samples [f]. faces: who knows people, if any.
    cards: what stands on the sliders, by id.
    """

    generator: Generator
    scorer: Scorer
    features: Features
    sliders: Mapping[str, Direction]
    usual: Float[Tensor, "f"]
    faces: Faces | None = None
    cards: Mapping[str, Card] = field(default_factory=dict)
    _populations: dict[str, Latents] = field(default_factory=dict)
    _crowds: dict[str, Crowd] = field(default_factory=dict)
    _lessons: list[Lesson] = field(default_factory=list)

    @staticmethod
    @torch.no_grad()
    def of(
        generator: Generator,
        scorer: Scorer,
        features: Features,
        directions: Directions,
        cards: Mapping[str, Card] | None = None,
    ) -> "Model":
        """Measures the mean embedding. cards: by the names of the directions; made from these without."""
        codes = next(sample_codes(generator, USUAL, 1, labels=class_numbers(generator), batch=USUAL))
        embeddings = features.vectors(features.maps(generator.render(codes)))
        sliders = {direction.name: direction for direction in directions}
        cards = {name: Card.of(name) for name in sliders} | dict(cards or {})
        return Model(generator, scorer, features, sliders, embeddings.mean(0), Faces.of(generator), cards)

    def conditioned(self, direction: Direction, others: Sequence[Direction]) -> Direction:
        """The direction without its parts along others, as far as codes are spread here."""
        if direction.space == self.generator.input_space.name:
            return direction.conditioned(others)
        return direction.conditioned(others, self.population(direction.space))

    def lesson(self, progress: Progress = silent) -> Lesson:
        """What labels are asked about, looked at when it is first asked for."""
        if not self._lessons:
            codes = self.generator.sample(CODES)
            self._lessons.append(
                Lesson.begin(self.generator, map_codes(self.generator, codes, default_space(self.generator)), progress)
            )
        return self._lessons[0]

    def population(self, space: str) -> Latents:
        """Codes [n, ...] of a space, drawn when they are first asked for."""
        if space not in self._populations:
            classes = class_numbers(self.generator)
            self._populations[space] = next(sample_codes(self.generator, POPULATION, 1, space, classes, POPULATION))
        return self._populations[space]

    def crowd(self, space: str) -> Crowd:
        """Where codes of a space lie, learned when it is first asked for."""
        if space not in self._crowds:
            self._crowds[space] = Crowd.of(self.generator, space)
        return self._crowds[space]
