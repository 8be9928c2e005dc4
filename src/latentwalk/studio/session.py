"""The picture of a state, and what its edits changed. Knows no web: a state goes in, a frame comes out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from latentwalk.direction import Direction, Directions
from latentwalk.edits import codes_for
from latentwalk.features.network import Features
from latentwalk.generator import Generator
from latentwalk.inversion.spaces import class_numbers
from latentwalk.latents import Latents
from latentwalk.options import RenderOptions
from latentwalk.renderer import Renderer
from latentwalk.samples import sample_codes
from latentwalk.scores import Scorer
from latentwalk.studio.shelf import Found, Shelf, WrittenFound
from latentwalk.studio.state import Slide, State
from latentwalk.studio.store import Store
from latentwalk.walk import Walk, read_goals
from latentwalk.walks.gradient import GradientWalk
from latentwalk.walks.interpolate import interpolate

USUAL = 64
"""Samples that say what an embedding is without anything special in it."""

UNTUNED = "the generator that was tuned on this photograph is not kept any more: this is drawn by the untuned one"

POPULATION = 1000
"""Codes that say how a mapped space is spread."""


@dataclass(frozen=True, eq=False)
class Model:
    """What a studio shows: a generator, what looks at its pictures, and its sliders by id.

    features: what likeness is measured on. usual: the mean embedding of samples [f].
    """

    generator: Generator
    scorer: Scorer
    features: Features
    sliders: Mapping[str, Direction]
    usual: Float[Tensor, "f"]
    _populations: dict[str, Latents] = field(default_factory=dict)

    @staticmethod
    @torch.no_grad()
    def of(generator: Generator, scorer: Scorer, features: Features, directions: Directions) -> "Model":
        """Measures the mean embedding."""
        codes = next(sample_codes(generator, USUAL, 1, labels=class_numbers(generator), batch=USUAL))
        embeddings = features.vectors(features.maps(generator.render(codes)))
        sliders = {direction.name: direction for direction in directions}
        return Model(generator, scorer, features, sliders, embeddings.mean(0))

    def conditioned(self, direction: Direction, others: Sequence[Direction]) -> Direction:
        """The direction without its parts along others, as far as codes are spread here."""
        if direction.space == self.generator.input_space.name:
            return direction.conditioned(others)
        return direction.conditioned(others, self.population(direction.space))

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
    what the edits did to the code, in standard deviations of the codes. note: what a person should know of it, or "".
    """

    image: Float[Tensor, "c h w"]
    before: Mapping[str, float]
    after: Mapping[str, float]
    identity: float
    distance: float
    note: str = ""


@dataclass(frozen=True, eq=False)
class Seen:
    """What was seen in a picture: probabilities [a] and the centred embedding [f]."""

    scores: Float[Tensor, "a"]
    embedding: Float[Tensor, "f"]


class Forgotten(ValueError):
    """A code that is not here any more; whoever has it may bring it again. id: of the code."""

    def __init__(self, id: str) -> None:
        self.id = id
        super().__init__(f"no code {id!r} is kept here any more")


@dataclass(eq=False)
class Session:
    """One person's view of a model; remembers the last picture, so that only what changed is drawn again.

    photos: photographs by their ids. tuned: generators that were tuned on some, which draw what was found of these.
    """

    model: Model
    shelf: Shelf = field(default_factory=Shelf)
    photos: Store[Image.Image] = field(default_factory=Store)
    tuned: Store[Generator] = field(default_factory=Store)

    def __post_init__(self) -> None:
        self.renderer = Renderer(self.model.generator)
        self._start: tuple[State, Generator, Seen] | None = None

    @torch.no_grad()
    def frame(self, state: State) -> Frame:
        """Raises ValueError for a slider, class, code or option that is not there."""
        code, start, tuned = self._found(state)
        end = start if state.start else self._edited(code, state)
        before = self._seen_before(state, start)
        generator = self.generator(state)
        if self.renderer.generator is not generator:
            self.renderer = Renderer(generator)
        image = self.renderer.render(end, self._options(state))
        after = before if end is start else self._seen(image)
        frame = self._frame(image, before, after, start, end)
        return replace(frame, note=UNTUNED) if tuned and generator is self.model.generator else frame

    def _frame(
        self, image: Float[Tensor, "1 c h w"], before: "Seen", after: "Seen", start: Latents, end: Latents
    ) -> Frame:
        alike = float(F.cosine_similarity(before.embedding, after.embedding, dim=0))
        return Frame(image[0], self._named(before.scores), self._named(after.scores), alike, self._distance(start, end))

    def generator(self, state: State) -> Generator:
        """What draws a state: the model's, or one that was tuned on a photograph, as long as it is here."""
        tuned = self._found(state).tuned
        try:
            return self.model.generator if tuned is None else self.tuned.take(tuned)
        except KeyError:
            return self.model.generator

    @torch.no_grad()
    def unchanged(self, code: Latents, image: Float[Tensor, "1 c h w"]) -> Frame:
        """What is seen in a picture that nothing was done to yet. code: its code [1, ...]."""
        seen = self._seen(image)
        return self._frame(image, seen, seen, code, code)

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
        generator = self.generator(state).with_options(**vars(self._options(state)))
        for walk in GradientWalk().climb(generator, self.code(state), self.model.scorer, goals, hold):
            image = generator.render(walk.latents)
            yield self._frame(image, before, self._seen(image), start, walk.latents), walk

    def keep(self, state: State, code: Latents) -> WrittenFound:
        """Keep a code that came of a state: the next can begin there, and is measured from where this one is."""
        found = self._found(state)
        return self.shelf.keep(code, found.start, found.tuned)

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
        sliders = self.model.sliders
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
        generator = self.generator(state)
        if self._start is None or self._start[:2] != (state.base, generator):
            image = generator.render(start, self._options(state))
            self._start = state.base, generator, self._seen(image)
        return self._start[2]

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
