"""The picture of a state, and what its edits changed. Knows no web: a state goes in, a frame comes out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from latentwalk.direction import Direction, Directions
from latentwalk.edits import codes_for
from latentwalk.features.network import Features
from latentwalk.generator import Generator
from latentwalk.inversion.spaces import class_numbers
from latentwalk.jobs.discover import default_space
from latentwalk.latents import Latents, concatenate
from latentwalk.methods.lesson import Lesson
from latentwalk.options import RenderOptions
from latentwalk.progress import Progress, silent
from latentwalk.renderer import Renderer
from latentwalk.samples import map_codes, sample_codes
from latentwalk.scores import Scorer
from latentwalk.studio.cards import Card
from latentwalk.studio.own_sliders import OWN, OwnSliders
from latentwalk.studio.shelf import Found, Shelf, WrittenFound
from latentwalk.studio.state import Slide, State
from latentwalk.walk import Walk, read_goals
from latentwalk.walks.gradient import GradientWalk
from latentwalk.walks.interpolate import interpolate

USUAL = 64
"""Samples that say what an embedding is without anything special in it."""

POPULATION = 1000
"""Codes that say how a mapped space is spread."""

CODES = 1000
"""Codes that labels are asked about: the seeds from 0 on, as many as a direction needs."""


@dataclass(frozen=True, eq=False)
class Model:
    """What a studio shows: a generator, what looks at its pictures, and its sliders by id.

    features: what likeness is measured on. usual: the mean embedding of samples [f]. cards: what stands on the sliders,
    by id.
    """

    generator: Generator
    scorer: Scorer
    features: Features
    sliders: Mapping[str, Direction]
    usual: Float[Tensor, "f"]
    cards: Mapping[str, Card] = field(default_factory=dict)
    _populations: dict[str, Latents] = field(default_factory=dict)
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
        return Model(generator, scorer, features, sliders, embeddings.mean(0), cards)

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


@dataclass(frozen=True, eq=False)
class Frame:
    """A picture [c, h, w] in [-1, 1] and what changed on the way to it.

    before, after: probability per attribute. identity: cosine of the embeddings, 1 for the same. distance: length of
    what the edits did to the code, in standard deviations of the codes.
    """

    image: Float[Tensor, "c h w"]
    before: Mapping[str, float]
    after: Mapping[str, float]
    identity: float
    distance: float


@dataclass(frozen=True, eq=False)
class Seen:
    """What was seen in a picture: probabilities [a] and the centred embedding [f]."""

    scores: Float[Tensor, "a"]
    embedding: Float[Tensor, "f"]


class Forgotten(ValueError):
    """A code or an own slider that is not here any more; whoever has it may bring it again. id: of the code."""

    def __init__(self, id: str) -> None:
        self.id = id
        super().__init__(f"no {'slider' if id.startswith(OWN) else 'code'} {id!r} is kept here any more")


@dataclass(eq=False)
class Session:
    """One person's view of a model; remembers the last picture, so that only what changed is drawn again."""

    model: Model
    shelf: Shelf = field(default_factory=Shelf)
    own: OwnSliders = field(default_factory=OwnSliders)

    def __post_init__(self) -> None:
        self.renderer = Renderer(self.model.generator)
        self._start: tuple[State, Seen] | None = None

    @property
    def sliders(self) -> Mapping[str, Direction]:
        """Those of the model, and those that were found or taught here."""
        return {**self.model.sliders, **self.own.directions}

    @torch.no_grad()
    def frame(self, state: State) -> Frame:
        """Raises ValueError for a slider, class, code or option that is not there."""
        code, start = self._found(state)
        end = self._edited(code, state)
        before = self._seen_before(state, start)
        image = self.renderer.render(end, self._options(state))
        after = before if end is start else self._seen(image)
        return self._frame(image, before, after, start, end)

    def _frame(
        self, image: Float[Tensor, "1 c h w"], before: "Seen", after: "Seen", start: Latents, end: Latents
    ) -> Frame:
        alike = float(F.cosine_similarity(before.embedding, after.embedding, dim=0))
        return Frame(image[0], self._named(before.scores), self._named(after.scores), alike, self._distance(start, end))

    @torch.no_grad()
    def ends(self, state: State, slider: Slide, amounts: Sequence[float]) -> Float[Tensor, "n c h w"]:
        """The picture of a state with a slider at each of these amounts, whatever it is at now."""
        code = self._found(state).code
        others = tuple(edit for edit in state.edits if edit.direction != slider.direction)
        there = [(*others, slider.model_copy(update={"amount": amount})) for amount in amounts]
        codes = [self._edited(code, state.model_copy(update={"edits": edits})) for edits in there]
        return self.model.generator.render(concatenate(codes), self._options(state))

    def code(self, state: State) -> Latents:
        """The code [1, ...] of a state, in the space where its sliders move it."""
        return self._edited(self._found(state).code, state)

    @torch.no_grad()
    def climb(self, state: State, attribute: str, target: float, hold: Sequence[str]) -> Iterator[tuple[Frame, Walk]]:
        """Walk from a state to a probability: a picture after every step, and the walk so far, at last all of it.

        Whoever stops asking stops the walk. Raises ValueError for an attribute or a target that there is not.
        """
        start = self._found(state).start
        before = self._seen_before(state, start)
        goals = read_goals({attribute: target}, self.model.scorer)
        generator = self.model.generator.with_options(**vars(self._options(state)))
        for walk in GradientWalk().climb(generator, self.code(state), self.model.scorer, goals, hold):
            image = generator.render(walk.latents)
            yield self._frame(image, before, self._seen(image), start, walk.latents), walk

    def keep(self, state: State, code: Latents) -> WrittenFound:
        """Keep a code that came of a state: the next can begin there, and is measured from where this one is."""
        return self.shelf.keep(code, self._found(state).start)

    def _found(self, state: State) -> Found:
        """The code of a state without its edits, and what changes are measured from."""
        if state.kept is not None:
            try:
                return self.shelf.take(state.kept)
            except KeyError:
                raise Forgotten(state.kept) from None
        code = self._sampled(state)
        return Found(code, code)

    def _sampled(self, state: State) -> Latents:
        generator = self.model.generator
        if (state.label is not None) and not 0 <= state.label < generator.classes:
            classes = f"0 to {generator.classes - 1}" if generator.classes else "no classes"
            raise ValueError(f"no class {state.label}: the generator has {classes}")
        labels = torch.tensor([state.label or 0]) if generator.classes else None
        start = generator.sample([state.seed], labels)
        if state.toward is None or not state.along:
            return start
        way = interpolate(start, generator.sample([state.toward], labels), 101)
        return way[[round(100 * state.along)]]

    def _edited(self, latents: Latents, state: State) -> Latents:
        """Space by space, from the code to the picture: a code that went on to w cannot go back to z."""
        left = [(self._slider(edit, state.hold), edit.amount) for edit in state.edits if edit.amount]
        for space in self.model.generator.spaces:
            here = [(direction, amount) for direction, amount in left if direction.acts_in == space]
            if here:
                latents = codes_for(self.model.generator, latents, *(direction for direction, _ in here))
            for direction, amount in here:
                latents = direction.shift(latents, amount)
        return latents

    def _slider(self, edit: Slide, hold: Sequence[str]) -> Direction:
        """The direction of a slider, without what it has of those that are held."""
        sliders = self.sliders
        if edit.direction not in sliders and edit.direction.startswith(OWN):
            raise Forgotten(edit.direction)
        if edit.direction not in sliders:
            raise ValueError(f"no slider {edit.direction!r}: there are {', '.join(sliders)}")
        direction = sliders[edit.direction]
        held = tuple(name for name in hold if name != edit.direction and name in sliders)
        others = [sliders[name] for name in held if sliders[name].space == direction.space]
        if others:
            direction = self.model.conditioned(direction, others)
        return direction if edit.layers is None else replace(direction, layers=edit.layers)

    def _options(self, state: State) -> RenderOptions:
        return RenderOptions(truncation=state.truncation, noise=state.noise)

    def _seen_before(self, state: State, start: Latents) -> Seen:
        """What is seen without edits, looked at once per code."""
        if self._start is None or self._start[0] != state.base:
            image = self.model.generator.render(start, self._options(state))
            self._start = state.base, self._seen(image)
        return self._start[1]

    def _seen(self, image: Float[Tensor, "1 c h w"]) -> Seen:
        logits, maps = self.model.features.beside(self.model.scorer, image)
        return Seen(logits[0].sigmoid(), self.model.features.vectors(maps)[0] - self.model.usual)

    def _named(self, scores: Float[Tensor, "a"]) -> dict[str, float]:
        return dict(zip(self.model.scorer.attributes, scores.tolist(), strict=True))

    def _distance(self, start: Latents, end: Latents) -> float:
        """How far apart two codes are where the second one lies; of codes per layer the root mean square."""
        if start.space != end.space:
            start = self.model.generator.map(start, end.space)
        apart = (end.values - start.values).flatten()
        if end.space == self.model.generator.input_space.name:
            return float(apart.norm())  # normal codes have a standard deviation of 1 along every direction
        spread = self.model.population(end.space).values.std(0).flatten()
        return float((apart / spread.clamp(min=1e-6)).square().sum().sqrt())
