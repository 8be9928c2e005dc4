"""Receipts: what was done, with what, and what it changed; enough to do it again.

A receipt is plain JSON. It goes into a file and into the metadata of every picture, so that a picture carries its own
recipe. Reading one never runs anything: it is checked against the models below, and unknown fields are refused.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import torch
from pydantic import Field, JsonValue, ValidationError, model_validator
from torch import Tensor

from latentwalk.direction import Direction
from latentwalk.files import write_text
from latentwalk.generator import Generator
from latentwalk.images import read_receipt
from latentwalk.latents import Latents
from latentwalk.options import RenderOptions
from latentwalk.origin import Record, Source
from latentwalk.realism import STRANGE
from latentwalk.seeds import format_seeds, parse_seeds, seed_name
from latentwalk.walk import Walk


class Codes(Record):
    """Where codes come from: their seeds ("0-15,40"), or their values [n, ...] where seeds do not give them.

    labels: class numbers or class vectors, for conditional generators.
    """

    space: str
    seeds: str | None = None
    values: list[list[float]] | None = None
    shape: tuple[int, ...] = ()
    labels: list[int] | list[list[float]] | None = None

    @property
    def count(self) -> int:
        """How many they are."""
        return len(self.values or ()) or len(parse_seeds(self.seeds or "0"))


class PlainDirection(Record):
    """A direction, number by number."""

    name: str
    space: str
    vector: list[float]
    unit: float
    offset: float
    layers: tuple[int, int] | None = None


class WalkRecipe(Record):
    """How codes walked.

    kind: a name in `walks.WALKS`, or "module:Class" of a walker of one's own. settings: those of its constructor.
    directions, ways: what it walks along, for those that do. The walker's own class checks them when it walks again.
    """

    kind: str
    settings: dict[str, JsonValue] = Field(default_factory=dict)
    directions: list[PlainDirection] = Field(default_factory=list)
    ways: list[PlainDirection] = Field(default_factory=list)

    @model_validator(mode="before")
    @classmethod
    def _read_shift(cls, data: Any) -> Any:
        """What was kept as "shift" until version 0.1, with settings of its own beside the directions."""
        if not isinstance(data, dict) or data.get("kind") != "shift":
            return data
        settings = {name: data[name] for name in ("strengths", "place") if name in data}
        rest = {name: value for name, value in data.items() if name not in settings}
        return {**rest, "kind": "fixed", "settings": settings}


class SampleRecipe(Record):
    job: Literal["sample"] = "sample"
    generator: Source
    drawing: RenderOptions = RenderOptions()
    scorer: Source | None = None
    codes: Codes


class InterpolateRecipe(Record):
    job: Literal["interpolate"] = "interpolate"
    generator: Source
    drawing: RenderOptions = RenderOptions()
    scorer: Source | None = None
    codes: Codes
    steps: int = Field(ge=2, le=10_000)
    how: Literal["slerp", "lerp"] = "slerp"


class EditRecipe(Record):
    """goals: probability to reach per attribute.

    hold: attributes that should stay, and "picture" for what else a picture shows. homing: settings of the way home
    that holds it, None where it is not held. scorer, second: who had to be convinced. judge: who took no part.
    stop_at_realism: how usual pictures have to be, see `Realism`; walks ended before they were less.
    """

    job: Literal["edit"] = "edit"
    generator: Source
    drawing: RenderOptions = RenderOptions()
    scorer: Source
    second: Source | None = None
    judge: Source | None = None
    codes: Codes
    goals: dict[str, float]
    hold: list[str] = Field(default_factory=list)
    homing: dict[str, JsonValue] | None = None
    walk: WalkRecipe
    stop_at_realism: float | None = Field(default=None, gt=0, lt=1)


Recipe = Annotated[SampleRecipe | InterpolateRecipe | EditRecipe, Field(discriminator="job")]


class PictureRecipe(Record):
    """How a picture was made.

    kind: see jobs/figures.py. show: codes in it. scale: enlarge each image by this factor. columns: cells or frames in
    a row. second: the attribute that a plane has upwards. None is each kind's own choice.
    edition: 1 has the words and marks of version 0.1, so that its pictures are made again as they were.
    """

    kind: str
    show: int = Field(ge=1, le=10_000)
    scale: int | None = Field(default=None, ge=1, le=16)
    columns: int | None = Field(default=None, ge=1, le=1000)
    second: str | None = None
    edition: int = Field(default=2, ge=1, le=2)


class CodeReceipt(Record):
    """What happened to one code.

    seed: None for a code without one; "numpy:85" for one of numpy. steps: of the walk.
    way: by which walk it came, where the walker chose for every code (see `Walk.ways`).
    distance: |end - start|; in z one is one standard deviation.
    usual_before, usual: the share of the generator's own samples that are as far out or farther (see `Realism`); None
    where nobody looked.
    before, after: probability per attribute. change: difference of the logits per attribute.
    confirmed: whether the judge is on the same side as the goals; None without a judge.
    end: the values where it came to, flattened, so that the result can be rendered without walking again.
    """

    seed: int | str | None = None
    reached: bool
    confirmed: bool | None = None
    steps: int
    way: str | None = None
    distance: float
    usual_before: float | None = None
    usual: float | None = None
    before: dict[str, float]
    after: dict[str, float]
    change: dict[str, float]
    end: list[float]

    @property
    def strange(self) -> bool:
        """Whether the edit left the pictures that the generator draws by itself: like no sample, which it was not
        before."""
        return self.usual is not None and self.usual < STRANGE and not self.strange_before

    @property
    def strange_before(self) -> bool:
        """Whether the picture looked like no sample before the edit."""
        return self.usual_before is not None and self.usual_before < STRANGE


class Receipt(Record):
    """latentwalk: version that wrote it. recipe: what to do again. picture: how it was made, in a picture.

    studio: what the page of a studio showed, in words of its own; to make the picture again nobody needs it.
    """

    latentwalk: str
    recipe: Recipe
    picture: PictureRecipe | None = None
    codes: list[CodeReceipt] = Field(default_factory=list)
    studio: dict[str, JsonValue] | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_old_picture(cls, data: Any) -> Any:
        """A picture whose receipt names no edition is one of version 0.1."""
        if not isinstance(data, dict) or not isinstance(data.get("picture"), dict):
            return data
        return {**data, "picture": {"edition": 1, **data["picture"]}}

    def to_json(self) -> str:
        return self.model_dump_json(indent=2, exclude_none=True)

    def save(self, path: str | Path) -> None:
        """Write the receipt as JSON, atomically."""
        write_text(path, self.to_json())

    @staticmethod
    def read(path: str | Path) -> "Receipt":
        """The receipt in a picture (PNG, JPEG, WebP) or a JSON file. Raises ValueError for none, or a damaged one."""
        path = Path(path)
        if not path.is_file():
            raise ValueError(f"no file {path}: expected a picture or a receipt that latentwalk wrote")
        with path.open("rb") as file:
            is_json = file.read(64).lstrip()[:1] == b"{"
        text = path.read_text(encoding="utf-8", errors="replace") if is_json else read_receipt(path)
        return Receipt.parse(text, str(path))

    @staticmethod
    def parse(text: str, where: str) -> "Receipt":
        """A receipt from its JSON text. where: it came from, for the ValueError of one that is none."""
        try:
            return Receipt.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise ValueError(f"the receipt in {where} is damaged or foreign: {place}: {first['msg']}") from error


def describe_codes(generator: Generator, latents: Latents) -> Codes:
    """Codes as plain data: their seeds when these give them, else (also) their values."""
    plain = Codes(
        space=latents.space,
        seeds=None if latents.seeds is None else format_seeds(latents.seeds.tolist()),
        labels=None if latents.labels is None else latents.labels.tolist(),
    )
    if latents.seeds is not None and latents.space == generator.input_space.name:
        return plain
    rows = latents.values.detach().cpu().flatten(1).tolist()
    return plain.model_copy(update={"values": rows, "shape": tuple(latents.values.shape[1:])})


def read_codes(generator: Generator, codes: Codes) -> Latents:
    """The codes that were described. Raises ValueError when they are damaged, or not ones of this generator."""
    seeds = None if codes.seeds is None else parse_seeds(codes.seeds)
    labels = None if codes.labels is None else torch.tensor(codes.labels)
    if codes.values is None and seeds is not None:
        return generator.check(generator.sample(seeds, labels))
    size = int(np.prod(codes.shape))
    if not codes.values or any(len(row) != size for row in codes.values):
        raise ValueError(f"the receipt is damaged: expected codes of the shape {list(codes.shape)}")
    if seeds is not None and len(seeds) != len(codes.values):
        raise ValueError(f"the receipt is damaged: it has {len(seeds)} seeds for {len(codes.values)} codes")
    values, names = torch.tensor(codes.values), None if seeds is None else torch.tensor(seeds)
    latents = Latents(values.view(-1, *codes.shape), codes.space, labels, names)
    return generator.check(latents.to(generator.device, generator.dtype))


def describe_direction(direction: Direction) -> PlainDirection:
    return PlainDirection(
        name=direction.name,
        space=direction.space,
        vector=direction.vector.tolist(),
        unit=direction.unit,
        offset=direction.offset,
        layers=direction.layers,
    )


def read_direction(plain: PlainDirection) -> Direction:
    return Direction(plain.name, torch.tensor(plain.vector), plain.space, plain.unit, plain.offset, plain.layers)


def describe_codes_walked(
    walk: Walk, attributes: Sequence[str], confirmed: Tensor | None, usual: tuple[Tensor, Tensor] | None = None
) -> list[CodeReceipt]:
    """What happened to every code. attributes: of the logits. confirmed: whether a judge agrees [n]. usual: how usual
    the pictures are at both ends [n]."""
    begin, end = ([round(x, 3) for x in row.tolist()] for row in usual) if usual else ([None] * len(walk),) * 2
    distances = (walk.latents.values - walk.start.values).flatten(1).norm(dim=1).tolist()
    seeds = [None] * len(walk)
    if walk.start.seeds is not None:
        seeds = [seed if seed >= 0 else seed_name(seed) for seed in walk.start.seeds.tolist()]

    def named(row: Tensor, digits: int = 4) -> dict[str, float]:
        return {name: round(value, digits) for name, value in zip(attributes, row.tolist(), strict=True)}

    return [
        CodeReceipt(
            seed=seeds[i],
            reached=bool(walk.reached[i]),
            confirmed=None if confirmed is None else bool(confirmed[i]),
            steps=int(walk.steps[i]),
            way=walk.ways[i] if walk.ways else None,
            distance=round(distances[i], 4),
            usual_before=begin[i],
            usual=end[i],
            before=named(walk.before[i].sigmoid()),
            after=named(walk.after[i].sigmoid()),
            change=named(walk.after[i] - walk.before[i], 3),
            end=walk.latents.values[i].flatten().tolist(),
        )
        for i in range(len(walk))
    ]
