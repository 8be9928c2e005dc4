"""The closed table of globals that checkpoints need, each lowered to the data that its call would have given.

None of them is imported from the file's word or called: a rule reads the arguments that were written down.
Sources: the pickles of torch 1.7 to 2.x, numpy 1 and 2, and NVIDIA's persistent objects, as they are found in files.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from latentwalk.safeload.nodes import ADVICE, CheckpointError, Made, Persistent, shown
from latentwalk.safeload.opcodes import unpickle
from latentwalk.safeload.plain_tree import Foreign, Lowering, Rule
from latentwalk.safeload.storage import Storage, axes
from latentwalk.safeload.torch_stream import MAGIC, read_legacy

PERSISTENCE = 6
"""The version of NVIDIA's persistent objects."""

TORCH_NAMES = {f"torch.{name}": getattr(torch, name) for name in ["uint8", "uint16", "uint32", "uint64"]} | {
    str(dtype): dtype for dtype in (torch.float32, torch.float16, torch.bfloat16, torch.float64, torch.int64)
}
"""Element types that are named beside a storage of plain bytes."""

NUMPY_TYPES = {
    "f2": torch.float16,
    "f4": torch.float32,
    "f8": torch.float64,
    "i1": torch.int8,
    "i2": torch.int16,
    "i4": torch.int32,
    "i8": torch.int64,
    "u1": torch.uint8,
    "u2": torch.uint16,
    "u4": torch.uint32,
    "u8": torch.uint64,
    "b1": torch.bool,
    "c8": torch.complex64,
    "c16": torch.complex128,
}
"""Element types by numpy's code."""


class Element(NamedTuple):
    """The type of the numbers of a numpy array. swapped: written in the order of a big-endian machine."""

    dtype: torch.dtype
    swapped: bool


def _mapping(lowering: Lowering, made: Made) -> dict[Any, Any]:
    """OrderedDict, defaultdict, EasyDict: a dict. An OrderedDict's attributes (torch's _metadata) are left out."""
    given = made.arguments[0] if made.arguments else None
    found = lowering.pairs(given) if isinstance(given, dict) else {}
    if isinstance(given, list):  # Python 2 gives an OrderedDict its items as a list
        for item in given:
            if not isinstance(item, list | tuple) or len(item) != 2 or not isinstance(item[0], str | int):
                raise CheckpointError(f"damaged: {made.maker} is made of something else than items: {ADVICE}")
            found[item[0]] = lowering.lower(item[1])
    return found | lowering.pairs(made.pairs)


def _easy_dict(lowering: Lowering, made: Made) -> dict[Any, Any]:
    found = _mapping(lowering, made)
    return found | lowering.pairs(made.state) if isinstance(made.state, dict) else found


def _set(lowering: Lowering, made: Made) -> set[Any]:
    given = made.arguments[0] if made.arguments else []
    if not isinstance(given, list | tuple) or not all(isinstance(part, str | int | float) for part in given):
        raise CheckpointError(f"damaged: {made.maker} of something else than names and numbers: {ADVICE}")
    return set(given)


def _bytes(lowering: Lowering, made: Made) -> bytes:
    return bytes(lowering.raw(made, most=2**20)) if made.arguments else b""


def _first(lowering: Lowering, made: Made) -> Any:
    """A wrapper around its first argument: torch.Size, torch.device, Parameter."""
    return lowering.lower(_arguments(made, 1)[0])


def _persistent_object(lowering: Lowering, made: Made) -> dict[str, Any]:
    """NVIDIA's way to keep an object with the source of its class, which is neither executed nor kept."""
    meta = _arguments(made, 1)[0]
    if not isinstance(meta, dict) or meta.get("type") != "class" or not isinstance(meta.get("class_name"), str):
        raise CheckpointError(f"damaged: a persistent object without its class_name and state: {ADVICE}")
    if meta.get("version") != PERSISTENCE:
        raise CheckpointError(
            f"a persistent object of version {shown(meta.get('version'))}: expected version {PERSISTENCE}"
        )
    return {"class_name": meta["class_name"], "state": lowering.lower(meta.get("state"))}


def _tensor(lowering: Lowering, made: Made) -> Tensor:
    """_rebuild_tensor and _rebuild_tensor_v2: storage, offset, size, stride[, requires_grad, hooks, metadata]."""
    storage, *where = _arguments(made, 4)
    if len(where) > 5 and where[5]:
        raise CheckpointError("a tensor with a conjugate or negative bit: save it with .resolve_conj().resolve_neg()")
    return lowering.tensor(lowering.lower(storage), *where[:3])


def _typed_tensor(lowering: Lowering, made: Made) -> Tensor:
    """_rebuild_tensor_v3: a storage of plain bytes; the type of the numbers is the seventh argument."""
    storage, offset, size, stride, _, _, dtype, *_ = _arguments(made, 7)
    storage, kind = lowering.lower(storage), TORCH_NAMES.get(str(lowering.lower(dtype)))
    if kind is None or not isinstance(storage, Storage):
        raise CheckpointError(f"a tensor of numbers of the type {shown(dtype)}: expected torch.float32: {ADVICE}")
    return lowering.tensor(Storage(storage.data, kind, storage.swapped), offset, size, stride)


def _subclass(lowering: Lowering, made: Made) -> Any:
    """_rebuild_from_type: function, class, arguments, attributes. What the function alone would have given."""
    function, _, arguments, *_ = _arguments(made, 4)
    return lowering.lower(lowering.again(function, arguments))


def _nested_storage(lowering: Lowering, made: Made) -> Storage:
    """_load_from_bytes: a legacy torch stream inside the pickle, which holds one storage and nothing else."""
    data = lowering.raw(_arguments(made, 1)[0])
    first = unpickle(data)
    if first.root != MAGIC:
        raise CheckpointError(f"damaged: the bytes of a storage are no legacy torch stream: {ADVICE}")
    stream = read_legacy(data, first.end)
    storage = stream.storage(stream.root) if isinstance(stream.root, Persistent) else None
    if storage is None:
        raise CheckpointError(f"a torch stream in the place of a storage holds something else: {ADVICE}")
    return storage


def _numpy_type(lowering: Lowering, made: Made) -> Element | Foreign:
    code = _arguments(made, 1)[0]
    order = made.state[1] if isinstance(made.state, tuple) and len(made.state) > 1 else "|"
    dtype = NUMPY_TYPES.get(code) if isinstance(code, str) else None
    if isinstance(code, str) and code.startswith("O"):
        raise CheckpointError(f"a numpy array of Python objects: expected numbers: {ADVICE}")
    return lowering.foreign(made) if dtype is None else Element(dtype, order == ">")


def _numpy_scalar(lowering: Lowering, made: Made) -> Any:
    element, data, *_ = _arguments(made, 2)
    element = lowering.lower(element)
    if not isinstance(element, Element):
        return lowering.foreign(made)
    storage = Storage(lowering.raw(data, 2 * element.dtype.itemsize), *element)
    if len(storage) != 1:
        raise CheckpointError(f"damaged or truncated: a number of {len(storage.data)} bytes: {ADVICE}")
    return storage.read(lowering.budget).item()


def _numpy_array(lowering: Lowering, made: Made) -> Tensor | Foreign:
    """_reconstruct, whose state is (version, shape, type, Fortran order, bytes)."""
    if not isinstance(made.state, tuple) or len(made.state) != 5:
        raise CheckpointError(f"damaged: a numpy array without its shape and values: {ADVICE}")
    _, shape, element, fortran, data = made.state
    element = lowering.lower(element)
    if not isinstance(element, Element):
        return Foreign(made.maker.path)
    return _array(lowering, element, data, shape, fortran is True)


def _numpy_buffer(lowering: Lowering, made: Made) -> Tensor | Foreign:
    """_frombuffer of protocol 5: bytes, type, shape, order[, order of the axes when that is "K"]."""
    data, element, shape, order, *last = _arguments(made, 4)
    element, permutation = lowering.lower(element), last[0] if order == "K" and last else None
    if not isinstance(element, Element):
        return Foreign(made.maker.path)
    array = _array(lowering, element, data, shape, order == "F")
    if permutation is None:
        return array
    if not isinstance(permutation, tuple) or set(permutation) != set(range(array.ndim)):
        raise CheckpointError(f"damaged: a numpy array with its axes in the order {shown(permutation)}: {ADVICE}")
    return array.permute(permutation)


def _array(lowering: Lowering, element: Element, data: Any, shape: Any, fortran: bool) -> Tensor:
    shape = axes(shape)
    steps, step = [], 1
    for n in shape if fortran else reversed(shape):
        steps.append(step)
        step *= max(n, 1)
    storage = Storage(lowering.raw(data), *element)
    return lowering.tensor(storage, 0, shape, tuple(steps if fortran else reversed(steps)))


def _old_object(lowering: Lowering, made: Made) -> Any:
    """copyreg._reconstructor(class, base, state): an object of that class."""
    kind, *_ = _arguments(made, 1)
    return lowering.lower(lowering.again(kind, (), made))


def _arguments(made: Made, least: int) -> tuple[Any, ...]:
    if len(made.arguments) < least:
        raise CheckpointError(f"damaged: {made.maker} with {len(made.arguments)} of {least} arguments: {ADVICE}")
    return made.arguments


KNOWN: dict[str, Rule] = {
    "collections.OrderedDict": _mapping,
    "collections.defaultdict": _mapping,
    "collections.Counter": _mapping,
    "builtins.dict": _mapping,
    "dnnlib.util.EasyDict": _easy_dict,
    "dnnlib.EasyDict": _easy_dict,
    "builtins.set": _set,
    "builtins.frozenset": _set,
    "builtins.bytes": _bytes,
    "builtins.bytearray": _bytes,
    "_codecs.encode": _bytes,
    "copyreg._reconstructor": _old_object,
    "torch.Size": _first,
    "torch.device": _first,
    "torch._utils._rebuild_parameter": _first,
    "torch._utils._rebuild_parameter_with_state": _first,
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor_v3": _typed_tensor,
    "torch.tensor._rebuild_from_type": _subclass,
    "torch._tensor._rebuild_from_type": _subclass,
    "torch._tensor._rebuild_from_type_v2": _subclass,
    "torch.storage._load_from_bytes": _nested_storage,
    "torch_utils.persistence._reconstruct_persistent_obj": _persistent_object,
    "numpy.dtype": _numpy_type,
    "numpy._core.multiarray.scalar": _numpy_scalar,
    "numpy._core.multiarray._reconstruct": _numpy_array,
    "numpy._core.numeric._frombuffer": _numpy_buffer,
}
