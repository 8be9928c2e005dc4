"""Render again only what changed: a code whose first layers are the same starts from what they gave the last time."""

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.generator import Generator
from latentwalk.latents import Latents
from latentwalk.options import RenderOptions
from latentwalk.stages import Stage

LIMIT = 2**29
"""Bytes of states that a renderer keeps when nobody says how many: a StyleGAN2 of 1024 px but for its last map."""


class Renderer:
    """Renders like `generator.render`, bit for bit, but begins at the first stage that is given something new.

    For editing layer by layer: keep one renderer and render every version of the codes with it, same codes at the same
    place. A StyleGAN has a stage per layer, a BigGAN one per block; other families have one for the whole picture.
    What is compared is what the stages are given, so labels and options may change too.

    limit: bytes of states kept from one call to the next, beside the images. First comes the state before the stage
    that changed last, then those of the first stages (they are the smallest) as long as there is room; a change behind
    them starts from the last one kept. The batches of a call share the room evenly. 0 keeps the images alone.
    Nothing else is kept, and the weights must stay what they are. Raises ValueError for a negative limit.
    """

    def __init__(self, generator: Generator, limit: int = LIMIT) -> None:
        if limit < 0:
            raise ValueError(f"a limit is a number of bytes from 0, got {limit}")
        self.generator, self.limit = generator, limit
        self._passes: list[_Pass] = []

    @property
    def held(self) -> int:
        """Bytes of the states that are kept now."""
        return sum(size_of(kept.states.values()) for kept in self._passes)

    @torch.no_grad()
    def render(
        self, latents: Latents | Tensor, options: RenderOptions | None = None, batch: int | None = None
    ) -> Float[Tensor, "n c h w"]:
        """The images that `generator.render` gives for the same arguments; see there."""
        generator = self.generator
        latents = generator.check(latents)
        parts = list(generator.batches(latents, batch))
        self._passes = [*self._passes, *(_Pass() for _ in parts)][: len(parts)]
        images = generator.canvas(len(latents))
        start = 0
        for part, kept in zip(parts, self._passes, strict=True):
            stages = generator.stages(*generator.checked(part, options))
            images[start : start + len(part)] = kept.run(stages, self.limit // len(parts))
            start += len(part)
        return images


class _Pass:
    """How one batch was rendered last: what every stage was given, and by number the states before some of them."""

    def __init__(self) -> None:
        self.given: list[tuple[object, ...]] = []
        self.states: dict[int, Any] = {}
        self.images: Tensor | None = None

    def run(self, stages: Sequence[Stage], limit: int) -> Tensor:
        """The images at the end of the stages, begun as late as what is kept allows."""
        given = [tuple(_copy(part) for part in stage.given) for stage in stages]
        pairs = zip(self.given, given, strict=False)
        first = next((i for i, (old, new) in enumerate(pairs) if not same(old, new)), len(self.given))
        if first == len(stages) and self.images is not None:
            self.trim(limit)
            return self.images
        self.states = {i: state for i, state in self.states.items() if i <= first}
        self.given, self.images = given, None  # from here on what is kept belongs to the new codes, whatever happens
        begin = max(self.states, default=0)
        state = self.states.get(begin)
        for i in range(begin, len(stages)):
            if i:
                self.keep(i, state, limit, dear=i == first)
            state = stages[i].advance(state)
        assert isinstance(state, Tensor)  # the last stage gives images
        self.images = state
        return state

    def keep(self, index: int, state: Any, limit: int, dear: bool) -> None:
        """Keep a state if there is room; for a dear one room is made, if there can be."""
        if dear and size_of([state]) <= limit:
            self.trim(limit, state)
        if size_of([*self.states.values(), state]) <= limit:
            self.states[index] = state

    def trim(self, limit: int, *more: Any) -> None:
        """Let the last states go until the others, and some more, are within the limit."""
        while self.states and size_of([*self.states.values(), *more]) > limit:
            del self.states[max(self.states)]


def tensors(state: Any) -> list[Tensor]:
    return [part for part in (state if isinstance(state, tuple) else (state,)) if isinstance(part, Tensor)]


def size_of(states: Iterable[Any]) -> int:
    """Bytes of memory behind the states, what they share counted once."""
    stores = [tensor.untyped_storage() for state in states for tensor in tensors(state)]
    return sum({store.data_ptr(): store.nbytes() for store in stores}.values())


def same(old: tuple[object, ...], new: tuple[object, ...]) -> bool:
    """Whether a stage is given the same twice, to the bit."""
    return len(old) == len(new) and all(_equal(a, b) for a, b in zip(old, new, strict=True))


def _copy(part: object) -> object:
    """What stays as it is when the codes, of which a stage may be given a view, are changed in place."""
    return part.clone() if isinstance(part, Tensor) else part


def _equal(a: object, b: object) -> bool:
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return (a.device, a.dtype, a.shape) == (b.device, b.dtype, b.shape) and torch.equal(a, b)
    return type(a) is type(b) and a == b
