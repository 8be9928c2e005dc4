"""The picture of a state, and what its edits changed. Knows no web: a state goes in, a frame comes out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
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
from latentwalk.latents import Latents, concatenate
from latentwalk.options import RenderOptions
from latentwalk.renderer import Renderer
from latentwalk.samples import sample_codes
from latentwalk.scores import Scorer
from latentwalk.studio.crowd import Crowd
from latentwalk.studio.faces import Faces
from latentwalk.studio.mix import Portion, mix
from latentwalk.studio.shelf import Found, Shelf, WrittenFound
from latentwalk.studio.state import Label, Slide, State
from latentwalk.walk import Walk, read_goals
from latentwalk.walks.gradient import GradientWalk

USUAL = 64
"""Samples that say what an embedding is without anything special in it."""

POPULATION = 1000
"""Codes that say how a mapped space is spread."""


@dataclass(frozen=True, eq=False)
class Model:
    """What a studio shows: a generator, what looks at its pictures, and its sliders by id.

    features: what likeness is measured on. usual: the mean embedding of samples [f]. faces: who knows people, if any.
    """

    generator: Generator
    scorer: Scorer
    features: Features
    sliders: Mapping[str, Direction]
    usual: Float[Tensor, "f"]
    faces: Faces | None = None
    _populations: dict[str, Latents] = field(default_factory=dict)
    _crowds: dict[str, Crowd] = field(default_factory=dict)

    @staticmethod
    @torch.no_grad()
    def of(generator: Generator, scorer: Scorer, features: Features, directions: Directions) -> "Model":
        """Measures the mean embedding."""
        codes = next(sample_codes(generator, USUAL, 1, labels=class_numbers(generator), batch=USUAL))
        embeddings = features.vectors(features.maps(generator.render(codes)))
        sliders = {direction.name: direction for direction in directions}
        return Model(generator, scorer, features, sliders, embeddings.mean(0), Faces.of(generator))

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

    def crowd(self, space: str) -> Crowd:
        """Where codes of a space lie, learned when it is first asked for."""
        if space not in self._crowds:
            self._crowds[space] = Crowd.of(self.generator, space)
        return self._crowds[space]


@dataclass(frozen=True, eq=False)
class Frame:
    """A picture [c, h, w] in [-1, 1] and what changed on the way to it.

    before, after: probability per attribute. identity: cosine of the embeddings, 1 for the same. distance: length of
    what the edits did to the code, in standard deviations of the codes. usual: whether the code still is one like those
    of samples, 1 for yes, 0 for one far outside (see `Crowd`).
    """

    image: Float[Tensor, "c h w"]
    before: Mapping[str, float]
    after: Mapping[str, float]
    identity: float
    distance: float
    usual: float


@dataclass(frozen=True, eq=False)
class Seen:
    """What was seen in a picture: itself, probabilities [a] and the centred embedding [f]."""

    image: Float[Tensor, "1 c h w"]
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

    models: what can be shown, by name, and how it is opened. name: of the one that is; by itself the first.
    """

    model: Model
    shelf: Shelf = field(default_factory=Shelf)
    models: Mapping[str, Callable[[], Model]] = field(default_factory=dict)
    name: str = ""

    def __post_init__(self) -> None:
        self.show(self.model, self.name or next(iter(self.models), ""))

    def show(self, model: Model, name: str = "") -> None:
        """Show another model from now on. Codes of the one before mean nothing for it, and are forgotten."""
        self.name = name or model.generator.source
        if model is not self.model:
            self.model, self.shelf = model, Shelf()
        self.renderer = Renderer(model.generator)
        self._start: tuple[State, Seen] | None = None
        self._last: tuple[Seen, Seen] | None = None

    @torch.no_grad()
    def frame(self, state: State) -> Frame:
        """Raises ValueError for a slider, class, code or option that is not there."""
        code, start = self._found(state)
        end = self._edited(code, state)
        image = self.renderer.render(end, self._options(state))
        after = self._seen(image)
        if end is start:  # as it is while somebody drags through seeds
            self._start = state.base, after
        before = self._seen_before(state, start)
        self._last = before, after
        return self._frame(image, before, after, start, end)

    def same_person(self) -> float | None:
        """Whether the last frame shows whom it showed before its edits, a cosine; None where nobody knows people."""
        faces, last = self.model.faces, self._last
        return None if faces is None or last is None else faces.alike(last[0].image, last[1].image)

    def _frame(
        self, image: Float[Tensor, "1 c h w"], before: "Seen", after: "Seen", start: Latents, end: Latents
    ) -> Frame:
        alike = float(F.cosine_similarity(before.embedding, after.embedding, dim=0))
        scores = self._named(before.scores), self._named(after.scores)
        usual = self.model.crowd(end.space).likeness(end)
        return Frame(image[0], *scores, alike, self._distance(start, end), usual)

    def code(self, state: State) -> Latents:
        """The code [1, ...] of a state, in the space where its sliders move it."""
        return self._edited(self._found(state).code, state)

    @torch.no_grad()
    def pictures(self, states: Sequence[State]) -> Float[Tensor, "n c h w"]:
        """Those of states that are drawn with the options of the first."""
        codes = concatenate([self.code(state) for state in states])
        return self.model.generator.render(codes, self._options(states[0]))

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
            return self._kept(state.kept)
        labels = self._labels(state.label)
        code = self._mixed(state, labels) if state.mix else self.model.generator.sample([state.seed], labels)
        return Found(code, code)

    def _kept(self, id: str) -> Found:
        try:
            return self.shelf.take(id)
        except KeyError:
            raise Forgotten(id) from None

    def _mixed(self, state: State, labels: Tensor | None) -> Latents:
        generator = self.model.generator
        codes = [
            generator.sample([share.seed], labels) if share.kept is None else self._kept(share.kept).code
            for share in state.mix
        ]
        shares = zip(codes, state.mix, strict=True)
        return mix(generator, [Portion(code, share.weight, share.layers) for code, share in shares if share.weight])

    def _labels(self, label: Label | None) -> Tensor | None:
        """The label [1] of a class, or the class vector [1, classes]; by itself the first class, or none of those that
        hold together."""
        generator = self.model.generator
        if not generator.classes and label is None:
            return None
        if isinstance(label, tuple) or (label is None and not generator.conditions.exclusive):
            vector = label or (0.0,) * generator.classes
            if not generator.classes or len(vector) != generator.classes:
                raise ValueError(f"a class vector has {generator.classes} numbers, got {len(vector)}")
            return torch.tensor([vector])
        if not 0 <= (label or 0) < generator.classes:
            classes = f"0 to {generator.classes - 1}" if generator.classes else "no classes"
            raise ValueError(f"no class {label}: the generator has {classes}")
        return torch.tensor([label or 0])

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
        if self._start is None or self._start[0] != state.base:
            image = self.model.generator.render(start, self._options(state))
            self._start = state.base, self._seen(image)
        return self._start[1]

    def _seen(self, image: Float[Tensor, "1 c h w"]) -> Seen:
        logits, maps = self.model.features.beside(self.model.scorer, image)
        return Seen(image, logits[0].sigmoid(), self.model.features.vectors(maps)[0] - self.model.usual)

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
