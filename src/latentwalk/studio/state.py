"""What a page asks for: one small JSON that says everything of the picture, so that no order of messages matters."""

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

MOST_EDITS, FARTHEST = 64, 100.0
"""Sliders that may be moved at once; strength of one at most."""

MOST_SHARES, MOST_CONDITIONS = 8, 1000
"""Codes that are mixed at once: two in three ranges of layers need six. Numbers of a class vector."""

Name = Annotated[str, Field(max_length=200)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Layers = tuple[Annotated[int, Field(ge=0, lt=1000)], Annotated[int, Field(ge=1, le=1000)]]
Label = Annotated[int, Field(ge=0, lt=100_000)] | Annotated[tuple[Finite, ...], Field(max_length=MOST_CONDITIONS)]
Seed = Annotated[int, Field(ge=0, lt=2**63)]


class Part(BaseModel):
    """Checked on the way in, and not changed afterwards. Fields that are not known are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Slide(Part):
    """A slider. direction: its id. amount: in standard deviations of the codes. layers: half-open, or all."""

    direction: Name
    amount: Annotated[float, Field(ge=-FARTHEST, le=FARTHEST, allow_inf_nan=False)]
    layers: Layers | None = None


class Share(Part):
    """A part of a mix. kept: the id of a code that is kept; without it the code is that of the seed. weight: against
    those of the others. layers: half-open, those that it has a share in; all by itself."""

    seed: Seed = 0
    kept: Name | None = None
    weight: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 1.0
    layers: Layers | None = None


class State(Part):
    """Everything of a picture.

    seed: of the code. mix: what the code is mixed from instead (see `mix`). kept: the id of a code that is kept instead
    (a photograph's, or that of a walk). edits: in the order of the sliders.
    hold: names of sliders whose attribute stays as it is while others move (see `Direction.conditioned`).
    label: class number, or class vector, for generators with classes. truncation, noise: as in `RenderOptions`.
    """

    seed: Seed = 0
    mix: Annotated[tuple[Share, ...], Field(max_length=MOST_SHARES)] = ()
    kept: Name | None = None
    edits: Annotated[tuple[Slide, ...], Field(max_length=MOST_EDITS)] = ()
    hold: Annotated[tuple[Name, ...], Field(max_length=MOST_EDITS)] = ()
    label: Label | None = None
    truncation: Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)] = 1.0
    noise: Literal["const", "none"] | Seed = "const"

    @property
    def base(self) -> "State":
        """The same without edits: what changes are measured from."""
        return self.model_copy(update={"edits": (), "hold": ()})


Known = TypeVar("Known", bound=Part)


def read(kind: type[Known], data: Any) -> Known:
    """One of these out of JSON. Raises ValueError that names the first thing that does not fit."""
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{'.'.join(map(str, first['loc'])) or kind.__name__.lower()}: {first['msg']}") from None
