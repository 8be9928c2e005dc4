"""A state of the studio as a receipt, which `latentwalk replay` understands, and a receipt as a state."""

from pathlib import PureWindowsPath
from typing import Literal, NamedTuple

import torch
from PIL import Image

from latentwalk.direction import Direction, Directions
from latentwalk.edits import Shift
from latentwalk.jobs.edit import edit
from latentwalk.jobs.figures import picture_of
from latentwalk.jobs.sheets import ALONE, sample_receipt, samples_sheet
from latentwalk.latents import Latents
from latentwalk.origin import Source
from latentwalk.receipts import (
    Codes,
    EditRecipe,
    InterpolateRecipe,
    PictureRecipe,
    Receipt,
    read_codes,
    read_direction,
)
from latentwalk.remote.address import is_remote
from latentwalk.seeds import parse_seeds
from latentwalk.studio.session import Session
from latentwalk.studio.shelf import WrittenFound
from latentwalk.studio.state import Part, Share, Slide, State, read
from latentwalk.walks.fixed import FixedWalk

LARGEST = 8192
"""Pixels of the longer side of a picture that is saved."""

ALIKE = 1e-5
"""Numbers of two directions that are the same differ by less."""


class Shown(Part):
    """What a receipt says of the page: its state, and the code that it names where no seed gives it."""

    edition: Literal[1] = 1
    state: State
    found: WrittenFound | None = None


class Restored(NamedTuple):
    """A state, the code that it names, and what could not be as it was, in words for the page."""

    state: State
    found: WrittenFound | None = None
    note: str = ""


def taken(session: Session, state: State, scale: int = 1) -> tuple[Image.Image, Receipt]:
    """The picture of a state in full, every pixel a square of `scale` pixels, and its receipt.

    Raises ValueError for a picture that would be too large, and as `Session.frame` does.
    """
    generator, start, moves = session.drawing(state), session.start(state), session.moves(state)
    side = scale * max(generator.image_shape[1:])
    if side > LARGEST:
        raise ValueError(f"a picture is at most {LARGEST} pixels wide, this one would be {side}: enlarge it less")
    how = PictureRecipe(kind=ALONE, show=1, scale=scale)
    if not moves:
        return samples_sheet(generator, start, how), told(session, state, sample_receipt(generator, start, how))
    edited = edit(generator, start, session.model.scorer, walk=walk_of(moves))
    return picture_of(edited, how), told(session, state, edited.receipt.model_copy(update={"picture": how}))


def walk_of(moves: list[Shift]) -> FixedWalk:
    """The same moves as a walk."""
    return FixedWalk(Directions(tuple(move.direction for move in moves)), tuple(float(move.strength) for move in moves))


def told(session: Session, state: State, receipt: Receipt) -> Receipt:
    """The receipt with what the page shows, and without the folders that anything lies in."""
    sources = {name: value for name, value in receipt.recipe if isinstance(value, Source)}
    plain = {name: value.model_copy(update=_plain(value)) for name, value in sources.items()}
    shown = Shown(state=state, found=session.written(state)).model_dump(mode="json", exclude_none=True)
    return receipt.model_copy(update={"recipe": receipt.recipe.model_copy(update=plain), "studio": shown})


def _plain(source: Source) -> dict[str, str]:
    return {"source": plain_name(source.source), "delta": plain_name(source.delta)}


def plain_name(source: str) -> str:
    """The name of a file without its folders; bundled names and addresses as they are."""
    return source if is_remote(source) else PureWindowsPath(source).name  # both kinds of slashes


def restored(session: Session, receipt: Receipt) -> Restored:
    """The state that a receipt tells of: of a picture of several codes the first.

    Raises ValueError for a receipt of another generator, and for what no state can say.
    """
    check_generator(session, receipt.recipe.generator)
    try:
        return _restored(session, receipt)
    except (RuntimeError, OverflowError, TypeError) as error:  # numbers and shapes that no tensor has
        raise ValueError("the receipt is damaged: its codes are none of this generator") from error


def check_generator(session: Session, source: Source) -> None:
    """Raises ValueError unless it is the one of the session."""
    own = session.model.generator
    if source.fingerprint != own.fingerprint:
        name = plain_name(source.source)[:80] or "another one"
        raise ValueError(
            f"this was made with the generator {name} ({source.fingerprint[:16]}), here is {plain_name(own.source)} "
            f"({own.fingerprint}): choose that one, or start the studio with it"
        )


def _restored(session: Session, receipt: Receipt) -> Restored:
    recipe, shown = receipt.recipe, None
    if receipt.studio is not None:
        shown = read(Shown, receipt.studio)
        if shown.found is not None:
            session.shelf.bring(shown.found, session.model.generator)
        if not isinstance(recipe, EditRecipe) or _moves_as(session, shown.state, recipe):
            session.code(shown.state)  # says what is not there
            return Restored(shown.state, shown.found)
    count = recipe.codes.count
    several = f"the first of {count:,} codes" if count > 1 else ""
    base = _based(session, receipt) if shown is None else shown.state
    if isinstance(recipe, InterpolateRecipe):
        return Restored(_between(base, recipe), note="the middle of the way between the first two codes")
    if not isinstance(recipe, EditRecipe):
        return Restored(base, session.written(base), several)
    slides = _slides(session, recipe)
    if slides is not None:
        state = base.model_copy(update={"edits": slides})
        return Restored(state, session.written(state), several)
    # What moved it is not here, but where it came to is in the receipt.
    found = session.shelf.keep(_end(session, receipt, recipe), session.before(base))
    state = base.model_copy(update={"kept": found.id, "edits": ()})
    named = ", ".join(plain.name[:40] for plain in recipe.walk.directions[:3])
    lost = f"the picture is as it was, without what moved it ({named})" if named else ""
    return Restored(state, found, "; ".join(filter(None, (several, lost))))


def _moves_as(session: Session, state: State, recipe: EditRecipe) -> bool:
    """Whether the sliders here move a code as those did that the receipt has, number by number."""
    if not all(edit.direction in session.sliders for edit in state.edits):
        return False
    now = [move.direction for move in session.moves(state)]
    then = [read_direction(plain) for plain in recipe.walk.directions]
    return len(now) == len(then) and all(_same(a, b) for a, b in zip(now, then, strict=True))


def _same(a: Direction, b: Direction) -> bool:
    alike = (a.space, a.layers, a.vector.shape) == (b.space, b.layers, b.vector.shape)
    return alike and torch.allclose(a.vector.cpu() * a.unit, b.vector * b.unit, atol=ALIKE)


def _slides(session: Session, recipe: EditRecipe) -> tuple[Slide, ...] | None:
    """The sliders that move as a walk by fixed strengths did; None where there are none."""
    settings, walk = recipe.walk.settings, recipe.walk
    strengths = settings.get("strengths")
    amounts = strengths if isinstance(strengths, list) else []
    if walk.kind != "fixed" or settings.get("place") or settings.get("begin") or not walk.directions:
        return None
    if len(amounts) != len(walk.directions):
        return None
    slides = []
    for plain, amount in zip(walk.directions, amounts, strict=True):
        slider = session.sliders.get(plain.name)
        then = read_direction(plain)
        if slider is None or not _same(slider, then):
            return None
        slides.append({"direction": plain.name, "amount": amount})
    return tuple(read(Slide, slide) for slide in slides)


def _based(session: Session, receipt: Receipt) -> State:
    """The state of the first code before anything moved it."""
    recipe = receipt.recipe
    looks = {name: value for name, value in vars(recipe.drawing).items() if value is not None}
    codes = _first(recipe.codes)
    generator = session.model.generator
    code = read_codes(generator, codes)
    if codes.values is not None or code.seeds is None or int(code.seeds[0]) < 0:
        check_finite(code)
        return read(State, {**looks, "kept": session.shelf.keep(code, code).id})
    label = None if code.labels is None else code.labels[0].tolist()
    return read(State, {**looks, "seed": int(code.seeds[0]), "label": label})


def _first(codes: Codes) -> Codes:
    """The first of several codes."""
    labels = codes.labels and codes.labels[:1]
    if labels and isinstance(labels[0], int) and not 0 <= labels[0] < 2**31:
        raise ValueError("the receipt is damaged: a class is a small number")
    seeds = None if codes.seeds is None else codes.seeds.split(",")[0].split("-")[0]
    return codes.model_copy(update={"values": codes.values and codes.values[:1], "labels": labels, "seeds": seeds})


def _between(base: State, recipe: InterpolateRecipe) -> State:
    """Half way to the next seed. Raises ValueError for codes that no seeds give."""
    seeds = [] if recipe.codes.seeds is None or recipe.codes.values else parse_seeds(recipe.codes.seeds)[:2]
    if len(seeds) < 2 or min(seeds) < 0:
        raise ValueError("a way between codes that no seeds give cannot be shown here")
    return base.model_copy(update={"mix": tuple(Share(seed=seed, weight=0.5) for seed in seeds)})


def _end(session: Session, receipt: Receipt, recipe: EditRecipe) -> Latents:
    """Where the first code came to. Raises ValueError where the receipt does not say it."""
    generator = session.model.generator
    if not receipt.codes:
        raise ValueError("the receipt does not say where its codes came to")
    numbers = receipt.codes[0].end
    likely = [read_direction(plain).acts_in for plain in reversed(recipe.walk.directions)]
    for name in (*likely, recipe.codes.space, *generator.spaces):
        if name in generator.spaces and generator.spaces[name].size == len(numbers):
            values = torch.tensor(numbers).view(1, *generator.spaces[name].shape)
            labels = read_codes(generator, _first(recipe.codes)).labels
            code = Latents(values, name, labels).to(generator.device, generator.dtype)
            check_finite(code)
            return generator.check(code)
    raise ValueError("the receipt is damaged: its codes are none of this generator")


def check_finite(code: Latents) -> None:
    """Raises ValueError for a code whose numbers no picture has."""
    if not bool(code.values.isfinite().all()):
        raise ValueError("the receipt is damaged: the numbers of a code are finite")
