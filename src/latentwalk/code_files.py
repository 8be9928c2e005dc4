"""Files of latent codes: our own, and those that encoders, projectors and other programs write.

What others write says nothing of its space, or only by the name of an array, so shapes decide, and where shapes leave
two spaces the person does: a code of w that is drawn as one of z is a wrong picture that nobody notices.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from latentwalk.direction import PER_LAYER
from latentwalk.generator import Generator
from latentwalk.latents import Latents, LatentSpace, concatenate
from latentwalk.safeload.arrays import Key, named, read_arrays
from latentwalk.safeload.nodes import CheckpointError

IN_FOLDER = "latents.safetensors"
"""The codes of a folder that latentwalk wrote."""

SAYS: dict[str | int, str | None] = {
    **{"w": "w", "wplus": "w+", "w_plus": "w+", "w+": "w+", "z": "z", "z+": "z+", "latent_in": "w"},
    **dict.fromkeys(("latent", "latents", "codes"), None),
}
"""Names of arrays of codes, the surest first, and the space that each says."""

IN_PICTURE = {**SAYS, "latent": "w"}
"""The same in a mapping of pictures: rosinality's projector keeps {picture: {"latent": w or w+, "img": ...}}."""

LABELS = ("labels", "label", "y", "c")
"""Names of arrays of classes."""

SAME_ROWS = 1e-6
"""Relative size below which rows differ by rounding alone."""

Note = Callable[[str], None]
"""Called with one line that a person should read, where a rule and not the file decided."""


def unsaid(_line: str) -> None:
    """Notes for nobody."""


class Found(NamedTuple):
    """An array of codes in a file, and the space that its name says."""

    key: Key
    values: Shaped[Tensor, "..."]
    says: str | None = None


def load_codes(generator: Generator, path: str | Path, space: str | None = None, note: Note = unsaid) -> Latents:
    """The latent codes of a file, for this generator: on its device, of its type.

    path: a file of `Latents.save` or the folder that holds one; or .npy, .npz, safetensors, or what torch.save wrote:
    an array named w, z, wplus, latent, ... (see `SAYS`), else the only array, else one array per picture in a mapping
    or list of pictures, in its order. Nothing in a file is executed.
    space: of codes whose file does not say it. Without it, [n, L, d], [1, L, d] and [L, d] with the shape (L, d) of w+
    are codes of w+, the last being one code; [n, 1, d] and [1, d] are codes of w where there is a w; else the only
    space whose codes have this shape. With "w", codes of w+ whose layers are equal are taken as codes of w.
    note: is told where another reading would have been possible.
    Codes of a generator with classes have the labels that the file has (an array labels, y or c), or none.
    Raises ValueError for a file that cannot be read, without codes or with several arrays that may be them; codes that
    are not finite floating point numbers or not of this generator; and those that may be of two spaces.
    """
    path = Path(path)
    path = path / IN_FOLDER if path.is_dir() else path
    if not path.is_file():
        raise ValueError(f"no file {path}: expected latent codes")
    if space is not None:
        generator.check_space(space)
    try:
        arrays, kind = read_arrays(path)
    except CheckpointError as error:
        raise ValueError(f"cannot read the codes {error}") from None
    latents = _own(path, space) if kind else _foreign(generator, arrays, path, space, note)
    return _checked(generator, latents).to(generator.device, generator.dtype)


def rows_alike(rows: Shaped[Tensor, "... k d"]) -> bool:
    """Whether all rows [k, d] are the same but for rounding."""
    off = (rows - rows[..., :1, :]).abs().max()
    return bool(off <= SAME_ROWS * rows.abs().max())


def _own(path: Path, space: str | None) -> Latents:
    latents = Latents.load(path)
    if space not in (None, latents.space):
        raise ValueError(f"{path} says that its codes are of {latents.space}, got --space {space}: leave it out")
    if len(latents) == 0 or not bool(latents.values.isfinite().all()):
        raise ValueError(f"{path} holds {'values that are no numbers' if len(latents) else 'no codes'}: use other ones")
    return latents


def _checked(generator: Generator, latents: Latents) -> Latents:
    """The codes, once they are ones of this generator, but for labels that they may still get."""
    unlabelled = generator.classes and latents.labels is None
    tried = replace(latents, labels=torch.zeros(len(latents), dtype=torch.long)) if unlabelled else latents
    generator.check(tried)
    return latents


def _foreign(generator: Generator, arrays: Mapping[Key, Tensor], path: Path, space: str | None, note: Note) -> Latents:
    found = _codes_in(arrays, path, space)
    alone = len(found) == 1
    read = [
        _read(generator, each, f"{path}" if alone else f"{path}, {named(each.key)}", space, note if i == 0 else unsaid)
        for i, each in enumerate(found)
    ]
    if len({latents.space for latents in read}) > 1:
        raise ValueError(f"{path} holds codes of {' and '.join(sorted({each.space for each in read}))}: split the file")
    latents = concatenate(read)
    labels = next((arrays[name,] for name in LABELS if (name,) in arrays), None) if generator.classes else None
    return latents if labels is None else replace(latents, labels=labels)


def _codes_in(arrays: Mapping[Key, Tensor], path: Path, space: str | None) -> list[Found]:
    """The array of the codes, or that of every picture."""
    if not arrays:
        raise ValueError(f"{path} holds no arrays of numbers: expected latent codes")
    known = _known(arrays, SAYS, space)
    if known is not None:
        return [known]
    if len(arrays) == 1:
        ((key, values),) = arrays.items()
        return [Found(key, values, IN_PICTURE.get(key[-1]) if len(key) > 1 else None)]
    pictures: dict[str | int, dict[Key, Tensor]] = {}
    for (picture, *rest), values in arrays.items():
        pictures.setdefault(picture, {})[tuple(rest)] = values
    found = [_of_picture(picture, parts, space) for picture, parts in pictures.items()]
    certain = [each for each in found if each is not None]
    if len(certain) == len(found):
        return certain
    names = ", ".join(named(key) for key in list(arrays)[:8]) + (", ..." if len(arrays) > 8 else "")
    raise ValueError(f"{path} holds several arrays ({names}) and none is named w or z: call the codes so")


def _of_picture(picture: str | int, parts: Mapping[Key, Tensor], space: str | None) -> Found | None:
    """The codes of one picture in a mapping of pictures or a list; None where they are not certain.

    An array by itself under a name is no picture: it is one of several arrays of which nobody says which to take.
    """
    if list(parts) == [()]:
        return Found((picture,), parts[()]) if isinstance(picture, int) else None
    found = _known(parts, IN_PICTURE, space)
    if found is None and len(parts) == 1:
        ((key, values),) = parts.items()
        found = Found(key, values)
    return None if found is None else Found((picture, *found.key), found.values, found.says)


def _known(arrays: Mapping[Key, Tensor], says: Mapping[str | int, str | None], space: str | None) -> Found | None:
    """The first array with a name that codes have, one of the space before others."""
    known = [Found((name,), arrays[name,], space_said) for name, space_said in says.items() if (name,) in arrays]
    fitting = [each for each in known if space is None or each.says is None or base(each.says) == base(space)]
    return next(iter(fitting or known), None)


def base(space: str) -> str:
    """The space of whole codes beside one of codes per layer: w of w+."""
    return space.removesuffix(PER_LAYER)


def _read(generator: Generator, found: Found, where: str, space: str | None, note: Note) -> Latents:
    """One array as codes."""
    values, says = found.values, found.says
    shape = list(values.shape)
    if not values.is_floating_point():
        raise ValueError(f"{where} holds numbers of the type {values.dtype}: latent codes are floating point numbers")
    if values.numel() == 0:
        raise ValueError(f"{where} holds no codes: its shape is {shape}")
    values = values.float()
    if not bool(values.isfinite().all()):
        raise ValueError(f"{where} holds values that are no numbers (NaN or infinite): use other ones")
    if says is not None and space is not None and base(says) != base(space):
        raise ValueError(f"{where} says that its codes are of {says}, got --space {space}: leave it out")
    asked = [name for name in generator.spaces if says is None or base(name) == base(says)]
    fits = {name: codes for name in asked if (codes := _as_codes(values, generator.spaces[name])) is not None}
    if fits and space is not None:
        whole = _whole(values, generator.spaces, space)
        if whole is None and space not in fits:
            raise ValueError(
                f"{where} {shape} holds codes of {' or of '.join(fits)}, not of {space}: leave --space out"
            )
        fits = {space: fits[space] if whole is None else whole}
    if not fits:
        known = [generator.spaces[name] for name in asked or generator.spaces]
        kinds = ", ".join(f"{each.name} [{', '.join(map(str, ('n', *each.shape)))}]" for each in known)
        of = f" says that its codes are of {says}" if says and not asked else f" has the shape {shape}"
        raise ValueError(f"{where}{of}: expected codes of this generator, {kinds}")
    name = _decide(shape, list(fits), generator.spaces, where, note)
    return Latents(fits[name], name)


def _as_codes(values: Float[Tensor, "..."], space: LatentSpace) -> Float[Tensor, "n ..."] | None:
    """An array as codes [n, *shape] of a space; None where it does not fit."""
    shape = tuple(values.shape)
    if shape == space.shape:
        return values[None]
    if shape[1:] == space.shape:
        return values
    if len(space.shape) == 1 and shape[1:] in ((1, *space.shape), (*space.shape, 1, 1)):
        return values.flatten(1)  # one row for all layers, or a code as a convolution takes it
    return None


def _whole(values: Tensor, spaces: Mapping[str, LatentSpace], space: str) -> Float[Tensor, "n d"] | None:
    """Codes of w from codes of w+ whose layers are equal; None for others."""
    layered = spaces.get(space + PER_LAYER)
    codes = None if layered is None else _as_codes(values, layered)
    if codes is None or codes.shape[-1:] != spaces[space].shape or not rows_alike(codes):
        return None
    return codes[:, 0]


def _decide(
    shape: Sequence[int], fits: Sequence[str], spaces: Mapping[str, LatentSpace], where: str, note: Note
) -> str:
    """The space of codes that fit into several. Raises ValueError where nothing decides."""
    if len(fits) == 1:
        return fits[0]
    others = [name for name in fits if not name.endswith(PER_LAYER)]
    per_layer = [name for name in fits if name.endswith(PER_LAYER)]
    if len(per_layer) == 1:
        count = "1 code" if len(shape) == 2 else f"{shape[0]} codes"
        note(f"{where} {list(shape)} is taken as {count} of {per_layer[0]}; {_options(others)} takes it otherwise")
        return per_layer[0]
    shared = [name for name in fits if name + PER_LAYER in spaces]  # one row for all layers
    if len(shared) == 1 and (len(shape) == 3 or list(shape[:-1]) == [1]):
        if len(shape) == 2:
            rest = [name for name in fits if name not in shared]
            note(f"{where} {list(shape)} is taken as 1 code of {shared[0]}; {_options(rest)} takes it otherwise")
        return shared[0]
    raise ValueError(f"{where} {list(shape)} may hold codes of {' or of '.join(fits)}: say which with {_options(fits)}")


def _options(spaces: Sequence[str]) -> str:
    return " or ".join(f"--space {name}" for name in spaces)
