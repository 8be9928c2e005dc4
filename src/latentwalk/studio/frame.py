"""A picture, and what was seen in it."""

from collections.abc import Mapping
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from latentwalk.generator import Generator
from latentwalk.latents import Latents
from latentwalk.studio.own_sliders import OWN
from latentwalk.studio.state import State


@dataclass(frozen=True, eq=False)
class Frame:
    """A picture [c, h, w] in [-1, 1] and what changed on the way to it.

    before, after: probability per attribute. identity: cosine of the embeddings, 1 for the same. distance: length of
    what the edits did to the code, in standard deviations of the codes. usual: whether the code still is one like those
    of samples, 1 for yes, 0 for one far outside (see `Crowd`). note: what a person should know of it, or "".
    """

    image: Float[Tensor, "c h w"]
    before: Mapping[str, float]
    after: Mapping[str, float]
    identity: float
    distance: float
    usual: float
    note: str = ""


@dataclass(frozen=True, eq=False)
class Painted:
    """A picture [1, c, h, w] of a state that nobody has looked at yet. start, end: its code without its edits and with
    them. generator: what drew it. note: as in `Frame`."""

    state: State
    image: Float[Tensor, "1 c h w"]
    start: Latents
    end: Latents
    generator: Generator
    note: str = ""


@dataclass(frozen=True, eq=False)
class Seen:
    """What was seen in a picture: itself, probabilities [a] and the centred embedding [f]."""

    image: Float[Tensor, "1 c h w"]
    scores: Float[Tensor, "a"]
    embedding: Float[Tensor, "f"]


class Forgotten(ValueError):
    """A code or an own slider that is not here any more; whoever has it may bring it again. id: of the code."""

    def __init__(self, id: str) -> None:
        self.id = id
        super().__init__(f"no {'slider' if id.startswith(OWN) else 'code'} {id!r} is kept here any more")
