"""The lines of Python, and the command, that make the picture of a state."""

import json
import shlex
from typing import NamedTuple

import torch

from latentwalk.bundled import DIRECTIONS
from latentwalk.direction import Direction, Directions
from latentwalk.edits import Shift
from latentwalk.generator import Generator
from latentwalk.latents import Latents
from latentwalk.origin import Origin, Source
from latentwalk.studio.models import distinct
from latentwalk.studio.recipe import plain_name
from latentwalk.studio.session import Session
from latentwalk.studio.state import State

START, MOVED = "start.safetensors", "directions.safetensors"
"""Files that the lines read: the code before the sliders, and the directions that moved it."""


class Lines(NamedTuple):
    """Lines to copy, and the names of the files that have to lie beside them."""

    python: str
    command: str
    files: list[str]


def lines(session: Session, state: State) -> Lines:
    """The same picture without the studio. Raises ValueError as `Session.frame` does, and for a generator that was
    tuned on a photograph, which no file holds."""
    if session.generator(state) is not session.model.generator:
        raise ValueError(
            "the generator was tuned on the photograph, and no file holds that: invert without tune for lines"
        )
    generator, start, moves = session.drawing(state), session.start(state), session.moves(state)
    home = plain_name(generator.source)
    named = home if all(_is_bundled(move.direction, generator) for move in moves) else MOVED
    files = [*([] if has_seed(generator, start) else [START]), *([named] if named == MOVED and moves else [])]
    return Lines(_python(generator, home, start, moves, named), _command(generator, home, start, moves, named), files)


def has_seed(generator: Generator, code: Latents) -> bool:
    """Whether a seed gives the code, with one class at most."""
    one_class = code.labels is None or code.labels.ndim == 1
    return code.seeds is not None and one_class and code.space == generator.input_space.name


def directions_of(session: Session, state: State) -> Directions:
    """The directions of the sliders as they move the picture: on their layers, without what is held."""
    return saved(session, [move.direction for move in session.moves(state)])


def saved(session: Session, directions: list[Direction]) -> Directions:
    """Directions for a file, with a name of its own each. Raises ValueError for none."""
    if not directions:
        raise ValueError("no slider is moved: move one, or save all of them")
    source = Source.of(session.model.generator)
    source = source.model_copy(update={"source": plain_name(source.source), "delta": plain_name(source.delta)})
    return Directions(tuple(distinct(directions)), Origin(method="studio", generator=source))


def _is_bundled(direction: Direction, generator: Generator) -> bool:
    """Whether it comes with the generator, exactly as it is."""
    if generator.source not in DIRECTIONS:
        return False
    known = {each.name: each for each in Directions.load(DIRECTIONS[generator.source], generator.fingerprint)}
    own = known.get(direction.name)
    if own is None or (own.space, own.unit, own.layers) != (direction.space, direction.unit, direction.layers):
        return False
    return torch.equal(own.vector, direction.vector.cpu())


def _python(generator: Generator, home: str, start: Latents, moves: list[Shift], named: str) -> str:
    looks = ", ".join(f"{name}={getattr(generator.options, name)!r}" for name in generator.options.chosen)
    said = [quoted(home), *(f"{name}={_literal(value)}" for name, value in generator.choices.given.items())]
    code = f"lw.load_codes(generator, {quoted(START)})"
    if has_seed(generator, start) and start.seeds is not None:
        label = "" if start.labels is None else f", {int(start.labels[0])}"
        code = f"generator.sample([{int(start.seeds[0])}]{label})"
    written = [
        "import latentwalk as lw",
        "from latentwalk.images import save_image, to_pictures",
        "",
        f"generator = lw.load({', '.join(said)})" + (f".with_options({looks})" if looks else ""),
        f"codes = {code}",
        "images = generator.render(codes)",
    ]
    if moves:
        names = [move.direction.name for move in distinct_moves(moves)]
        chosen = ", ".join(f"found[{quoted(name)}]" for name in names)
        strengths = ", ".join(f"{float(move.strength)!r}" for move in moves)
        written[-1:] = [
            f"found = lw.read_directions({quoted(named)}, generator)",
            f"walk = lw.FixedWalk(lw.Directions(({chosen},)), ({strengths},))",
            "images = lw.edit(generator, codes, walk=walk).images",
        ]
    return "\n".join([*written, 'save_image("picture.png", to_pictures(images)[0])'])


def _command(generator: Generator, home: str, start: Latents, moves: list[Shift], named: str) -> str:
    words = ["latentwalk", "edit" if moves else "sample", home, *generator.choices.words]
    if has_seed(generator, start) and start.seeds is not None:
        words += ["--seeds", str(int(start.seeds[0]))]
        words += [] if start.labels is None else ["--class", str(int(start.labels[0]))]
    else:
        words += ["--codes", START]
    for name in generator.options.chosen:
        words += [f"--{name}", f"{getattr(generator.options, name)}"]
    for move in distinct_moves(moves):
        words += ["--direction", f"{named}:{move.direction.name}", "--strength", repr(float(move.strength))]
    out = ["--show", "picture", "--out", "out/picture"] if moves else ["--bare", "--out", "picture.png"]
    return shlex.join([*words, *out])


def distinct_moves(moves: list[Shift]) -> list[Shift]:
    """The moves, by directions with a name of its own each, as the file has them."""
    directions = distinct([move.direction for move in moves])
    return [Shift(direction, move.strength) for direction, move in zip(directions, moves, strict=True)]


def _literal(value: object) -> str:
    return quoted(value) if isinstance(value, str) else repr(value)


def quoted(text: str) -> str:
    """A text as Python writes it, in double quotes."""
    return json.dumps(text, ensure_ascii=False)
