"""From named tensors to a fixed generator: build it without memory, compare, and put the tensors in."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import Tensor

from latentwalk.generator import Generator, Reading
from latentwalk.weights import check_finite, check_numbers

Family = TypeVar("Family", bound=Generator)

SHOWN = 4
"""Names that an error lists."""


def assemble(
    build: Callable[[], Family],
    tensors: Mapping[str, Tensor],
    where: str,
    ignored: Sequence[str] = (),
    missing: Sequence[str] = (),
) -> Family:
    """The generator that `build` describes, with these tensors as its weights, frozen.

    tensors: by our names; they become float32. ignored, missing: for its `Reading`.
    Raises ValueError when one is missing, of another shape or no number of a weight, not finite, or belongs nowhere.
    """
    with torch.device("meta"):
        generator = build()
    wanted = {name: tuple(tensor.shape) for name, tensor in generator.state_dict().items()}
    check_numbers(tensors, where)
    _compare(wanted, tensors, where)
    check_finite(tensors, where)
    ready = {name: tensors[name].detach().to(torch.float32).contiguous() for name in wanted}
    generator.load_state_dict(ready, assign=True)
    generator.freeze()
    generator.reading = Reading("", tuple(ignored), tuple(missing))
    return generator


def _compare(wanted: Mapping[str, tuple[int, ...]], tensors: Mapping[str, Tensor], where: str) -> None:
    missing, unknown = [n for n in wanted if n not in tensors], [n for n in tensors if n not in wanted]
    if missing or unknown:
        parts = [f"{what} {listed(names)}" for what, names in (("lacks", missing), ("has also", unknown)) if names]
        raise ValueError(
            f"{where} does not fit the network that its shapes describe: it {' and '.join(parts)}; "
            "expected the whole generator, as the code that trained it saves it"
        )
    for name, shape in wanted.items():
        if tensors[name].is_meta:
            raise ValueError(f"{where}: the tensor {name!r} came without its values: expected the whole generator")
        if tuple(tensors[name].shape) != shape:
            raise ValueError(
                f"{where}: the tensor {name!r} has the shape {list(tensors[name].shape)}, expected {list(shape)}: "
                "the file is damaged, or is of a variant that is not supported"
            )


@contextmanager
def naming(where: str) -> Iterator[None]:
    """A ValueError of the block begins with `where`: what sizes say about themselves knows no file."""
    try:
        yield
    except ValueError as error:
        raise error if str(error).startswith(where) else ValueError(f"{where}: {error}") from error


def listed(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(map(repr, names[:SHOWN])) + more


def renamed(name: str, patterns: Iterable[tuple[str, str]]) -> str:
    """Our name for a foreign one, by the first pattern that fits it whole; itself where none does.

    A name that keeps itself is one that `assemble` refuses, unless it happens to be ours.
    """
    for pattern, ours in patterns:
        if match := re.fullmatch(pattern, name):
            return match.expand(ours)
    return name


def wanted_tensor(tensors: Mapping[str, Tensor], name: str, dimensions: int, where: str) -> Tensor:
    """The tensor of a name, to read sizes from. Raises ValueError when it is not there or has other dimensions."""
    found = tensors.get(name)
    if found is None:
        raise ValueError(f"{where} lacks the tensor {name!r}: expected the whole generator")
    if found.ndim != dimensions:
        raise ValueError(f"{where}: the tensor {name!r} has {found.ndim} dimensions, expected {dimensions}")
    return found


def shaped(tensors: Mapping[str, Tensor], name: str, shape: Sequence[int | None], where: str) -> Tensor:
    """The tensor of a name as float32. shape: what it must have, None for any size.

    Raises ValueError when it is not there, or of another shape.
    """
    found = wanted_tensor(tensors, name, len(shape), where)
    sizes = list(found.shape)
    if any(wanted not in (None, size) or size < 1 for wanted, size in zip(shape, sizes, strict=True)):
        wanted = ", ".join("any" if size is None else str(size) for size in shape)
        raise ValueError(f"{where}: the tensor {name!r} has the shape {sizes}, expected [{wanted}]")
    return found.to(torch.float32)
