"""Open files of directions: our own, and those that people already have from other programs."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from safetensors import SafetensorError, safe_open

from latentwalk.bundled import DIRECTIONS, find_directions
from latentwalk.choices import UNSAID, Choices
from latentwalk.code_files import Note, unsaid
from latentwalk.direction import Direction, Directions
from latentwalk.edits import codes_for
from latentwalk.generator import Generator
from latentwalk.jobs.foreign_directions import foreign_directions
from latentwalk.jobs.load import find_source
from latentwalk.nicknames import listed
from latentwalk.safeload.arrays import read_arrays
from latentwalk.safeload.nodes import CheckpointError


def read_directions(
    path: str | Path,
    generator: Generator,
    space: str | None = None,
    force: bool = False,
    note: Note = unsaid,
) -> Directions:
    """The directions of a file, for this generator.

    path: "avatars64" for the directions that come with it, or a file: one that `Directions.save` wrote, or one of
    another program: .npy, .npz, safetensors, or what torch.save wrote. Such a file holds one direction ([d], [1,
    d]), several ([k, d], [k, 1, d]), or one or several of w+ ([L, d], [k, L, d] with the shape (L, d) of w+; one
    whose layers are equal is a direction of w), alone or by name in a mapping; or components of GANSpace, or
    `eigvec` of rosinality's SeFa (one per column). They are named after their key, or else after the file. Nothing
    in a file is executed.
    Foreign ones say nothing of the generator: their shape decides whether they fit, the unit is measured on its codes
    and the boundary is where its mean code is.
    space: of foreign ones; without it what their key says (w, z, wplus, ...), else w where vectors of this size fit,
    else the first space that they fit. With "w" or "z" a file [L, d] whose rows differ holds L directions.
    force: take directions of another generator too, as long as they fit.
    note: is told where another reading would have been possible, and of arrays that are no directions.
    Raises ValueError for a file that holds no directions, or such that do not fit.
    """
    path = find_directions(path)
    if not path.is_file():
        raise ValueError(f"no file {path}: expected a file of directions, or {' or '.join(DIRECTIONS)}")
    if is_ours(path):
        return _ours(path, generator, force)
    try:
        arrays = read_arrays(path).arrays
    except CheckpointError as error:
        reason = str(error).removeprefix(f"{path}: ")
        raise ValueError(f"{path} is not a readable file of directions: {reason}") from None
    return foreign_directions(generator, arrays, path, space, note)


def is_ours(path: str | Path) -> bool:
    """Whether latentwalk wrote it: directions, or something else that says what it is."""
    try:
        with safe_open(str(find_directions(path)), framework="pt") as file:
            return (file.metadata() or {}).get("kind", "").startswith("latentwalk.")
    except (OSError, SafetensorError):
        return False


def read_one(
    text: str, generator: Generator, force: bool = False, space: str | None = None, note: Note = unsaid
) -> Direction:
    """A direction from FILE:NAME or FILE:ID, or from FILE where it is alone.

    Names may hold colons, and be abbreviated: see `nicknames.find`. Other arguments: as in `read_directions`. Raises
    ValueError for what is not there, and as that does.
    """
    parts = text.split(":")
    ends = [i for i in range(len(parts), 0, -1) if find_directions(":".join(parts[:i])).is_file()]
    end = ends[0] if ends else max(len(parts) - 1, 1)
    file, name = ":".join(parts[:end]), ":".join(parts[end:])
    found = read_directions(file, generator, space, force, note)
    if name:
        return found[name]
    if len(found) != 1:
        names = [direction.name for direction in found]
        raise ValueError(
            f"{file} holds {len(found)} directions: expected {file}:NAME or {file}:ID, one of "
            f"{listed(range(len(names)), names)}"
        )
    return found[0]


def named_generator(files: Sequence[str | Path]) -> tuple[str, Choices]:
    """Where the generator is that files of directions name, and what was said of its file.

    Raises ValueError when they name none, or several.
    """
    ours = [find_directions(file) for file in files if is_ours(file)]
    made = [(origin, file.parent) for file in ours if (origin := Directions.load(file).origin.generator)]
    homes = {(origin.source, origin.choices or UNSAID): home for origin, home in made if origin.source}
    if len(homes) != 1:
        names = ", ".join(sorted(shlex.join([name, *choices.words]) for name, choices in homes))
        raise ValueError(
            f"the files name {f'several generators: {names}' if homes else 'no generator'}: choose one with --generator"
        )
    ((name, choices), home) = homes.popitem()
    try:
        return find_source(name, home), choices
    except ValueError as error:
        raise ValueError(f"the generator that the files name is not found: {error}; name it with --generator") from None


def _ours(path: Path, generator: Generator, force: bool) -> Directions:
    found = Directions.load(path, None if force else generator.fingerprint)
    code = generator.sample([0], 0 if generator.classes else None)
    for direction in found:
        direction.shift(codes_for(generator, code, direction), 0.0)  # says what does not fit
    return found
