"""Directions that other programs saved: which vectors a file holds, in which space, and how long a unit of them is."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from jaxtyping import Float, Shaped
from torch import Tensor
from torch.nn import functional as F

from latentwalk.code_files import SAYS, Note, base, rows_alike
from latentwalk.direction import PER_LAYER, Direction, Directions
from latentwalk.generator import Generator
from latentwalk.latents import LatentSpace
from latentwalk.origin import Origin, Source
from latentwalk.safeload.arrays import Key, named
from latentwalk.samples import sample_codes

UNIT_CODES = 2000
"""Codes on which one standard deviation along a foreign direction is measured."""

COMPONENTS = ("lat_comp", "act_comp", "comp")
"""Components, a row each: of GANSpace in the code, or in the layer that was analysed, which may be the code too."""

FACTORS = "eigvec"
"""Factors of rosinality's SeFa, a column each."""

MOST_NAMED = 8
"""Arrays that a message names."""

NAMELESS = (*SAYS, "direction", "directions", "boundary", "boundaries", "vector")
"""Keys that say what an array is and not what it changes; such a direction has the name of its file."""


class Part(NamedTuple):
    """One array of a file.

    name: what its directions change, as far as the file says. says: the space that its key says. apart: whether every
    row of [k, d] is a direction of its own, whatever k is.
    """

    name: str
    values: Shaped[Tensor, "..."]
    says: str | None = None
    apart: bool = False


class Vectors(NamedTuple):
    """Directions of one space: flattened vectors, as long as they are in the file."""

    space: str
    rows: Float[Tensor, "k d"]


def foreign_directions(
    generator: Generator, arrays: Mapping[Key, Tensor], path: Path, space: str | None, note: Note
) -> Directions:
    """Directions from the arrays of a file, with the unit that codes of this generator have along them.

    Arguments and errors: as in `read_directions`.
    """
    if space is not None:
        generator.check_space(space)
    kind, parts = _parts(arrays, path)
    found = [(part, _vectors(generator.spaces, part, path, space, note)) for part in parts]
    items = [item for part, vectors in found if vectors for item in _measured(generator, part.name, vectors)]
    if not items:
        shapes = ", ".join(str(list(part.values.shape)) for part in parts[:MOST_NAMED]) or "no numbers"
        wanted = generator.spaces if space is None else (space,)
        spaces = ", ".join(f"{name} {list(generator.spaces[name].shape)}" for name in wanted)
        raise ValueError(f"{path} holds {shapes}: expected directions of this generator, in {spaces}")
    if odd := [part.name for part, vectors in found if vectors is None]:
        note(f"{path}: no directions of this generator are in {', '.join(odd[:MOST_NAMED])}: left out")
    return Directions(tuple(items), Origin(method=f"read from {kind}", generator=Source.of(generator)))


def _parts(arrays: Mapping[Key, Tensor], path: Path) -> tuple[str, list[Part]]:
    """What kind of file it is, and its arrays of directions."""
    if (FACTORS,) in arrays:
        return "factors", [Part(path.stem, arrays[FACTORS,].mT, apart=True)]
    components = next((arrays[name,] for name in COMPONENTS if (name,) in arrays), None)
    if components is not None:
        return "components", [Part(path.stem, components, apart=True)]
    parts = []
    for key, values in arrays.items():
        name = named(tuple(step for step in key if step not in NAMELESS))
        parts.append(Part(name or path.stem, values, SAYS.get(key[-1]) if key else None))
    return "boundary", parts


def _vectors(
    spaces: Mapping[str, LatentSpace], part: Part, path: Path, space: str | None, note: Note
) -> Vectors | None:
    """The directions of one array; None when it holds none for a generator with these spaces.

    Raises ValueError for numbers that are not finite, and for a direction of zeros.
    """
    values, says = part.values, part.says
    if values.dtype.is_complex or values.dtype == torch.bool or values.numel() == 0:
        return None
    values = values.double()
    where = str(path) if part.name == path.stem else f"{path}, {part.name}"
    layered = None if part.apart else _layered(values, spaces)
    if layered is not None and space != layered and _is_whole(values, spaces, layered):
        says = base(layered) if space is None and says is None else says
        values, layered = values[..., 0, :], None  # every layer goes the same way: a direction of w
    allowed = [name for name in spaces if space in (None, name) and (says is None or base(says) == base(name))]
    rows = values.reshape(-1, values.shape[-1]) if values.ndim < 3 or values.shape[-2] == 1 else None
    fits = [name for name in allowed if rows is not None and spaces[name].size == rows.shape[1]]
    fits = [name for name in fits if not name.endswith(PER_LAYER)] or fits
    if layered in allowed:
        if fits:
            note(f"{where} {list(values.shape)} is taken as 1 direction of {layered}, {space_options(fits)} splits it")
        fits, rows = [layered], values.reshape(-1, spaces[layered].size)
    if not fits or rows is None:
        return None
    if not bool(rows.isfinite().all()) or bool((rows.norm(dim=1) == 0).any()):
        raise ValueError(f"{where}: expected rows of finite numbers that are not all 0")
    chosen = "w" if "w" in fits else fits[0]
    if len(fits) > 1:
        others = [name for name in fits if name != chosen]
        note(f"{where} {list(values.shape)} is taken as of {chosen}; {space_options(others)} takes it otherwise")
    return Vectors(chosen, rows)


def _layered(values: Tensor, spaces: Mapping[str, LatentSpace]) -> str | None:
    """The space of codes per layer that [layers, d] or [k, layers, d] fits into."""
    fits = (name for name in spaces if name.endswith(PER_LAYER) and values.shape[-2:] == spaces[name].shape)
    return next(fits, None) if values.ndim in (2, 3) else None


def _is_whole(values: Tensor, spaces: Mapping[str, LatentSpace], layered: str) -> bool:
    """Whether vectors per layer are one vector for all layers, as long as a whole code."""
    whole = spaces.get(base(layered))
    return whole is not None and values.shape[-1:] == whole.shape and rows_alike(values)


def _measured(generator: Generator, name: str, vectors: Vectors) -> list[Direction]:
    """Directions whose unit is the standard deviation of this generator's codes along them, and their offset its mean.

    Of codes per layer it is the larger of two: that of codes whose layers are equal, and that of codes whose layers are
    drawn apart, which is not 0 where the layers of a vector cancel each other.
    """
    unit_rows = F.normalize(vectors.rows, dim=1)
    space = generator.spaces[vectors.space]
    layers, width = space.shape if len(space.shape) == 2 else (1, space.size)
    labels = torch.arange(generator.classes) if generator.classes else None
    parts = unit_rows.view(-1, layers, width)
    along = torch.cat(
        [
            torch.einsum("nld,kld->nkl", codes.values.cpu().double().view(-1, layers, width), parts)
            for codes in sample_codes(generator, UNIT_CODES, 0, vectors.space, labels)
        ]
    )
    places = along.sum(2)
    units = places.std(0).maximum(along.var(0).sum(1).sqrt())
    names = [name] if len(parts) == 1 else [f"{name} {i + 1}" for i in range(len(parts))]
    return [
        Direction(each, vector.float(), vectors.space, float(unit), -float(place))
        for each, vector, unit, place in zip(names, unit_rows, units, places.mean(0), strict=True)
    ]


def space_options(spaces: Sequence[str]) -> str:
    """What to type for one of these spaces."""
    return " or ".join(f"--direction-space {name}" for name in spaces)
