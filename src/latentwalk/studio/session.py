"""The picture of a state, and what its edits changed. Knows no web: a state goes in, a frame comes out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from latentwalk.direction import Direction
from latentwalk.edits import Shift, moved
from latentwalk.generator import Generator
from latentwalk.latents import Latents, concatenate
from latentwalk.options import RenderOptions
from latentwalk.renderer import Renderer
from latentwalk.studio.frame import Forgotten, Frame, Painted, Seen
from latentwalk.studio.mix import Portion, mix
from latentwalk.studio.model import Model
from latentwalk.studio.own_sliders import OWN, OwnSliders
from latentwalk.studio.shelf import Found, Shelf, Written, WrittenFound
from latentwalk.studio.state import Label, Slide, State
from latentwalk.studio.store import Store
from latentwalk.walk import Walk, read_goals
from latentwalk.walks.gradient import GradientWalk

UNTUNED = "the generator that was tuned on this photograph is not kept any more: this is drawn by the untuned one"


@dataclass(eq=False)
class Session:
    """One person's view of a model; remembers the last picture, so that only what changed is drawn again.

    models: what can be shown, by name, and how it is opened. name: of the one that is; by itself the first.
    photos: photographs by their ids. tuned: generators that were tuned on some, which draw what was found of these.
    """

    model: Model
    shelf: Shelf = field(default_factory=Shelf)
    models: Mapping[str, Callable[[], Model]] = field(default_factory=dict)
    name: str = ""
    photos: Store[Image.Image] = field(default_factory=Store)
    tuned: Store[Generator] = field(default_factory=Store)
    own: OwnSliders = field(default_factory=OwnSliders)

    def __post_init__(self) -> None:
        self.show(self.model, self.name or next(iter(self.models), ""))

    def show(self, model: Model, name: str = "") -> None:
        """Show another model from now on. Codes of the one before mean nothing for it, and are forgotten."""
        self.name = name or model.generator.source
        if model is not self.model:
            self.model, self.shelf, self.own = model, Shelf(), OwnSliders()
        self.renderer = Renderer(model.generator)
        self._start: tuple[State, Generator, Seen] | None = None
        self._last: tuple[Seen, Seen] | None = None

    @property
    def sliders(self) -> Mapping[str, Direction]:
        """Those of the model, and those that were found or taught here."""
        return {**self.model.sliders, **self.own.directions}

    def frame(self, state: State) -> Frame:
        """Raises ValueError for a slider, class, code or option that is not there."""
        return self.look_at(self.painted(state))

    @torch.no_grad()
    def painted(self, state: State) -> Painted:
        """The picture, before anybody looks at it. Raises ValueError as `frame` does."""
        code, start, tuned = self._found(state)
        end = start if state.start else self._edited(code, state)
        generator = self.generator(state)
        note = UNTUNED if tuned and generator is self.model.generator else ""
        return Painted(state, self._renders(generator, end, state), start, end, generator, note)

    @torch.no_grad()
    def look_at(self, painted: Painted) -> Frame:
        """What is seen in a picture that this session has painted."""
        state, start, end = painted.state, painted.start, painted.end
        after = self._seen(painted.image)
        if end is start:  # as it is while somebody drags through seeds
            self._start = state.base, painted.generator, after
        before = self._seen_before(state, start)
        self._last = before, after
        return replace(self._frame(painted.image, before, after, start, end), note=painted.note)

    def _renders(self, generator: Generator, code: Latents, state: State) -> Float[Tensor, "1 c h w"]:
        """The picture of a code, of which only what changed since the last one is drawn."""
        if self.renderer.generator is not generator:
            self.renderer = Renderer(generator)
        return self.renderer.render(code, self._options(state))

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

    @torch.no_grad()
    def ends(self, state: State, slider: Slide, amounts: Sequence[float]) -> Float[Tensor, "n c h w"]:
        """The picture of a state with a slider at each of these amounts, whatever it is at now."""
        code = self._found(state).code
        others = tuple(edit for edit in state.edits if edit.direction != slider.direction)
        there = [(*others, slider.model_copy(update={"amount": amount})) for amount in amounts]
        codes = [self._edited(code, state.model_copy(update={"edits": edits})) for edits in there]
        return self.generator(state).render(concatenate(codes), self._options(state))

    def code(self, state: State) -> Latents:
        """The code [1, ...] of a state, in the space where its sliders move it."""
        return self._edited(self._found(state).code, state)

    def start(self, state: State) -> Latents:
        """The code [1, ...] before the sliders move it."""
        return self._found(state).code

    def before(self, state: State) -> Latents:
        """The code [1, ...] that changes are measured from: the start, or where a walk began that led there."""
        return self._found(state).start

    def moves(self, state: State) -> list[Shift]:
        """What the sliders do to the start, in their order; what is held is not in their directions any more."""
        return [Shift(self._slider(edit, state.hold), edit.amount) for edit in state.edits if edit.amount]

    def beside(self) -> "Session":
        """Another view of the same, so that this one still has what it has drawn."""
        return replace(self)

    def written(self, state: State) -> WrittenFound | None:
        """The code that a state names, as a page keeps it; None where a seed gives it."""
        if state.kept is None:
            return None
        found = self._found(state)
        return WrittenFound(code=Written.of(found.code), start=Written.of(found.start), tuned=found.tuned)

    def drawing(self, state: State) -> Generator:
        """What draws the state, with its options."""
        return self.generator(state).with_options(**vars(self._options(state)))

    @torch.no_grad()
    def picture(self, state: State, code: Latents | None = None) -> Float[Tensor, "c h w"]:
        """The picture alone; of another code if there is one. Raises ValueError as `frame` does."""
        if code is None:
            code = self.before(state) if state.start else self.code(state)
        return self._renders(self.generator(state), code, state)[0]

    @torch.no_grad()
    def pictures(self, states: Sequence[State]) -> Float[Tensor, "n c h w"]:
        """Those of states that are drawn with the options of the first."""
        codes = concatenate([self.code(state) for state in states])
        return self.generator(states[0]).render(codes, self._options(states[0]))

    @torch.no_grad()
    def climb(self, state: State, attribute: str, target: float, hold: Sequence[str]) -> Iterator[tuple[Frame, Walk]]:
        """Walk from a state to a probability: a picture after every step, and the walk so far, at last all of it.

        Whoever stops asking stops the walk. Raises ValueError for an attribute or a target that there is not.
        """
        start = self._found(state).start
        before = self._seen_before(state, start)
        goals = read_goals({attribute: target}, self.model.scorer)
        generator = self.drawing(state)
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
        return moved(self.model.generator, latents, self.moves(state))

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
        generator = self.generator(state)
        if self._start is None or self._start[:2] != (state.base, generator):
            image = generator.render(start, self._options(state))
            self._start = state.base, generator, self._seen(image)
        return self._start[2]

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
